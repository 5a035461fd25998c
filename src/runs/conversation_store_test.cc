#include "runs/conversation_store.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/check.h"
#include "base/metrics.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "json/json.h"
#include "runs/conversation_export.h"
#include "runs/limits.h"
#include "runs/permission_schema.h"
#include "runs/run_store.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"

namespace baton::runs {
namespace {

using async::BlockOn;

class ConversationStoreTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  ConversationStoreTest() {
    auto opened = storage::OpenDatabase(files_.address(), metrics_);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    database_ = *std::move(opened);
    runs_.emplace(*database_, SystemClock());
    const Status migrated = BlockOn(runs_->Migrate());
    BATON_CHECK(migrated.ok(), migrated.ToString());
    const Status permissions =
        BlockOn(storage::Migrate(*database_, "permissions", PermissionMigrations()));
    BATON_CHECK(permissions.ok(), permissions.ToString());
    store_.emplace(*database_, checkpoints_, SystemClock(), ids_);
  }

  // A turn of `user` in `conversation`, answered; without an answer it is still running.
  RunFence Say(const std::string& user, const std::string& conversation, const std::string& query,
               const std::string& answer) {
    RunStore::NewRun run;
    run.record = {.run_id = ids_.New("run"),
                  .user_id = user,
                  .conversation_id = conversation,
                  .thread_id = user + ":" + conversation,
                  .agent = "chat",
                  .owner = "me"};
    run.message = {.message_id = ids_.New("msg"),
                   .run_id = run.record.run_id,
                   .role = "user",
                   .content = query,
                   .sources = "[]",
                   .created = "2026-01-01T00:00:00.000000Z"};
    run.chunks.resize(1);
    run.chunks[0].chunk = {.type = "status", .message = "begins", .seq = 1};
    const RunFence fence{run.record.run_id, 1};
    const std::string thread_id = run.record.thread_id;
    const auto admitted = BlockOn(runs_->Admit(std::move(run)));
    BATON_CHECK(admitted.has_value(), admitted.error().ToString());
    if (answer.empty()) return fence;
    RunStore::Ending ending{.thread_id = thread_id};
    ending.message = ConversationMessage{.message_id = ids_.New("msg"),
                                         .run_id = fence.run_id,
                                         .role = "assistant",
                                         .content = answer,
                                         .agent = "chat",
                                         .sources = R"([{"title":"Backups","locator":"b.md"}])",
                                         .created = FormatTimestamp(SystemClock().Now())};
    const Status finished = BlockOn(runs_->Finish(fence, std::move(ending)));
    BATON_CHECK(finished.ok(), finished.ToString());
    return fence;
  }

  std::vector<PlacedMessage> Messages(const std::string& user, const std::string& conversation) {
    auto messages = BlockOn(store_->ReadMessages(user, conversation, 0));
    BATON_CHECK(messages.has_value(), messages.error().ToString());
    return *std::move(messages);
  }
  std::vector<std::string> Found(const std::string& user, const std::string& query) {
    const auto matches = BlockOn(store_->Search(user, query, 0));
    BATON_CHECK(matches.has_value(), matches.error().ToString());
    std::vector<std::string> conversations;
    for (const MessageMatch& match : *matches) conversations.push_back(match.conversation_id);
    return conversations;
  }
  std::vector<std::string> Listed(const std::string& user, ConversationList list = {}) {
    const auto page = BlockOn(store_->List(user, std::move(list)));
    BATON_CHECK(page.has_value(), page.error().ToString());
    std::vector<std::string> ids;
    for (const Conversation& each : page->conversations) ids.push_back(each.conversation_id);
    next_ = page->next;
    return ids;
  }
  Conversation Change(const std::string& conversation, ConversationChange change) {
    auto changed = BlockOn(store_->Change("u", conversation, std::move(change)));
    BATON_CHECK(changed.has_value(), changed.error().ToString());
    return *std::move(changed);
  }
  std::int64_t CountRows(const std::string& table) {
    const auto rows = BlockOn(database_->Read({.sql = "SELECT COUNT(*) FROM " + table}));
    BATON_CHECK(rows.has_value(), rows.error().ToString());
    return rows->Int(0, 0);
  }

