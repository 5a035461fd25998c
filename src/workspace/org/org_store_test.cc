#include "workspace/org/org_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/task_group.h"
#include "base/client_error.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"

namespace baton::workspace::org {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A database in which somebody else's write always comes first.
class LostRaces final : public storage::Database {
 public:
  explicit LostRaces(storage::Database& database) : database_(database) {}

  storage::Dialect dialect() const override { return database_.dialect(); }
  async::Task<Result<storage::Rows>> Read(storage::Statement statement) override {
    return database_.Read(std::move(statement));
  }
  async::Task<Result<std::vector<storage::Rows>>> Write(std::vector<storage::Statement> batch,
                                                        storage::Durability durability) override {
    if (batch.front().sql.find("org_files SET") == std::string::npos) {
      co_return co_await database_.Write(std::move(batch), durability);
    }
    ++lost_;
    co_return Fail(
        Status(Code::kAborted, "guard: 0 of 1 rows").With(std::string(kInternalDetail), "storage"));
  }

  int lost() const { return lost_; }

 private:
  storage::Database& database_;
  int lost_ = 0;
};

// The same behaviour on SQLite and on PostgreSQL. It is 2026-01-01, 01:00 in Berlin.
class OrgStoreTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    auto database = storage::OpenDatabase(fresh_.address(), metrics_);
    ASSERT_TRUE(database) << database.error().ToString();
    database_ = *std::move(database);
    store_ = OpenStore();
    ASSERT_NE(store_, nullptr);
  }

  std::unique_ptr<OrgStore> OpenStore() {
    auto store =
        async::BlockOn(OrgStore::Open(*database_, clock_, ids_, *TimeZone::Find("Europe/Berlin")));
    EXPECT_TRUE(store) << store.error().ToString();
    return store ? *std::move(store) : nullptr;
  }

  ImportOutcome Import(const std::string& user, const std::string& path, std::string text) {
    const auto outcome = async::BlockOn(store_->Import(user, path, std::move(text)));
    EXPECT_TRUE(outcome) << outcome.error().ToString();
    return outcome.value_or(ImportOutcome::kUnchanged);
  }

  std::string TextOf(const std::string& user, const std::string& path) {
    const auto files = async::BlockOn(store_->Files(user));
    for (const OrgFileCard& card : *files) {
      if (card.path == path) return *async::BlockOn(store_->GetText(user, card.id));
    }
    return "no file " + path;
  }

  Inbox List(const std::string& user) {
    const auto inbox = async::BlockOn(store_->ListInbox(user));
    EXPECT_TRUE(inbox) << inbox.error().ToString();
    return inbox.value_or(Inbox());
  }

  Item Named(const std::string& user, std::string_view title) {
    for (const Item& item : List(user).items) {
      if (item.title == title) return item;
    }
    ADD_FAILURE() << "no item '" << title << "'";
    return {};
  }

  std::vector<std::string> Found(const std::string& user, OrgQuery query) {
    const auto hits = async::BlockOn(store_->Search(user, std::move(query)));
    EXPECT_TRUE(hits) << hits.error().ToString();
    std::vector<std::string> titles;
    for (const OrgHit& hit : *hits) titles.push_back(hit.item.path + ": " + hit.item.title);
    return titles;
  }

  template <typename T>
  static std::string Error(const Result<T>& result) {
    return result ? "ok" : result.error().ToString();
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<OrgStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Databases, OrgStoreTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(OrgStoreTest, KeepsFilesByteForByte) {
  const std::string bytes = "\xEF\xBB\xBF* TODO a\r\n\tb \xc3\xbc\n* c";
  EXPECT_EQ(Import("ada", "/org/a.org", bytes), ImportOutcome::kAdded);
  EXPECT_EQ(TextOf("ada", "/org/a.org"), bytes);
  EXPECT_EQ(Import("ada", "/org/a.org", bytes), ImportOutcome::kUnchanged);
  EXPECT_EQ(Import("ada", "/org/a.org", "* new\n"), ImportOutcome::kUpdated);
  store_ = OpenStore();
  EXPECT_EQ(TextOf("ada", "/org/a.org"), "* new\n");
}

TEST_P(OrgStoreTest, RefusesFilesThatAreNone) {
  const auto import = [this](const std::string& user, std::string path, std::string text) {
    return Error(async::BlockOn(store_->Import(user, std::move(path), std::move(text))));
  };
  EXPECT_THAT(import("ada", "/a.org", "* Caf\xe9\n"),
              HasSubstr("/a.org: org file: byte 5 (line 1)"));
  EXPECT_THAT(import("ada", "", "* a\n"), HasSubstr("the path has 0 bytes"));
  EXPECT_THAT(import("", "/a.org", "* a\n"), HasSubstr("is no person"));
  EXPECT_THAT(import("system", "/a.org", "* a\n"), HasSubstr("is no person"));
  EXPECT_THAT(*async::BlockOn(store_->Files("ada")), IsEmpty());
}

TEST_P(OrgStoreTest, AnImportDoesNotUndoWhatWasEditedHere) {
  Import("ada", "/org/inbox.org", "* TODO a\n");
  ASSERT_TRUE(async::BlockOn(store_->Toggle("ada", {.line = 0})));
  // Unchanged on disk: nothing happens. Changed there too: the edit here stays.
  EXPECT_EQ(Import("ada", "/org/inbox.org", "* TODO a\n"), ImportOutcome::kUnchanged);
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), "* DONE a\n");
  EXPECT_THAT(Error(async::BlockOn(store_->Import("ada", "/org/inbox.org", "* TODO a\n* b\n"))),
              HasSubstr("changed both here and on disk"));
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), "* DONE a\n");
  // What is the same on both sides again is in step.
  EXPECT_EQ(Import("ada", "/org/inbox.org", "* DONE a\n"), ImportOutcome::kUpdated);
  EXPECT_EQ(Import("ada", "/org/inbox.org", "* DONE a\n* b\n"), ImportOutcome::kUpdated);
}

TEST_P(OrgStoreTest, TheFirstInboxStaysTheInbox) {
  EXPECT_EQ(List("ada").path, "inbox.org");
  Import("ada", "/org/notes.org", "* n\n");
  Import("ada", "/org/inbox.org", "* TODO a\n");
  Import("ada", "/other/inbox.org", "* TODO b\n");
  EXPECT_EQ(List("ada").path, "/org/inbox.org");
  EXPECT_EQ(List("ada").items.size(), 1U);
}

TEST_P(OrgStoreTest, MakesAnInboxWithTheFirstItem) {
  EXPECT_THAT(List("ada").items, IsEmpty());
  const auto added = async::BlockOn(store_->Add("ada", {.text = "Call", .tags = {"home"}}));
  ASSERT_TRUE(added) << added.error().ToString();
  EXPECT_EQ(added->title, "Call");
  EXPECT_THAT(added->id, StartsWith("org_"));
  EXPECT_EQ(added->created, "[2026-01-01 Thu 01:00]");
  ASSERT_EQ(List("ada").items.size(), 1U);
  EXPECT_EQ(List("ada").items[0].id, added->id);
  EXPECT_EQ(List("ada").items[0].version, added->version);
  EXPECT_THAT(TextOf("ada", "inbox.org"), StartsWith("* TODO Call :home:\n:PROPERTIES:\n"));
}

TEST_P(OrgStoreTest, EditsByIdWhereverTheEntryHasGone) {
  Import("ada", "inbox.org", "* TODO a\n* TODO b\n:PROPERTIES:\n:ID: own\n:END:\n- [ ] c\n");
  const Item a = Named("ada", "a");
  const Item b = Named("ada", "b");
  const Item c = Named("ada", "c");
  ASSERT_TRUE(async::BlockOn(store_->Add("ada", {.kind = "checkbox", .text = "first"})));
  for (const Item& item : {a, b, c}) {
    const auto toggled = async::BlockOn(store_->Toggle("ada", {item.id, -1, item.version}));
    ASSERT_TRUE(toggled) << toggled.error().ToString();
    EXPECT_TRUE(toggled->done);
    EXPECT_EQ(toggled->id, item.id);
    EXPECT_EQ(toggled->line, item.line + 1);
  }
  EXPECT_EQ(b.id, "own");
  EXPECT_EQ(TextOf("ada", "inbox.org"),
            "- [ ] first\n* DONE a\n* DONE b\n:PROPERTIES:\n:ID: own\n:END:\n- [X] c\n");
}

TEST_P(OrgStoreTest, RefusesToEditWhatWasReadBefore) {
  Import("ada", "inbox.org", "* TODO a\n");
  const Item read = Named("ada", "a");
  ASSERT_TRUE(async::BlockOn(store_->AddTags("ada", {.line = 0}, {"x"})));
  const auto toggled = async::BlockOn(store_->Toggle("ada", {read.id, -1, read.version}));
  EXPECT_THAT(Error(toggled), HasSubstr("ABORTED: entry '" + read.id + "' has changed since"));
  EXPECT_EQ(TextOf("ada", "inbox.org"), "* TODO a :x:\n");
  EXPECT_TRUE(async::BlockOn(store_->Toggle("ada", {read.id, -1, ""})));
}

TEST_P(OrgStoreTest, EditsByLineOnlyWhereAnItemBegins) {
  Import("ada", "inbox.org", "text\n* TODO a\nbody\n");
  EXPECT_TRUE(async::BlockOn(store_->Toggle("ada", {.line = 1})));
  EXPECT_THAT(Error(async::BlockOn(store_->Toggle("ada", {.line = 2}))),
              HasSubstr("line 2 of inbox.org begins no item"));
  EXPECT_THAT(Error(async::BlockOn(store_->Toggle("ada", {.line = 99}))),
              HasSubstr("line 99 of inbox.org begins no item"));
  EXPECT_THAT(Error(async::BlockOn(store_->Toggle("ada", {}))), HasSubstr("which entry?"));
}

TEST_P(OrgStoreTest, AnotherUsersEntriesDoNotExist) {
  Import("ada", "inbox.org", "* TODO a\n:PROPERTIES:\n:ID: own\n:END:\n* TODO b\n");
  Import("bob", "inbox.org", "* TODO c\n");
  const Item b = Named("ada", "b");
  for (const std::string& id : {std::string("own"), b.id}) {
    EXPECT_THAT(Error(async::BlockOn(store_->Toggle("bob", {id, -1, ""}))),
                HasSubstr("NOT_FOUND: entry '" + id + "': no such entry"));
    EXPECT_THAT(Error(async::BlockOn(store_->Refile("bob", {.line = 0}, {.entry_id = id}))),
                HasSubstr("NOT_FOUND"));
  }
  EXPECT_THAT(Error(async::BlockOn(store_->GetText("bob", b.file_id))), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Found("bob", {.text = "a b"}), IsEmpty());
  for (const std::string user : {"", "system"}) {
    EXPECT_THAT(List(user).items, IsEmpty());
    EXPECT_THAT(Found(user, {.text = "a b"}), IsEmpty());
    EXPECT_THAT(Error(async::BlockOn(store_->GetText(user, b.file_id))), HasSubstr("NOT_FOUND"));
    EXPECT_THAT(Error(async::BlockOn(store_->Add(user, {.text = "x"}))), HasSubstr("no person"));
    EXPECT_THAT(Error(async::BlockOn(store_->Toggle(user, {b.id, -1, ""}))),
                HasSubstr("no person"));
    EXPECT_THAT(Error(async::BlockOn(store_->ArchiveDone(user))), HasSubstr("no person"));
    EXPECT_FALSE(async::BlockOn(store_->Append(user, "x")).ok());
  }
  EXPECT_EQ(List("ada").items.size(), 2U);
}

TEST_P(OrgStoreTest, TagsSchedulesAndRenames) {
  Import("ada", "inbox.org", "* TODO a\n- [ ] b\n");
  const Item a = Named("ada", "a");
  const auto tagged = async::BlockOn(store_->AddTags("ada", {a.id, -1, a.version}, {"x", "y"}));
  ASSERT_TRUE(tagged);
  EXPECT_THAT(tagged->tags, ElementsAre("x", "y"));
  const auto scheduled = async::BlockOn(
      store_->Schedule("ada", {a.id, -1, tagged->version}, *ParseStamp("2026-03-05 +1w")));
  ASSERT_TRUE(scheduled);
  EXPECT_EQ(scheduled->scheduled, "<2026-03-05 Thu +1w>");
  const auto renamed = async::BlockOn(store_->SetTitle("ada", {a.id, -1, scheduled->version}, "z"));
  ASSERT_TRUE(renamed);
  EXPECT_NE(renamed->id, a.id);
  EXPECT_EQ(TextOf("ada", "inbox.org"),
            "* TODO z :x:y:\nSCHEDULED: <2026-03-05 Thu +1w>\n- [ ] b\n");
  EXPECT_THAT(Error(async::BlockOn(store_->SetTitle("ada", {.line = 0}, ""))),
              HasSubstr("the new text is empty"));
}

TEST_P(OrgStoreTest, ARepeatedTaskMovesOnInLocalTime) {
  clock_.Advance(std::chrono::hours(22) + std::chrono::minutes(30));  // 23:30 in Berlin
  Import("ada", "inbox.org", "* TODO a\nSCHEDULED: <2025-12-31 Wed .+1d>\n");
  const auto toggled = async::BlockOn(store_->Toggle("ada", {.line = 0}));
  ASSERT_TRUE(toggled);
  EXPECT_EQ(toggled->scheduled, "<2026-01-02 Fri .+1d>");
  clock_.Advance(std::chrono::hours(1));  // it is the 2nd there, still the 1st in UTC
  EXPECT_EQ(async::BlockOn(store_->Toggle("ada", {.line = 0}))->scheduled, "<2026-01-03 Sat .+1d>");
}

TEST_P(OrgStoreTest, AppendsText) {
  ASSERT_TRUE(async::BlockOn(store_->Append("ada", "* Project :project:\n** TODO step")).ok());
  ASSERT_TRUE(async::BlockOn(store_->Append("ada", "more\n")).ok());
  EXPECT_EQ(TextOf("ada", "inbox.org"), "* Project :project:\n** TODO step\nmore\n");
  EXPECT_EQ(async::BlockOn(store_->Append("ada", " \n")).code(), Code::kInvalidArgument);
  EXPECT_EQ(async::BlockOn(store_->Append("ada", "\xff")).code(), Code::kInvalidArgument);
}

TEST_P(OrgStoreTest, WhoLosesEveryRaceIsToldToTryAgain) {
  Import("ada", "/org/inbox.org", "* DONE a\n* Here\n");
  LostRaces races(*database_);
  store_ = *async::BlockOn(OrgStore::Open(races, clock_, ids_, *TimeZone::Find("UTC")));
  const auto told = HasSubstr("ABORTED: /org/inbox.org is being changed by others: try again");
  const std::string id = Named("ada", "a").id;
  EXPECT_THAT(Error(async::BlockOn(store_->Toggle("ada", {.id = id}))), told);
  EXPECT_EQ(races.lost(), 5);
  EXPECT_THAT(Error(async::BlockOn(store_->Add("ada", {.text = "b"}))), told);
  EXPECT_THAT(Error(async::BlockOn(store_->Refile("ada", {.id = id}, {.path = "/org/inbox.org"}))),
              told);
  EXPECT_THAT(Error(async::BlockOn(store_->ArchiveDone("ada"))), told);
}

TEST_P(OrgStoreTest, ArchivesBesideTheInbox) {
  Import("ada", "/org/inbox.org", "* DONE a\n* TODO b\n- [X] step\n");
  EXPECT_EQ(*async::BlockOn(store_->ArchiveDone("ada")), 1);
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), "* TODO b\n- [X] step\n");
  EXPECT_THAT(TextOf("ada", "/org/inbox.org_archive"),
              HasSubstr("* DONE a\n:PROPERTIES:\n:ARCHIVE_TIME: 2026-01-01 Thu 01:00\n"));
  EXPECT_EQ(*async::BlockOn(store_->ArchiveDone("ada")), 0);
  ASSERT_TRUE(async::BlockOn(store_->Toggle("ada", {.line = 0})));
  EXPECT_EQ(*async::BlockOn(store_->ArchiveDone("ada")), 1);
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), "");
  EXPECT_EQ(List("ada").path, "/org/inbox.org");
}

TEST_P(OrgStoreTest, AFullArchiveIsFollowedByAnother) {
  Import("ada", "/org/inbox.org", "* DONE a\n* DONE b\n");
  Import("ada", "/org/inbox.org_archive", std::string(kMaxOrgFileBytes, 'x'));
  const auto archived = async::BlockOn(store_->ArchiveDone("ada"));
  ASSERT_TRUE(archived) << archived.error().ToString();
  EXPECT_EQ(*archived, 2);
  EXPECT_EQ(TextOf("ada", "/org/inbox.org"), "");
  EXPECT_THAT(TextOf("ada", "/org/inbox.org_archive_2"), HasSubstr("* DONE b\n"));
  ASSERT_TRUE(async::BlockOn(store_->Append("ada", "* DONE c")).ok());
  EXPECT_EQ(*async::BlockOn(store_->ArchiveDone("ada")), 1);
  EXPECT_THAT(TextOf("ada", "/org/inbox.org_archive_2"), HasSubstr("* DONE c\n"));
}

TEST_P(OrgStoreTest, RefilesBetweenFiles) {
  Import("ada", "inbox.org", "* TODO a\n** b\n* c\n");
  Import("ada", "/org/work.org", "* Work\n:PROPERTIES:\n:ID: work\n:END:\n* Other\n");
  const Item a = Named("ada", "a");
  const auto moved =
      async::BlockOn(store_->Refile("ada", {a.id, -1, a.version}, {.entry_id = "work"}));
  ASSERT_TRUE(moved) << moved.error().ToString();
  EXPECT_EQ(moved->path, "/org/work.org");
  EXPECT_EQ(moved->line, 4U);
  EXPECT_EQ(TextOf("ada", "inbox.org"), "* c\n");
  EXPECT_EQ(TextOf("ada", "/org/work.org"),
            "* Work\n:PROPERTIES:\n:ID: work\n:END:\n** TODO a\n*** b\n* Other\n");
  const auto back =
      async::BlockOn(store_->Refile("ada", {moved->id, -1, ""}, {.path = "inbox.org"}));
  ASSERT_TRUE(back) << back.error().ToString();
  EXPECT_EQ(TextOf("ada", "inbox.org"), "* c\n* TODO a\n** b\n");
  const auto within =
      async::BlockOn(store_->Refile("ada", {.line = 0}, {.entry_id = Named("ada", "a").id}));
  ASSERT_TRUE(within) << within.error().ToString();
  EXPECT_EQ(TextOf("ada", "inbox.org"), "* TODO a\n** b\n** c\n");
  EXPECT_THAT(Error(async::BlockOn(store_->Refile("ada", {.line = 0}, {.path = "none.org"}))),
              HasSubstr("org file 'none.org': no such file"));
}

TEST_P(OrgStoreTest, SearchesTitlesTagsAndTexts) {
  Import("ada", "a.org",
         "Preamble about herons.\n* Garden :outdoor:\nTomatoes want sun.\n** TODO Water tomatoes\n"
         "* Kitchen\nThe tap drips.\n:NOTE:\nplumber\n:END:\n");
  Import("ada", "b.org", "* Tomatoes\nsoup\n* Libraries\n");
  EXPECT_THAT(Found("ada", {.text = "tomato"}),
              ElementsAre("a.org: Water tomatoes", "b.org: Tomatoes", "a.org: Garden"));
  EXPECT_THAT(Found("ada", {.text = "tomato sun"}),
              ElementsAre("a.org: Garden", "a.org: Water tomatoes", "b.org: Tomatoes"));
  EXPECT_THAT(Found("ada", {.text = "tomato", .limit = 1}), ElementsAre("a.org: Water tomatoes"));
  EXPECT_THAT(Found("ada", {.text = "tomato", .titles = false}), ElementsAre("a.org: Garden"));
  EXPECT_THAT(Found("ada", {.text = "outdoor"}), ElementsAre("a.org: Garden"));
  EXPECT_THAT(Found("ada", {.text = "outdoor", .tags = false}), IsEmpty());
  EXPECT_THAT(Found("ada", {.text = "library"}), ElementsAre("b.org: Libraries"));
  EXPECT_THAT(Found("ada", {.text = "heron"}), ElementsAre("a.org: "));
  EXPECT_THAT(Found("ada", {.text = "zebra"}), IsEmpty());
  EXPECT_THAT(Found("ada", {.text = ""}), IsEmpty());
  const auto hits = async::BlockOn(store_->Search("ada", {.text = "plumber"}));
  ASSERT_EQ(hits->size(), 1U);
  EXPECT_EQ(hits->front().line, 7U);
  EXPECT_THAT(hits->front().snippet, HasSubstr("plumber"));
}

TEST_P(OrgStoreTest, SearchSeesEveryChange) {
  Import("ada", "inbox.org", "* TODO alpha\n");
  EXPECT_EQ(Found("ada", {.text = "alpha"}).size(), 1U);
  ASSERT_TRUE(async::BlockOn(store_->SetTitle("ada", {.line = 0}, "beta")));
  EXPECT_THAT(Found("ada", {.text = "alpha"}), IsEmpty());
  EXPECT_EQ(Found("ada", {.text = "beta"}).size(), 1U);
  // Also those that another process makes.
  const auto other = OpenStore();
  ASSERT_TRUE(async::BlockOn(other->SetTitle("ada", {.line = 0}, "gamma")));
  EXPECT_EQ(Found("ada", {.text = "gamma"}).size(), 1U);
}

TEST_P(OrgStoreTest, GathersTheAgendaOfAllFiles) {
  Import("ada", "a.org", "* TODO a\nSCHEDULED: <2026-01-02 Fri 10:00>\n");
  Import("ada", "b.org", "* TODO b\nDEADLINE: <2025-12-30 Tue>\n* c <2026-01-02 Fri 9:00>\n");
  Import("bob", "c.org", "* TODO d\nSCHEDULED: <2026-01-02 Fri>\n");
  const Day first = ParseStamp("2026-01-01")->day;
  const auto agenda = async::BlockOn(store_->Agenda("ada", first, first + std::chrono::days(6)));
  ASSERT_TRUE(agenda);
  std::vector<std::string> titles;
  for (const AgendaEntry& entry : *agenda) titles.push_back(entry.item.title);
  EXPECT_THAT(titles, ElementsAre("b", "c <2026-01-02 Fri 9:00>", "a"));
  EXPECT_EQ(agenda->front().days_late, 2);
  EXPECT_THAT(Error(async::BlockOn(store_->Agenda("ada", first, first - std::chrono::days(1)))),
              HasSubstr("1 to 400 days are possible"));
  EXPECT_THAT(*async::BlockOn(store_->Agenda("", first, first)), IsEmpty());
}

async::Task<void> AddOne(OrgStore& store, std::string text, Status& status) {
  const Result<Item> added = co_await store.Add("ada", {.text = std::move(text)});
  if (!added) status = added.error();
}

async::Task<std::vector<Status>> AddAtOnce(OrgStore& one, OrgStore& other, std::size_t count) {
  std::vector<Status> statuses(count);
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (std::size_t i = 0; i < count; ++i) {
    group.Spawn(AddOne(i % 2 == 0 ? one : other, "item " + std::to_string(i), statuses[i]));
  }
  co_await group.Join();
  co_return statuses;
}

TEST_P(OrgStoreTest, ChangesThatMeetAreAllMade) {
  const auto other = OpenStore();
  for (const Status& status : async::BlockOn(AddAtOnce(*store_, *other, 4))) {
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  EXPECT_EQ(List("ada").items.size(), 4U);
}

}  // namespace
}  // namespace baton::workspace::org
