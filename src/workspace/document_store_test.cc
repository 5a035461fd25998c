#include "workspace/document_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"

namespace baton::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// The same behaviour on SQLite and on PostgreSQL.
class DocumentStoreTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    auto database = storage::OpenDatabase(fresh_.address(), metrics_);
    ASSERT_TRUE(database) << database.error().ToString();
    database_ = *std::move(database);
    store_ = OpenStore();
    ASSERT_NE(store_, nullptr);
  }

  std::unique_ptr<DocumentStore> OpenStore() {
    auto store = async::BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    EXPECT_TRUE(store) << store.error().ToString();
    return store ? *std::move(store) : nullptr;
  }

  PutOutcome Put(const std::string& user, const std::string& path, std::string_view text) {
    Result<ParsedDocument> document = ParseFile(path, text);
    EXPECT_TRUE(document);
    const auto outcome = async::BlockOn(store_->Put(user, *document));
    EXPECT_TRUE(outcome) << outcome.error().ToString();
    return outcome.value_or(PutOutcome::kUnchanged);
  }

  std::string IdOf(const std::string& user, const std::string& path) {
    const auto document = async::BlockOn(store_->FindByPath(user, path, ""));
    EXPECT_TRUE(document) << path;
    return document ? document->id : "";
  }

  Status FindError(const std::string& user, const std::string& path, const std::string& base = "") {
    const auto found = async::BlockOn(store_->FindByPath(user, path, base));
    return found ? Status() : found.error();
  }

  std::vector<SearchHit> Find(const std::string& user, SearchQuery query) {
    auto hits = async::BlockOn(store_->Search(user, std::move(query)));
    EXPECT_TRUE(hits) << hits.error().ToString();
    return hits.value_or(std::vector<SearchHit>());
  }

  std::vector<std::string> PathsOf(const std::vector<SearchHit>& hits) {
    std::vector<std::string> paths;
    for (const SearchHit& hit : hits) paths.push_back(hit.document.path);
    return paths;
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<DocumentStore> store_;
};

INSTANTIATE_TEST_SUITE_P(, DocumentStoreTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(DocumentStoreTest, YieldsWhatWasPut) {
  EXPECT_EQ(
      Put("ann", "/n/tea.md", "---\nauthor: Ann\n---\n# Tea \U0001F600\nGreen.\n\n## Black\nHot."),
      PutOutcome::kAdded);
  const std::string id = IdOf("ann", "/n/tea.md");
  const auto document = async::BlockOn(store_->Get("ann", id));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->title, "Tea \U0001F600");
  EXPECT_EQ(document->filename, "tea.md");
  EXPECT_EQ(document->content_type, "text/markdown");
  EXPECT_EQ(document->characters, 50);
  EXPECT_EQ(document->created_at, "2026-01-01T00:00:00.000000Z");
  EXPECT_THAT(document->metadata, ElementsAre(Pair("author", "Ann"), Pair("encoding", "UTF-8")));
  const auto chunks = async::BlockOn(store_->GetChunks("ann", id));
  ASSERT_TRUE(chunks);
  ASSERT_EQ(chunks->size(), 2U);
  EXPECT_EQ((*chunks)[1].id, id + "#1");
  EXPECT_EQ((*chunks)[1].document_id, id);
  EXPECT_EQ((*chunks)[1].heading, "Tea \U0001F600 > Black");
  EXPECT_EQ((*chunks)[1].content, "## Black\nHot.");
  EXPECT_EQ((*chunks)[1].end, 50);
  EXPECT_THAT(*async::BlockOn(store_->GetContent("ann", id)), HasSubstr("author: Ann"));
  EXPECT_EQ(async::BlockOn(store_->Count("ann")), 1);
}

TEST_P(DocumentStoreTest, KeepsTheIdOfAReplacedDocumentAndForgetsItsWords) {
  Put("ann", "/n/a.txt", "The walrus sleeps.");
  const std::string id = IdOf("ann", "/n/a.txt");
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(Put("ann", "/n/a.txt", "The walrus sleeps."), PutOutcome::kUnchanged);
  EXPECT_EQ(Put("ann", "/n/a.txt", "# A bear\n\nThe grizzly wakes."), PutOutcome::kUpdated);
  EXPECT_EQ(IdOf("ann", "/n/a.txt"), id);
  const auto document = async::BlockOn(store_->Get("ann", id));
  EXPECT_EQ(document->created_at, "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(document->updated_at, "2026-01-01T01:00:00.000000Z");
  EXPECT_THAT(Find("ann", {.text = "walrus"}), IsEmpty());
  EXPECT_THAT(PathsOf(Find("ann", {.text = "grizzly"})), ElementsAre("/n/a.txt"));
  EXPECT_EQ(async::BlockOn(store_->GetChunks("ann", id))->size(), 1U);
  EXPECT_EQ(async::BlockOn(store_->Count("ann")), 1);
}

TEST_P(DocumentStoreTest, StoresABatchAltogetherOrNotAtAll) {
  std::vector<ParsedDocument> batch = {*ParseFile("/a.txt", "one"), *ParseFile("/b.txt", "two")};
  batch[1].content += "\xFF";
  const auto bad = async::BlockOn(store_->PutMany("ann", batch, storage::Durability::kBuffered));
  EXPECT_EQ(bad.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(async::BlockOn(store_->Count("ann")), 0);
  batch[1] = *ParseFile("/b.txt", "two");
  const auto good = async::BlockOn(store_->PutMany("ann", batch, storage::Durability::kBuffered));
  EXPECT_THAT(*good, ElementsAre(PutOutcome::kAdded, PutOutcome::kAdded));
  batch[1] = *ParseFile("/a.txt", "three");
  const auto twice = async::BlockOn(store_->PutMany("ann", batch, storage::Durability::kBuffered));
  EXPECT_EQ(twice.error().code(), Code::kInvalidArgument);
}

TEST_P(DocumentStoreTest, StoresADocumentWithoutHashOrTerms) {
  ParsedDocument document;
  document.title = "Bare";
  document.path = "/bare.txt";
  document.content = "Plain words";
  document.chunks = {Chunk{.content = "Plain words", .begin = 0, .end = 11}};
  EXPECT_EQ(async::BlockOn(store_->Put("ann", document)), PutOutcome::kAdded);
  EXPECT_EQ(async::BlockOn(store_->Put("ann", document)), PutOutcome::kUnchanged);
  document.title = "Other";
  EXPECT_EQ(async::BlockOn(store_->Put("ann", document)), PutOutcome::kUpdated);
  EXPECT_EQ(Find("ann", {.text = "plain"}).size(), 1U);
  document.path = "relative.txt";
  EXPECT_EQ(async::BlockOn(store_->Put("ann", document)).error().code(), Code::kInvalidArgument);
}

TEST_P(DocumentStoreTest, ShowsNobodyElsesDocuments) {
  Put("ann", "/n/secret.txt", "The treasure is under the oak.");
  const std::string id = IdOf("ann", "/n/secret.txt");
  EXPECT_EQ(async::BlockOn(store_->Get("bob", id)).error().code(), Code::kNotFound);
  EXPECT_EQ(async::BlockOn(store_->GetContent("bob", id)).error().code(), Code::kNotFound);
  EXPECT_EQ(async::BlockOn(store_->GetChunks("bob", id)).error().code(), Code::kNotFound);
  EXPECT_EQ(FindError("bob", "/n/secret.txt").code(), Code::kNotFound);
  EXPECT_EQ(FindError("bob", "secret.txt").code(), Code::kNotFound);
  EXPECT_THAT(Find("bob", {.text = "treasure oak"}), IsEmpty());
  EXPECT_EQ(async::BlockOn(store_->Count("bob")), 0);
  EXPECT_THAT(*async::BlockOn(store_->SourceHashes("bob", {"/n/secret.txt"})), IsEmpty());
  EXPECT_EQ(Put("bob", "/n/secret.txt", "Nothing here."), PutOutcome::kAdded);
  EXPECT_NE(IdOf("bob", "/n/secret.txt"), id);
  EXPECT_THAT(*async::BlockOn(store_->GetContent("ann", id)), HasSubstr("treasure"));
  EXPECT_EQ(async::BlockOn(store_->Get("ann", "doc_none")).error().message(),
            "document 'doc_none': no such document");
}

TEST_P(DocumentStoreTest, FindsADocumentByWhatAPersonCallsIt) {
  Put("ann", "/home/ann/docs/a.md", "one");
  Put("ann", "/home/ann/old/a.md", "two");
  Put("ann", "/home/ann/old/xa.md", "three");
  const auto path_of = [&](const std::string& path, const std::string& base) {
    const auto document = async::BlockOn(store_->FindByPath("ann", path, base));
    return document ? document->path : document.error().ToString();
  };
  EXPECT_EQ(path_of("/home/ann/docs/../docs/a.md", ""), "/home/ann/docs/a.md");
  EXPECT_EQ(path_of("a.md", "/home/ann/old"), "/home/ann/old/a.md");
  EXPECT_EQ(path_of("../docs/a.md", "/home/ann/old"), "/home/ann/docs/a.md");
  EXPECT_EQ(path_of("docs/a.md", ""), "/home/ann/docs/a.md");
  EXPECT_EQ(path_of("xa.md", "/elsewhere"), "/home/ann/old/xa.md");
  EXPECT_EQ(path_of("a.md", ""),
            "FAILED_PRECONDITION: path 'a.md': several documents fit: '/home/ann/docs/a.md', "
            "'/home/ann/old/a.md'");
  EXPECT_EQ(FindError("ann", "/docs/a.md").code(), Code::kNotFound);
  EXPECT_EQ(FindError("ann", "").code(), Code::kNotFound);
  EXPECT_EQ(FindError("ann", "s/a.md").code(), Code::kNotFound);
  EXPECT_EQ(FindError("ann", "%").code(), Code::kNotFound);
}

TEST_P(DocumentStoreTest, IsTheSameAfterReopening) {
  Put("ann", "/n/a.txt", "The walrus sleeps.");
  store_ = OpenStore();
  EXPECT_EQ(Put("ann", "/n/a.txt", "The walrus sleeps."), PutOutcome::kUnchanged);
  EXPECT_EQ(Find("ann", {.text = "walrus"}).size(), 1U);
}

async::Task<void> PutInto(DocumentStore& store, ParsedDocument document, int& failures) {
  const auto outcome = co_await store.Put("ann", std::move(document));
  failures += outcome ? 0 : 1;
}

async::Task<int> PutAtOnce(DocumentStore& store, int count) {
  int failures = 0;
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (int i = 0; i < count; ++i) {
    group.Spawn(PutInto(store, *ParseFile("/same.txt", "text " + std::to_string(i)), failures));
  }
  co_await group.Join();
  co_return failures;
}

TEST_P(DocumentStoreTest, SurvivesWritersOfOnePathAtOnce) {
  EXPECT_EQ(async::BlockOn(PutAtOnce(*store_, 4)), 0);
  EXPECT_EQ(async::BlockOn(store_->Count("ann")), 1);
  EXPECT_EQ(async::BlockOn(store_->GetChunks("ann", IdOf("ann", "/same.txt")))->size(), 1U);
  EXPECT_EQ(Find("ann", {.text = "text"}).size(), 1U);
}

// Search.

TEST_P(DocumentStoreTest, RanksAllWordsBeforeFewAndRareBeforeCommon) {
  Put("ann", "/all.txt", "To brew oolong, warm the kettle and wait.");
  Put("ann", "/few.txt", "kettle kettle kettle kettle kettle kettle");
  Put("ann", "/rare.txt", "oolong is a word that is rare here");
  for (int i = 0; i < 8; ++i) Put("ann", "/c" + std::to_string(i) + ".txt", "a kettle, again");
  const auto hits = Find("ann", {.text = "How do I brew oolong in a kettle?", .limit = 3});
  EXPECT_THAT(PathsOf(hits), ElementsAre("/all.txt", "/rare.txt", "/few.txt"));
  EXPECT_GT(hits[0].score, 0.75);
  EXPECT_LE(hits[0].score, 1);
  EXPECT_LT(hits[1].score, 0.6);
}

TEST_P(DocumentStoreTest, GivesTheSameScoresAgain) {
  for (int i = 0; i < 20; ++i) {
    Put("ann", "/d" + std::to_string(i) + ".txt", "oolong number " + std::to_string(i % 5));
  }
  const auto first = Find("ann", {.text = "oolong number 3", .limit = 20});
  const auto second = Find("ann", {.text = "oolong number 3", .limit = 20});
  ASSERT_EQ(first.size(), 20U);
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].chunk.id, second[i].chunk.id);
    EXPECT_EQ(first[i].score, second[i].score);
    if (i > 0) EXPECT_LE(first[i].score, first[i - 1].score);
  }
}

TEST_P(DocumentStoreTest, ShowsADocumentOnceIfOthersMatch) {
  Put("ann", "/long.md", "# Tea\nalpha tea\n# Tea\nbeta tea\n# Tea\ngamma tea\n# Tea\ndelta tea");
  Put("ann", "/short.md", "some tea");
  EXPECT_EQ(PathsOf(Find("ann", {.text = "tea", .limit = 2})).size(), 2U);
  EXPECT_THAT(PathsOf(Find("ann", {.text = "tea", .limit = 2})),
              ::testing::UnorderedElementsAre("/long.md", "/short.md"));
  EXPECT_EQ(Find("ann", {.text = "tea", .limit = 10}).size(), 5U);
}

TEST_P(DocumentStoreTest, ShowsATextThatSeveralDocumentsShareOnce) {
  Put("ann", "/a/license.txt", "Redistribution and use are permitted.");
  Put("ann", "/b/license.txt", "Redistribution and use are permitted.");
  Put("ann", "/c.txt", "About redistribution in other places, at some length.");
  const auto paths = PathsOf(Find("ann", {.text = "redistribution", .limit = 2}));
  EXPECT_THAT(paths, ::testing::Contains("/c.txt"));
  EXPECT_EQ(Find("ann", {.text = "redistribution", .limit = 3}).size(), 3U);
}

TEST_P(DocumentStoreTest, LeavesOutExcludedDocuments) {
  Put("ann", "/a.txt", "green tea");
  Put("ann", "/b.txt", "green tea and more");
  const auto hits =
      Find("ann", {.text = "green tea", .exclude_document_ids = {IdOf("ann", "/a.txt")}});
  EXPECT_THAT(PathsOf(hits), ElementsAre("/b.txt"));
}

TEST_P(DocumentStoreTest, FindsByTitleFolderAndHeading) {
  Put("ann", "/usr/curl/copyright", "License: MIT");
  Put("ann", "/usr/wget/copyright", "License: GPL");
  Put("ann", "/n/garden.md", "# Tomatoes\n\nWater them daily.\n\n# Beans\n\nWater them weekly.");
  EXPECT_EQ(PathsOf(Find("ann", {.text = "curl license"})).front(), "/usr/curl/copyright");
  EXPECT_EQ(Find("ann", {.text = "water beans"}).front().chunk.heading, "Beans");
}

TEST_P(DocumentStoreTest, TakesNothingForAnOperator) {
  Put("ann", "/a.txt", "near and not or the rows: title_terms owner");
  for (const std::string text : {"\"",
                                 "'",
                                 "NEAR(",
                                 "a AND",
                                 "OR OR",
                                 "NOT x",
                                 "title:",
                                 "owner_term : x",
                                 "^rows",
                                 "rows*",
                                 "-rows",
                                 "(rows",
                                 "rows)",
                                 "row\\s",
                                 "a:* & !b | 'c",
                                 "\xF0\x9F\x98\x80",
                                 "% _",
                                 "{rows}",
                                 "\u201Crows\u201D",
                                 "",
                                 "   ",
                                 "?"}) {
    const auto hits = async::BlockOn(store_->Search("ann", {.text = text}));
    EXPECT_TRUE(hits) << text << ": " << hits.error().ToString();
  }
  EXPECT_EQ(Find("ann", {.text = "title_terms : \"rows\""}).size(), 1U);
  EXPECT_THAT(Find("ann", {.text = "title_terms owner xyzzy"}).size(), 1U);
  EXPECT_THAT(Find("ann", {.text = "rows", .limit = 0}), IsEmpty());
}

TEST_P(DocumentStoreTest, SearchesInManyLanguages) {
  Put("ann", "/de.txt", "Die Straßen von München sind schön.");
  Put("ann", "/ru.txt", "Москва — столица России.");
  Put("ann", "/ja.txt", "東京は日本の首都です。");
  Put("ann", "/fr.txt", "L'élève mange à la crêperie.");
  EXPECT_THAT(PathsOf(Find("ann", {.text = "MUNCHEN"})), ElementsAre("/de.txt"));
  EXPECT_THAT(PathsOf(Find("ann", {.text = "москва"})), ElementsAre("/ru.txt"));
  EXPECT_THAT(PathsOf(Find("ann", {.text = "首都"})), ElementsAre("/ja.txt"));
  EXPECT_THAT(PathsOf(Find("ann", {.text = "eleve"})), ElementsAre("/fr.txt"));
}

TEST_P(DocumentStoreTest, CutsTheSnippetAroundTheMatch) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "Filler words that say nothing. ";
  text += "The walrus sleeps.";
  Put("ann", "/a.txt", text);
  const auto hits = Find("ann", {.text = "walrus"});
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_THAT(hits[0].snippet, HasSubstr("The walrus sleeps."));
  EXPECT_LE(hits[0].snippet.size(), 500U);
  EXPECT_THAT(hits[0].chunk.content, HasSubstr(hits[0].snippet));
  EXPECT_EQ(hits[0].document.title, "a");
}

TEST_P(DocumentStoreTest, MatchesByTheIndexAlone) {
  Put("ann", "/a.txt", "green tea");
  Put("ann", "/b.txt", "green coffee");
  Put("bob", "/c.txt", "green tea");
  const std::unique_ptr<TextIndex> index = MakeTextIndex(*database_);
  const auto matches = async::BlockOn(index->Match("ann", "the green tea", 10));
  ASSERT_TRUE(matches) << matches.error().ToString();
  ASSERT_EQ(matches->size(), 2U);
  EXPECT_EQ((*matches)[0].document_id, IdOf("ann", "/a.txt"));
  EXPECT_GT((*matches)[0].rank, (*matches)[1].rank);
}

}  // namespace
}  // namespace baton::workspace