  storage::testing::FreshDatabase files_{GetParam()};
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  IdGenerator ids_{SystemClock()};
  checkpoint::MemoryCheckpointStore checkpoints_;
  std::optional<RunStore> runs_;
  std::optional<ConversationStore> store_;
  std::string next_;
};

TEST_P(ConversationStoreTest, ListsWhatWasWrittenInLastAndPinnedOnesBeforeIt) {
  Say("u", "first", "How do backups\n  work here?", "Daily.");
  Say("u", "second", "And restores?", "By hand.");
  Say("other", "theirs", "A secret", "Quite.");
  EXPECT_EQ(Listed("u"), (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(BlockOn(store_->Get("u", "first"))->title, "How do backups work here?");
  Change("first", {.pinned = true});
  EXPECT_EQ(Listed("u"), (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(Listed("u", {.limit = 1}), (std::vector<std::string>{"first"}));
  EXPECT_EQ(Listed("u", {.limit = 1, .after = next_}), (std::vector<std::string>{"second"}));
  EXPECT_EQ(next_, "");
  Change("first", {.archived = true});
  EXPECT_EQ(Listed("u"), (std::vector<std::string>{"second"}));
  EXPECT_EQ(Listed("u", {.archived = true}), (std::vector<std::string>{"first"}));
}

TEST_P(ConversationStoreTest, ATitleThatTheUserGaveStays) {
  Say("u", "c", "hello", "Hi.");
  EXPECT_EQ(Change("c", {.title = "Greetings"}).titled_by, "user");
  Say("u", "c", "and again", "Hi again.");
  EXPECT_EQ(BlockOn(store_->Get("u", "c"))->title, "Greetings");
  EXPECT_EQ(BlockOn(store_->Change("u", "c", {.title = "two\nlines"})).error().code(),
            Code::kInvalidArgument);
}

TEST_P(ConversationStoreTest, SearchFindsTheUsersOwnMessagesByAllWords) {
  Say("u", "a", "The backup of the Zürich server", "It runs daily.");
  Say("u", "b", "The server is slow", "Since when?");
  Say("other", "theirs", "The backup of another server", "Weekly.");
  EXPECT_EQ(Found("u", "backup server"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(Found("u", "DAILY"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(Found("u", "zürich"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(Found("u", "weekly"), (std::vector<std::string>{}));
  EXPECT_EQ(Found("u", "server OR").size(), 0U) << "nothing is an operator";
  EXPECT_EQ(Found("u", "\"server\" -").size(), 2U);
  EXPECT_EQ(BlockOn(store_->Search("u", " - \" ", 0)).error().code(), Code::kInvalidArgument);
}

TEST_P(ConversationStoreTest, DeleteLeavesNothingBehind) {
  Say("u", "c", "hello world", "Hi.");
  Say("u", "kept", "hello moon", "Hi.");
  ASSERT_TRUE(BlockOn(store_->Delete("u", "c")).ok());
  EXPECT_EQ(BlockOn(store_->Get("u", "c")).error().code(), Code::kNotFound);
  EXPECT_EQ(Found("u", "hello"), (std::vector<std::string>{"kept"}));
  EXPECT_EQ(CountRows("messages"), 2);
  EXPECT_EQ(CountRows("runs"), 1);
  EXPECT_EQ(CountRows("run_log"), 1);
  if (GetParam() == storage::Dialect::kSqlite) EXPECT_EQ(CountRows("message_fts"), 2);
}

TEST_P(ConversationStoreTest, DeleteTakesWhatWasAskedAndAllowedInTheConversation) {
  Say("u", "c", "hello", "Hi.");
  std::vector<storage::Statement> batch;
  for (const std::string& id : {"c", "kept", ""}) {
    batch.push_back({.sql = "INSERT INTO permission_grants VALUES "
                            "('g' || $1, 'u', $1, 'a', 't', '', '', 'rpc', '', '')",
                     .params = {id}});
    batch.push_back({.sql = "INSERT INTO permission_questions VALUES ('r' || $1, 'q', 'u', $1, 1, "
                            "1, 1, 'a', 't', 'send', '{}', '', '', '', '', '', '')",
                     .params = {id}});
  }
  const auto written = BlockOn(database_->Write(std::move(batch), storage::Durability::kFlushed));
  ASSERT_TRUE(written.has_value()) << written.error().ToString();
  ASSERT_TRUE(BlockOn(store_->Delete("u", "c")).ok());
  EXPECT_EQ(CountRows("permission_grants"), 2) << "what holds always or elsewhere stays";
  EXPECT_EQ(CountRows("permission_questions"), 2);
}

TEST_P(ConversationStoreTest, DeleteIsRefusedWhileARunIsUnderWay) {
  const RunFence fence = Say("u", "c", "hello", "");
  const Status refused = BlockOn(store_->Delete("u", "c"));
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition) << refused.ToString();
  EXPECT_EQ(Messages("u", "c").size(), 1U);
  ASSERT_TRUE(BlockOn(runs_->Finish(fence, {.state = RunState::kFailed})).ok());
  EXPECT_TRUE(BlockOn(store_->Delete("u", "c")).ok());
}

TEST_P(ConversationStoreTest, ABranchHasTheMessagesUpToOneAndItsOwnLifeFromThere) {
  Say("u", "c", "one", "first");
  Say("u", "c", "two", "second");
  const auto messages = Messages("u", "c");
  const auto branch = BlockOn(store_->Branch("u", "c", messages[1].message.message_id, "branch"));
  ASSERT_TRUE(branch.has_value()) << branch.error().ToString();
  EXPECT_EQ(branch->parent_conversation_id, "c");
  EXPECT_EQ(branch->parent_message_id, messages[1].message.message_id);
  Say("u", "branch", "three", "third");
  const auto copied = Messages("u", "branch");
  ASSERT_EQ(copied.size(), 4U);
  EXPECT_EQ(copied[1].message.content, "first");
  EXPECT_NE(copied[1].message.message_id, messages[1].message.message_id);
  EXPECT_EQ(copied[2].message.content, "three");
  EXPECT_EQ(Messages("u", "c").size(), 4U);
  EXPECT_EQ(BlockOn(store_->Branch("u", "c", "", "branch")).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(BlockOn(store_->Branch("u", "c", "msg_none", "")).error().code(), Code::kNotFound);
  ASSERT_TRUE(BlockOn(store_->Delete("u", "c")).ok());
  EXPECT_EQ(Messages("u", "branch").size(), 4U);
}

TEST_P(ConversationStoreTest, AnotherUsersConversationIsNotThere) {
  Say("u", "c", "hello", "Hi.");
  const auto is_missing = [](const Status& status) { return status.code() == Code::kNotFound; };
  EXPECT_TRUE(is_missing(BlockOn(store_->Get("v", "c")).error()));
  EXPECT_TRUE(is_missing(BlockOn(store_->ReadMessages("v", "c", 0)).error()));
  EXPECT_TRUE(is_missing(BlockOn(store_->Change("v", "c", {.pinned = true})).error()));
  EXPECT_TRUE(is_missing(BlockOn(store_->Delete("v", "c"))));
  EXPECT_TRUE(is_missing(BlockOn(store_->Branch("v", "c", "", "")).error()));
  EXPECT_TRUE(
      is_missing(BlockOn(ExportConversation(*store_, "v", "c", ExportFormat::kJson)).error()));
  EXPECT_TRUE(Listed("v").empty());
  EXPECT_EQ(Messages("u", "c").size(), 2U);
}

TEST_P(ConversationStoreTest, ExportsAsMarkdownAndAsJson) {
  Say("u", "c", "How do backups work?", "Daily, to a disk.");
  const auto markdown = BlockOn(ExportConversation(*store_, "u", "c", ExportFormat::kMarkdown));
  ASSERT_TRUE(markdown.has_value()) << markdown.error().ToString();
  EXPECT_EQ(markdown->filename, "how-do-backups-work.md");
  EXPECT_TRUE(markdown->content.starts_with("# How do backups work?\n\n## You · 2026-01-01"))
      << markdown->content;
  EXPECT_TRUE(markdown->content.contains("Daily, to a disk.\n\nSources:\n- Backups (b.md)\n"));
  const auto exported = BlockOn(ExportConversation(*store_, "u", "c", ExportFormat::kJson));
  ASSERT_TRUE(exported.has_value()) << exported.error().ToString();
  const auto value = json::Parse(exported->content);
  ASSERT_TRUE(value.has_value()) << value.error().ToString();
  const auto& messages = json::Find(*value, "messages")->get_array();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(json::GetString(messages[1], "content"), "Daily, to a disk.");
}

TEST(TitleFromWords, IsOneShortLine) {
  EXPECT_EQ(TitleFromWords("  a \n\t b  "), "a b");
  EXPECT_EQ(TitleFromWords(std::string(40, 'a') + " " + std::string(40, 'b')),
            std::string(40, 'a') + "…");
  EXPECT_EQ(TitleFromWords(std::string(59, 'a') + "ü" + "rest"), std::string(59, 'a') + "…");
}

TEST_P(ConversationStoreTest, YieldsTheUsersRecentAnswersNewestFirst) {
  Say("u", "c1", "How do backups work?", "Backups run daily.");
  Say("u", "c2", "And restores?", "Restores are by hand.");
  Say("u", "c2", "And huge ones?", std::string(kMaxRecentAnswerBytes + 1, 'x'));
  Say("v", "c1", "Who am I?", "A stranger.");
  const auto found = [this](const std::string& conversation, Timestamp since) {
    const auto answers = BlockOn(store_->RecentAnswers("u", conversation, since));
    BATON_CHECK(answers.has_value(), answers.error().ToString());
    std::vector<std::string> contents;
    for (const ConversationMessage& each : *answers) contents.push_back(each.content);
    return contents;
  };
  const Timestamp now = SystemClock().Now();
  const std::vector<std::string> both = {"Restores are by hand.", "Backups run daily."};
  EXPECT_EQ(found("", now - std::chrono::hours(1)), both);
  EXPECT_EQ(found("c1", now - std::chrono::hours(1)), std::vector<std::string>{both[1]});
  EXPECT_TRUE(found("", now + std::chrono::hours(1)).empty());
  const auto foreign = BlockOn(store_->RecentAnswers("v", "c2", now - std::chrono::hours(1)));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code(), Code::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Databases, ConversationStoreTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs
