#include "workspace/edits/edit_service.h"

#include <functional>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/task_group.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"

namespace baton::workspace::edits {
namespace {

using async::BlockOn;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kText[] = "# Story\n\nOnce there was a 😀 fox.\n\n## End\n\nThe fox slept.\n";

// Passes all on, counts the writes, and lets something happen just before one.
class WatchedDatabase final : public storage::Database {
 public:
  explicit WatchedDatabase(storage::Database& real) : real_(real) {}
  storage::Dialect dialect() const override { return real_.dialect(); }
  async::Task<Result<storage::Rows>> Read(storage::Statement statement) override {
    co_return co_await real_.Read(std::move(statement));
  }
  async::Task<Result<std::vector<storage::Rows>>> Write(std::vector<storage::Statement> batch,
                                                        storage::Durability durability) override {
    ++writes;
    if (const auto hook = std::exchange(before_next_write, nullptr)) co_await hook();
    co_return co_await real_.Write(std::move(batch), durability);
  }

  int writes = 0;
  std::function<async::Task<void>()> before_next_write;

 private:
  storage::Database& real_;
};

// The same behaviour on SQLite and on PostgreSQL.
class EditServiceTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    opened_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    database_ = std::make_unique<WatchedDatabase>(*opened_);
    documents_ = *BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    service_ = *BlockOn(EditService::Open(*database_, *documents_, clock_, ids_));
    id_ = Import("ada", "/books/story.md", kText);
  }

  std::string Import(const std::string& user, const std::string& path, const std::string& text) {
    EXPECT_TRUE(BlockOn(documents_->Put(user, *ParseFile(path, text))));
    return BlockOn(documents_->FindByPath(user, path, ""))->id;
  }
  std::string Content(const std::string& id) {
    return BlockOn(documents_->GetContent("ada", id)).value_or("none");
  }
  Proposal Edit(std::vector<std::pair<std::string, std::string>> changes) {
    Proposal edit{.document_id = id_, .agent = "test", .summary = "because"};
    for (auto& [from, to] : changes) {
      edit.operations.push_back({.text = to, .original_text = from});
    }
    return edit;
  }
  template <typename T>
  static std::string Error(const Result<T>& result) {
    return result ? "ok" : result.error().ToString();
  }
  static std::string Error(const Status& status) { return status.ToString(); }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 7};
  MetricsRegistry metrics_;
  storage::testing::FreshDatabase fresh_{GetParam()};
  std::unique_ptr<storage::Database> opened_;
  std::unique_ptr<WatchedDatabase> database_;
  std::unique_ptr<DocumentStore> documents_;
  std::unique_ptr<EditService> service_;
  std::string id_;
};

INSTANTIATE_TEST_SUITE_P(Databases, EditServiceTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(EditServiceTest, SeveralOperationsAreOneChangeThatIsUndoneAtOnce) {
  const auto applied = BlockOn(
      service_->ApplyDirectly("ada", Edit({{"a 😀 fox", "a badger"}, {"The fox", "The badger"}})));
  ASSERT_TRUE(applied) << applied.error().ToString();
  EXPECT_EQ(applied->operations, 2);
  EXPECT_THAT(Content(id_), HasSubstr("Once there was a badger.\n\n## End\n\nThe badger slept."));
  const auto hits = BlockOn(documents_->Search("ada", {.text = "badger"}));
  ASSERT_TRUE(hits);
  EXPECT_FALSE(hits->empty());
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_EQ(Content(id_), kText);
  EXPECT_THAT(*BlockOn(documents_->Search("ada", {.text = "badger"})), IsEmpty());
  EXPECT_THAT(Error(BlockOn(service_->Undo("ada", id_))), HasSubstr("nothing to undo"));
}

TEST_P(EditServiceTest, EachUndoTakesBackOneMoreChange) {
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", Edit({{"slept", "ran"}}))));
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", Edit({{"ran", "sang"}}))));
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_EQ(Content(id_), kText);
}

TEST_P(EditServiceTest, OneBadOperationAndNothingIsChanged) {
  EXPECT_THAT(
      Error(BlockOn(service_->ApplyDirectly("ada", Edit({{"slept", "ran"}, {"wolf", "x"}})))),
      HasSubstr("ABORTED: operation 1: 'wolf'"));
  EXPECT_EQ(Content(id_), kText);
  EXPECT_THAT(Error(BlockOn(service_->Undo("ada", id_))), HasSubstr("nothing to undo"));
}

TEST_P(EditServiceTest, AProposalChangesNothingUntilTheSelectedOperationsAreApplied) {
  const auto id = BlockOn(service_->Propose("ada", Edit({{"slept", "ran"}, {"Once", "Twice"}})));
  ASSERT_TRUE(id) << id.error().ToString();
  EXPECT_EQ(Content(id_), kText);
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *id, {2}))), HasSubstr("the proposal has 2"));
  const auto applied = BlockOn(service_->Apply("ada", *id, {1, 1}));
  ASSERT_TRUE(applied) << applied.error().ToString();
  EXPECT_EQ(applied->operations, 1);
  EXPECT_THAT(Content(id_), HasSubstr("Twice"));
  EXPECT_THAT(Content(id_), HasSubstr("slept"));
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *id, {}))), HasSubstr("was applied at"));
}

TEST_P(EditServiceTest, AStaleProposalIsRefusedOrFindsItsTextAgain) {
  Proposal by_offset{.document_id = id_, .agent = "test"};
  by_offset.operations.push_back(
      {.begin = 9, .end = 13, .text = "Twice", .pre_hash = PreHash(u"Once")});
  const auto stale = BlockOn(service_->Propose("ada", by_offset));
  ASSERT_TRUE(stale) << stale.error().ToString();
  const auto movable = BlockOn(service_->Propose("ada", Edit({{"slept", "ran"}})));
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", Edit({{"# Story", "# A long story"}}))));
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *stale, {}))), HasSubstr("ABORTED"));
  EXPECT_THAT(Content(id_), HasSubstr("Once"));
  EXPECT_TRUE(BlockOn(service_->Apply("ada", *movable, {})));
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
  // The refused one is still there, for when the change is undone.
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_TRUE(BlockOn(service_->Apply("ada", *stale, {})));
}

TEST_P(EditServiceTest, AStaleProposalDoesNotLandOnTheSameWordsElsewhere) {
  id_ = Import("ada", "/cats.md", "A cat. B cat.");
  Proposal edit{.document_id = id_};
  edit.operations.push_back(
      {.begin = 2, .end = 5, .text = "COW", .pre_hash = PreHash(u"cat"), .original_text = "cat"});
  const auto stale = BlockOn(service_->Propose("ada", edit));
  ASSERT_TRUE(stale) << stale.error().ToString();
  edit.operations[0].text = "dog";
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", edit)));
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *stale, {}))), HasSubstr("ABORTED"));
  EXPECT_EQ(Content(id_), "A dog. B cat.");
}

TEST_P(EditServiceTest, WhoAppendAtOnceAllDo) {
  constexpr int kWriters = 12;
  BlockOn([](EditService& service, std::string id) -> async::Task<void> {
    async::TaskGroup group(co_await async::CurrentExecutor());
    for (int i = 0; i < kWriters; ++i) {
      group.Spawn([](EditService& edits, std::string document, int number) -> async::Task<void> {
        Proposal edit{.document_id = std::move(document)};
        edit.content_edit = {.content = fmt::format("line {}", number)};
        const auto applied = co_await edits.ApplyDirectly("ada", std::move(edit));
        EXPECT_TRUE(applied) << applied.error().ToString();
      }(service, id, i));
    }
    co_await group.Join();
  }(*service_, id_));
  for (int i = 0; i < kWriters; ++i) {
    EXPECT_THAT(Content(id_), HasSubstr(fmt::format("line {}", i)));
  }
}

TEST_P(EditServiceTest, AFileThatChangedOnDiskLeavesWhatItWasAsAVersion) {
  const auto own = BlockOn(service_->CreateFile(
      "ada", {.filename = "mine.md", .content = "Mine.", .folder_path = "/books"}));
  ASSERT_TRUE(own);
  EXPECT_EQ(Import("ada", "/books/mine.md", "Theirs."), own->document_id);
  EXPECT_EQ(Content(own->document_id), "Theirs.");
  EXPECT_TRUE(BlockOn(service_->Undo("ada", own->document_id)).ok());
  EXPECT_EQ(Content(own->document_id), "Mine.");
}

TEST_P(EditServiceTest, ATagThatIsNoneIsRefused) {
  for (const char* tag : {"a,b", "", " # ", "a;b", "a\nb"}) {
    EXPECT_THAT(Error(BlockOn(service_->CreateFile("ada", {.filename = "x", .tags = {tag}}))),
                HasSubstr("is no tag"));
  }
  EXPECT_THAT(Error(BlockOn(service_->CreateFile(
                  "ada", {.filename = "x", .tags = std::vector<std::string>(101, "t")}))),
              HasSubstr("101 tags: at most 100"));
  EXPECT_THAT(Error(BlockOn(
                  service_->CreateFile("ada", {.filename = "x", .title = std::string(1001, 't')}))),
              HasSubstr("a title has at most 1000 bytes"));
  EXPECT_THAT(Error(BlockOn(service_->FindByTags("ada", {""}))), HasSubstr("'' is no tag"));
}

TEST_P(EditServiceTest, AProposedWholeTextDoesNotOverwriteWhatWasChangedSince) {
  const auto propose = [this](ContentMode mode) {
    Proposal whole{.document_id = id_};
    whole.content_edit = {.mode = mode, .content = "New", .position = 3};
    return *BlockOn(service_->Propose("ada", whole));
  };
  const std::string replace = propose(ContentMode::kReplace);
  const std::string insert = propose(ContentMode::kInsertAt);
  const std::string append = propose(ContentMode::kAppend);
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", Edit({{"slept", "ran"}}))));
  for (const std::string& stale : {replace, insert}) {
    EXPECT_THAT(Error(BlockOn(service_->Apply("ada", stale, {}))),
                HasSubstr("ABORTED: document '" + id_ + "' changed since the proposal"));
  }
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
  EXPECT_TRUE(BlockOn(service_->Apply("ada", append, {})));
  EXPECT_TRUE(Content(id_).ends_with("ran.\nNew"));
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_TRUE(BlockOn(service_->Apply("ada", replace, {})));
  EXPECT_EQ(Content(id_), "New");
}

TEST_P(EditServiceTest, AProposalIsMarkedInTheTransactionOfItsChange) {
  const auto proposal = BlockOn(service_->Propose("ada", Edit({{"slept", "ran"}})));
  database_->writes = 0;
  EXPECT_TRUE(BlockOn(service_->Apply("ada", *proposal, {})));
  EXPECT_EQ(database_->writes, 1);
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *proposal, {}))), HasSubstr("was applied at"));
  const auto same = BlockOn(service_->Propose("ada", Edit({{"ran", "ran"}})));
  EXPECT_TRUE(BlockOn(service_->Apply("ada", *same, {})));
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *same, {}))), HasSubstr("was applied at"));
}

TEST_P(EditServiceTest, OfTwoWhoApplyAProposalOneDoes) {
  const auto proposal = BlockOn(service_->Propose("ada", Edit({{"slept", "ran"}})));
  const auto rival = *BlockOn(EditService::Open(*database_, *documents_, clock_, ids_));
  database_->before_next_write = [&]() -> async::Task<void> {
    EXPECT_TRUE(co_await rival->Apply("ada", *proposal, {}));
  };
  EXPECT_THAT(Error(BlockOn(service_->Apply("ada", *proposal, {}))),
              HasSubstr("FAILED_PRECONDITION: proposal '" + *proposal + "' is applied already"));
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_EQ(Content(id_), kText);
}

TEST_P(EditServiceTest, AnEditDuringAnImportIsKeptAsAVersion) {
  database_->before_next_write = [this]() -> async::Task<void> {
    EXPECT_TRUE(co_await service_->ApplyDirectly("ada", Edit({{"slept", "ran"}})));
  };
  EXPECT_EQ(*BlockOn(documents_->Put("ada", *ParseFile("/books/story.md", "# New\n\nAll new"))),
            PutOutcome::kUpdated);
  EXPECT_THAT(Content(id_), HasSubstr("All new"));
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
}

// A text of line ends only takes minutes if each is removed by moving what follows.
TEST_P(EditServiceTest, LineEndsBecomeLineFeedsInOnePass) {
  std::string lines;
  for (int i = 0; i < 1'000'000; ++i) lines += "\r\n";
  const auto file = BlockOn(service_->CreateFile("ada", {.filename = "a.txt", .content = lines}));
  ASSERT_TRUE(file) << file.error().ToString();
  EXPECT_EQ(Content(file->document_id), std::string(1'000'000, '\n'));
  Proposal whole{.document_id = id_};
  whole.content_edit = {.mode = ContentMode::kReplace, .content = "a\r\nb\rc\r" + lines};
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", whole)));
  EXPECT_TRUE(Content(id_).starts_with("a\nb\rc\r\n"));
  whole.content_edit->content.resize(kMaxEditedBytes + 1, '\n');
  EXPECT_THAT(Error(BlockOn(service_->ApplyDirectly("ada", whole))),
              HasSubstr("RESOURCE_EXHAUSTED: a document larger than 16 MiB"));
}

TEST_P(EditServiceTest, AProposalThatCouldNotBeMadeIsNotStored) {
  EXPECT_THAT(Error(BlockOn(service_->Propose("ada", Edit({{"wolf", "x"}})))),
              HasSubstr("'wolf' is not in the document"));
  EXPECT_THAT(Error(BlockOn(service_->Propose("ada", Edit({})))), HasSubstr("0 operations"));
}

TEST_P(EditServiceTest, OfTwoChangesThatMeetOneIsMadeWhole) {
  const auto was = BlockOn(documents_->Load("ada", id_));
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", Edit({{"slept", "ran"}}))));
  ParsedDocument late = ParseText("/books/story.md", "text/markdown", "late");
  EXPECT_THAT(Error(BlockOn(documents_->Change("ada", *was, late, {}))),
              HasSubstr("has changed meanwhile: read it again"));
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
}

TEST_P(EditServiceTest, ImportingTheSameFileAgainKeepsTheEdits) {
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", Edit({{"slept", "ran"}}))));
  EXPECT_EQ(*BlockOn(documents_->Put("ada", *ParseFile("/books/story.md", kText))),
            PutOutcome::kUnchanged);
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
  EXPECT_EQ(*BlockOn(documents_->Put("ada", *ParseFile("/books/story.md", "# New\n\nAll new"))),
            PutOutcome::kUpdated);
  EXPECT_THAT(Content(id_), HasSubstr("All new"));
  EXPECT_TRUE(BlockOn(service_->Undo("ada", id_)).ok());
  EXPECT_THAT(Content(id_), HasSubstr("ran"));
}

TEST_P(EditServiceTest, ANewParserMakesNoNewFileOfAnEditedOne) {
  ParsedDocument document = *ParseFile("/books/parsed.md", kText);
  const auto put = [&](std::string hash) {
    document.source_hash = std::move(hash);
    return *BlockOn(documents_->Put("ada", document));
  };
  EXPECT_EQ(put("file-1-00aa-10"), PutOutcome::kAdded);
  Proposal edit = Edit({{"slept", "ran"}});
  edit.document_id = BlockOn(documents_->FindByPath("ada", "/books/parsed.md", ""))->id;
  ASSERT_TRUE(BlockOn(service_->ApplyDirectly("ada", edit)));
  EXPECT_EQ(put("file-2-00aa-10"), PutOutcome::kUnchanged);
  EXPECT_EQ(put("file-2-00bb-10"), PutOutcome::kUpdated);
}

TEST_P(EditServiceTest, EditsOfTheWholeText) {
  const auto edit = [this](ContentMode mode, std::string text, std::int64_t at = 0) {
    Proposal whole{.document_id = id_};
    whole.content_edit = {.mode = mode, .content = std::move(text), .position = at};
    return BlockOn(service_->ApplyDirectly("ada", whole));
  };
  EXPECT_EQ(edit(ContentMode::kReplace, "😀 one\r\ntwo")->characters, 10);
  EXPECT_EQ(Content(id_), "😀 one\ntwo");
  EXPECT_TRUE(edit(ContentMode::kAppend, "three"));
  EXPECT_TRUE(edit(ContentMode::kInsertAt, "X", 2));
  EXPECT_EQ(Content(id_), "😀X one\ntwo\nthree");
  EXPECT_THAT(Error(edit(ContentMode::kInsertAt, "X", 1)), HasSubstr("splits a character"));
  EXPECT_THAT(Error(edit(ContentMode::kInsertAt, "X", 99)), HasSubstr("99"));
  EXPECT_THAT(Error(edit(ContentMode::kReplace, std::string("a\0b", 3))), HasSubstr("NUL"));
  EXPECT_TRUE(edit(ContentMode::kReplace, ""));
  EXPECT_EQ(Content(id_), "");
}

TEST_P(EditServiceTest, MetadataGoesIntoTheFrontMatter) {
  const auto changed =
      BlockOn(service_->SetMetadata("ada", id_, {.title = "A \"new\" one", .type = "fiction"}));
  ASSERT_TRUE(changed) << changed.error().ToString();
  EXPECT_THAT(*changed, ElementsAre("title", "frontmatter_type"));
  EXPECT_TRUE(
      Content(id_).starts_with("---\ntitle: \"A \\\"new\\\" one\"\ntype: \"fiction\"\n---"));
  const auto document = BlockOn(documents_->Get("ada", id_));
  EXPECT_EQ(document->title, "A \"new\" one");
  EXPECT_EQ(document->metadata.at("type"), "fiction");
  EXPECT_THAT(*BlockOn(service_->SetMetadata("ada", id_, {.type = "fiction"})), IsEmpty());
  ASSERT_TRUE(BlockOn(service_->SetMetadata("ada", id_, {.title = "Third"})));
  EXPECT_TRUE(Content(id_).starts_with("---\ntitle: \"Third\"\ntype: \"fiction\"\n---\n\n# Story"));
  const std::string plain = Import("ada", "/books/a.txt", "Plain text");
  ASSERT_TRUE(BlockOn(service_->SetMetadata("ada", plain, {.title = "Named"})));
  EXPECT_EQ(BlockOn(documents_->Get("ada", plain))->title, "Named");
  EXPECT_EQ(Content(plain), "Plain text");
  EXPECT_THAT(Error(BlockOn(service_->SetMetadata("ada", plain, {.type = "x"}))),
              HasSubstr("only Markdown"));
}

TEST_P(EditServiceTest, FrontMatterThatEndsInDotsIsWrittenToo) {
  id_ = Import("ada", "/books/dots.md", "---\ntype: fiction\n...\nText\n");
  ASSERT_TRUE(BlockOn(service_->SetMetadata("ada", id_, {.title = "New", .type = "outline"})));
  EXPECT_EQ(Content(id_), "---\ntype: \"outline\"\ntitle: \"New\"\n...\nText\n");
}

TEST_P(EditServiceTest, MakesFilesInFoldersAndFindsThemByTag) {
  const auto file = BlockOn(service_->CreateFile("ada", {.filename = "Plan",
                                                         .content = "Text",
                                                         .folder_path = "Work/Plans",
                                                         .title = "The plan",
                                                         .tags = {"Urgent", "q 1"},
                                                         .category = "work"}));
  ASSERT_TRUE(file) << file.error().ToString();
  EXPECT_EQ(file->filename, "Plan.md");
  const auto found = BlockOn(service_->FindByTags("ada", {"#urgent", "Q 1"}));
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().path, "/files/Work/Plans/Plan.md");
  EXPECT_EQ(found->front().title, "The plan");
  EXPECT_EQ(found->front().metadata.at("category"), "work");
  EXPECT_THAT(*BlockOn(service_->FindByTags("ada", {"urgent", "other"})), IsEmpty());
  EXPECT_THAT(*BlockOn(service_->FindByTags("bob", {"urgent"})), IsEmpty());
  EXPECT_THAT(Error(BlockOn(service_->CreateFile(
                  "ada", {.filename = "Plan.md", .folder_id = file->folder_id}))),
              HasSubstr("ALREADY_EXISTS: '/files/Work/Plans/Plan.md' exists already"));
  EXPECT_TRUE(BlockOn(service_->CreateFile("bob", {.filename = "Plan.md", .content = "x"})));
}

TEST_P(EditServiceTest, TheFolderTreeHasAllFolders) {
  const auto folder = BlockOn(service_->CreateFolder("ada", "Empty", "", ""));
  ASSERT_TRUE(folder) << folder.error().ToString();
  std::vector<std::string> paths;
  for (const Folder& each : *BlockOn(service_->Folders("ada"))) {
    paths.push_back(each.path + " " + std::to_string(each.documents));
  }
  EXPECT_THAT(paths, ElementsAre("/books 1", "/files 0", "/files/Empty 0"));
  EXPECT_THAT(Error(BlockOn(service_->CreateFolder("ada", "Empty", "", ""))),
              HasSubstr("ALREADY_EXISTS"));
  EXPECT_TRUE(BlockOn(service_->CreateFolder("ada", "Inner", folder->id, "")));
  for (const char* name : {"", "..", "a/b", "a\nb"}) {
    EXPECT_THAT(Error(BlockOn(service_->CreateFolder("ada", name, "", ""))),
                HasSubstr("INVALID_ARGUMENT"));
    EXPECT_THAT(Error(BlockOn(service_->CreateFile("ada", {.filename = name}))),
                HasSubstr("INVALID_ARGUMENT"));
  }
  EXPECT_THAT(Error(BlockOn(service_->CreateFolder("ada", "x", "", "../up"))),
              HasSubstr("INVALID_ARGUMENT"));
}

TEST_P(EditServiceTest, AnotherUsersThingsDoNotExist) {
  const auto proposal = BlockOn(service_->Propose("ada", Edit({{"slept", "ran"}})));
  const auto folder = BlockOn(service_->CreateFolder("ada", "Private", "", ""));
  const std::string none = "NOT_FOUND: document '" + id_ + "': no such document";
  EXPECT_EQ(Error(BlockOn(service_->Propose("bob", Edit({{"slept", "ran"}})))), none);
  EXPECT_EQ(Error(BlockOn(service_->ApplyDirectly("bob", Edit({{"slept", "ran"}})))), none);
  EXPECT_EQ(Error(BlockOn(service_->Undo("bob", id_))), none);
  EXPECT_EQ(Error(BlockOn(service_->SetMetadata("bob", id_, {.title = "x"}))), none);
  EXPECT_THAT(Error(BlockOn(service_->Apply("bob", *proposal, {}))), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Error(BlockOn(service_->CreateFolder("bob", "x", folder->id, ""))),
              HasSubstr("NOT_FOUND"));
  EXPECT_THAT(
      Error(BlockOn(service_->CreateFile("bob", {.filename = "x", .folder_id = folder->id}))),
      HasSubstr("NOT_FOUND"));
  EXPECT_THAT(*BlockOn(service_->Folders("bob")), IsEmpty());
  EXPECT_THAT(*BlockOn(service_->Folders("system")), IsEmpty());
  EXPECT_THAT(Error(BlockOn(service_->CreateFile("system", {.filename = "x"}))),
              HasSubstr("is no person"));
  EXPECT_EQ(Content(id_), kText);
}

TEST_P(EditServiceTest, OrgFilesAreLeftToTheOrgTools) {
  id_ = Import("ada", "/a.org", "* A\n");
  EXPECT_THAT(Error(BlockOn(service_->ApplyDirectly("ada", Edit({{"A", "B"}})))),
              HasSubstr("change it with the org tools"));
}

}  // namespace
}  // namespace baton::workspace::edits
