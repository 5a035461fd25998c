#include "runs/run_store.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/check.h"
#include "base/metrics.h"
#include "runs/limits.h"
#include "runs/run_effects.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"

namespace baton::runs {
namespace {

using async::BlockOn;

class RunStoreTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  RunStoreTest() {
    auto opened = storage::OpenDatabase(files_.address(), metrics_);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    database_ = *std::move(opened);
    store_.emplace(*database_, SystemClock());
    const Status migrated = BlockOn(store_->Migrate());
    BATON_CHECK(migrated.ok(), migrated.ToString());
  }

  static RunStore::NewRun MakeRun(const std::string& run_id, const std::string& query = "q") {
    RunStore::NewRun run;
    run.record = {.run_id = run_id,
                  .user_id = "u",
                  .conversation_id = "c",
                  .thread_id = "u:c",
                  .agent = "chat",
                  .owner = "me"};
    run.request.query = query;
    run.message = {.message_id = "m_" + run_id,
                   .run_id = run_id,
                   .role = "user",
                   .content = query,
                   .sources = "[]",
                   .created = "2026-01-01T00:00:00.000000Z"};
    run.chunks.resize(1);
    run.chunks[0].chunk = {.type = "status", .message = "begins", .seq = 1};
    return run;
  }
  Status Admit(RunStore::NewRun run) {
    const auto history = BlockOn(store_->Admit(std::move(run)));
    return history ? Status() : history.error();
  }
  Status Finish(const RunFence& fence, RunState state, std::string answer = {}) {
    RunStore::Ending ending{.state = state, .thread_id = "u:c"};
    if (!answer.empty()) {
      ending.message = ConversationMessage{.message_id = "a_" + fence.run_id,
                                           .run_id = fence.run_id,
                                           .role = "assistant",
                                           .content = std::move(answer),
                                           .sources = "[]"};
    }
    return BlockOn(store_->Finish(fence, std::move(ending)));
  }
  std::vector<std::string> History(const std::string& before_run = "") {
    std::vector<std::string> contents;
    for (auto& message : BlockOn(store_->LoadHistory("u:c", before_run)).value()) {
      contents.push_back(message.role + ":" + message.content);
    }
    return contents;
  }
  static StoredChunk Content(std::int64_t seq, std::string text) {
    StoredChunk stored{.task_id = "t", .epoch = 1, .attempt = 1};
    stored.chunk = {.type = "content", .message = std::move(text), .seq = seq};
    return stored;
  }

  MetricsRegistry metrics_;
  storage::testing::FreshDatabase files_{GetParam()};
  std::unique_ptr<storage::Database> database_;
  std::optional<RunStore> store_;
};

TEST_P(RunStoreTest, AnAdmittedRunIsThereWithAllThatBelongsToIt) {
  RunStore::NewRun run = MakeRun("run_1", "what?");
  run.request.persona.ai_name = "Kodex";
  run.request.editor = ActiveEditor{.filename = "a.md", .content = "text \"quoted\"\n"};
  run.imported = {{.message_id = "i1", .role = "user", .content = "before"},
                  {.message_id = "i2", .role = "assistant", .content = "then"}};
  ASSERT_TRUE(Admit(std::move(run)).ok());
  const RunRecord record = BlockOn(store_->Find("u", "c", "")).value();
  EXPECT_EQ(record.run_id, "run_1");
  EXPECT_EQ(record.state, RunState::kRunning);
  EXPECT_EQ(record.owner, "me");
  EXPECT_EQ(record.attempt, 1);
  const auto request = BlockOn(store_->LoadRequest("run_1")).value();
  EXPECT_EQ(request.request.query, "what?");
  EXPECT_EQ(request.request.persona.ai_name, "Kodex");
  EXPECT_EQ(request.request.editor->content, "text \"quoted\"\n");
  EXPECT_EQ(History(), (std::vector<std::string>{"user:before", "assistant:then", "user:what?"}));
  EXPECT_EQ(History("run_1"), (std::vector<std::string>{"user:before", "assistant:then"}));
  EXPECT_EQ(BlockOn(store_->ReadLog("run_1", 0, 10)).value().front().chunk.message, "begins");
}

TEST_P(RunStoreTest, AConversationHasOneRunAtATime) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  const Status busy = Admit(MakeRun("run_2"));
  EXPECT_EQ(busy.code(), Code::kFailedPrecondition);
  EXPECT_EQ(busy.message(), "conversation 'c' is busy with run run_1: wait, cancel or resume it");
  EXPECT_EQ(busy.details().at("run_id"), "run_1");
  EXPECT_EQ(History(), (std::vector<std::string>{"user:q"}));
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kCompleted, "a").ok());
  ASSERT_TRUE(Admit(MakeRun("run_2")).ok());
  EXPECT_EQ(BlockOn(store_->Find("u", "c", "")).value().run_id, "run_2");
  EXPECT_EQ(History(), (std::vector<std::string>{"user:q", "assistant:a", "user:q"}));
}

TEST_P(RunStoreTest, ANewMessageCancelsAWaitingRunAndLogsItsLastChunk) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  EXPECT_FALSE(BlockOn(store_->FindWaiting("u:c")).value().has_value());
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kWaiting).ok());
  ASSERT_TRUE(BlockOn(store_->LoadRequest("run_1")).has_value());
  EXPECT_EQ(Admit(MakeRun("run_2")).code(), Code::kAborted);
  RunStore::NewRun next = MakeRun("run_2");
  next.superseded = {.record = BlockOn(store_->FindWaiting("u:c")).value().value(),
                     .chunks = {Content(2, "over")}};
  ASSERT_TRUE(Admit(next).ok());
  EXPECT_EQ(BlockOn(store_->Find("u", "c", "run_1")).value().state, RunState::kCancelled);
  EXPECT_EQ(BlockOn(store_->LoadRequest("run_1")).error().code(), Code::kDataLoss);
  EXPECT_EQ(BlockOn(store_->ReadLog("run_1", 1, 10)).value().at(0).chunk.message, "over");
}

TEST_P(RunStoreTest, ARunThatWasAnsweredMeanwhileIsNotSuperseded) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kWaiting).ok());
  RunStore::NewRun next = MakeRun("run_2");
  next.superseded = {.record = BlockOn(store_->FindWaiting("u:c")).value().value(), .chunks = {}};
  ASSERT_TRUE(BlockOn(store_->Claim(next.superseded->record, "me", 0)).has_value());
  EXPECT_EQ(Admit(next).code(), Code::kAborted);
  EXPECT_EQ(BlockOn(store_->Find("u", "c", "")).value().run_id, "run_1");
  EXPECT_EQ(BlockOn(store_->Find("u", "c", "")).value().state, RunState::kRunning);
}

TEST_P(RunStoreTest, ALockHoldsFromRunToRunUntilItIsTakenAway) {
  const auto lock_after = [&](const std::string& run_id, std::optional<std::string> lock) {
    RunStore::NewRun run = MakeRun(run_id);
    run.lock = std::move(lock);
    EXPECT_TRUE(Admit(std::move(run)).ok());
    EXPECT_TRUE(Finish({run_id, 1}, RunState::kCompleted).ok());
    return BlockOn(store_->LoadConversation("u:c")).value().locked_agent;
  };
  EXPECT_EQ(lock_after("run_1", std::nullopt), "");
  EXPECT_EQ(lock_after("run_2", "wargaming"), "wargaming");
  EXPECT_EQ(lock_after("run_3", std::nullopt), "wargaming");
  EXPECT_EQ(lock_after("run_4", "research"), "research");
  EXPECT_EQ(BlockOn(store_->LoadConversation("v:c")).value().locked_agent, "");
  EXPECT_EQ(lock_after("run_5", ""), "");
}

TEST_P(RunStoreTest, AConversationTellsWhoWaitsAndWhatWasSaid) {
  ASSERT_TRUE(Admit(MakeRun("run_1", std::string(5000, 'a') + " what is the end?")).ok());
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kCompleted, "ä is it").ok());
  ASSERT_TRUE(Admit(MakeRun("run_2")).ok());
  ASSERT_TRUE(Finish({"run_2", 1}, RunState::kWaiting).ok());
  const ConversationState state = BlockOn(store_->LoadConversation("u:c")).value();
  EXPECT_EQ(state.waiting_agent, "chat");
  ASSERT_EQ(state.history.size(), 3);
  EXPECT_EQ(state.history[0].role, "user");
  EXPECT_LT(state.history[0].content.size(), 3100);
  EXPECT_TRUE(state.history[0].content.starts_with("aaa"));
  EXPECT_TRUE(state.history[0].content.ends_with("what is the end?"));
  EXPECT_EQ(state.history[1].role, "assistant");
  EXPECT_EQ(state.history[1].content, "ä is it");
}

TEST_P(RunStoreTest, ARunIsFoundByItsUserOnly) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  EXPECT_TRUE(BlockOn(store_->Find("u", "c", "run_1")).has_value());
  for (const auto& [user, conversation, run] :
       {std::array<std::string, 3>{"v", "c", "run_1"},
        std::array<std::string, 3>{"u", "d", "run_1"}, std::array<std::string, 3>{"v", "c", ""},
        std::array<std::string, 3>{"u", "c", "run_9"}}) {
    EXPECT_EQ(BlockOn(store_->Find(user, conversation, run)).error().code(), Code::kNotFound);
  }
}

TEST_P(RunStoreTest, AClaimFencesTheActivationBeforeIt) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  const RunRecord record = BlockOn(store_->ListRunning()).value().front();
  ASSERT_TRUE(BlockOn(store_->AppendLog({"run_1", 1}, {Content(2, "a")}, {})).ok());
  const RunRecord claimed = BlockOn(store_->Claim(record, "other", 1)).value();
  EXPECT_EQ(claimed.attempt, 2);
  EXPECT_EQ(claimed.owner, "other");
  EXPECT_EQ(BlockOn(store_->Claim(record, "third", 1)).error().code(), Code::kAborted);
  EXPECT_EQ(BlockOn(store_->AppendLog({"run_1", 1}, {Content(3, "late")}, {})).code(),
            Code::kAborted);
  EXPECT_EQ(Finish({"run_1", 1}, RunState::kCompleted, "late").code(), Code::kAborted);
  EXPECT_EQ(BlockOn(store_->Release({"run_1", 1})).code(), Code::kAborted);
  ASSERT_TRUE(BlockOn(store_->AppendLog({"run_1", 2}, {Content(3, "b"), Content(4, "c")},
                                        {.crashes = 1, .usage = {10, 2}}))
                  .ok());
  const RunRecord standing = BlockOn(store_->Find("u", "c", "run_1")).value();
  EXPECT_EQ(standing.crashes, 1);
  EXPECT_EQ(standing.usage.input_tokens, 10);
  EXPECT_EQ(standing.usage.output_tokens, 2);
  ASSERT_TRUE(BlockOn(store_->Release({"run_1", 2})).ok());
  EXPECT_EQ(BlockOn(store_->Find("u", "c", "run_1")).value().owner, "");
  const auto log = BlockOn(store_->ReadLog("run_1", 3, 10)).value();
  ASSERT_EQ(log.size(), 2U);  // the row that holds chunk 4
  EXPECT_EQ(log.back().chunk.message, "c");
}

TEST_P(RunStoreTest, AnswersAreStoredWithTheClaim) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kWaiting).ok());
  const RunRecord waiting = BlockOn(store_->Find("u", "c", "run_1")).value();
  const Answers answers = {{"q1", json::Object{{"approved", true}}}};
  ASSERT_TRUE(BlockOn(store_->Claim(waiting, "me", 0, answers, {Content(2, "on")})).has_value());
  EXPECT_EQ(BlockOn(store_->LoadRequest("run_1")).value().answers, answers);
  EXPECT_EQ(BlockOn(store_->ReadLog("run_1", 1, 10)).value().back().chunk.message, "on");
  ASSERT_TRUE(Finish({"run_1", 2}, RunState::kWaiting).ok());
  EXPECT_TRUE(BlockOn(store_->LoadRequest("run_1")).value().answers.empty());
}

TEST_P(RunStoreTest, EffectsAreRecordedAndGoWithTheirRun) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  RunEffects effects(*store_, {"run_1", 1}, false);
  EXPECT_FALSE(effects.may_have_any());
  ASSERT_TRUE(BlockOn(effects.Begin("t:1", "add_note")).ok());
  ASSERT_TRUE(BlockOn(effects.Begin("t:2", "add_note")).ok());
  ASSERT_TRUE(BlockOn(effects.End("t:2", tools::ToolResult{.text = "Noted."})).ok());
  EXPECT_TRUE(effects.may_have_any());
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kWaiting).ok());
  const RunRecord waiting = BlockOn(store_->Find("u", "c", "run_1")).value();
  ASSERT_TRUE(BlockOn(store_->Claim(waiting, "me", 0)).has_value());

  RunEffects later(*store_, {"run_1", 2}, true);
  EXPECT_TRUE(later.may_have_any());
  EXPECT_TRUE(BlockOn(later.Find("t:1"))->in_doubt());
  EXPECT_EQ((*BlockOn(later.Find("t:2"))->outcome)->text, "Noted.");
  EXPECT_EQ(BlockOn(later.Find("t:3"))->tries, 0);
  ASSERT_TRUE(BlockOn(later.Begin("t:1", "add_note")).ok());
  EXPECT_EQ(BlockOn(store_->LoadEffects("run_1"))->at("t:1").tries, 2);
  ASSERT_TRUE(BlockOn(later.End("t:1", Fail(Code::kNotFound, "gone"))).ok());
  EXPECT_EQ(BlockOn(store_->LoadEffects("run_1"))->at("t:1").outcome->error().message(), "gone");
  ASSERT_TRUE(Finish({"run_1", 2}, RunState::kCompleted, "a").ok());
  EXPECT_TRUE(BlockOn(store_->LoadEffects("run_1"))->empty());
}

TEST_P(RunStoreTest, EffectsOfAWaitingRunGoWithANewMessage) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  ASSERT_TRUE(BlockOn(store_->BeginEffect({"run_1", 1}, "t:1", "add_note")).ok());
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kWaiting).ok());
  RunStore::NewRun next = MakeRun("run_2");
  next.superseded = {.record = BlockOn(store_->FindWaiting("u:c")).value().value(), .chunks = {}};
  ASSERT_TRUE(Admit(std::move(next)).ok());
  EXPECT_TRUE(BlockOn(store_->LoadEffects("run_1"))->empty());
}

TEST_P(RunStoreTest, AnEffectIsFencedLikeEveryWrite) {
  ASSERT_TRUE(Admit(MakeRun("run_1")).ok());
  RunEffects slow(*store_, {"run_1", 1}, false);
  ASSERT_TRUE(BlockOn(slow.Begin("t:1", "add_note")).ok());
  const RunRecord record = BlockOn(store_->ListRunning()).value().front();
  ASSERT_TRUE(BlockOn(store_->Claim(record, "other", 1)).has_value());
  EXPECT_EQ(BlockOn(slow.Begin("t:2", "add_note")).code(), Code::kAborted);
  EXPECT_EQ(BlockOn(slow.End("t:1", tools::ToolResult{})).code(), Code::kAborted);
  const auto records = BlockOn(store_->LoadEffects("run_1")).value();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records.at("t:1").in_doubt());
}

TEST_P(RunStoreTest, HistoryIsAWindowOverTheNewestMessages) {
  RunStore::NewRun run = MakeRun("run_1", "last");
  for (int i = 0; i < 300; ++i) {
    run.imported.push_back(
        {.message_id = fmt::format("i{}", i), .role = "user", .content = fmt::format("{}", i)});
  }
  ASSERT_TRUE(Admit(std::move(run)).ok());
  std::vector<std::string> history = History();
  ASSERT_EQ(history.size(), static_cast<std::size_t>(HistoryWindow().messages));
  EXPECT_EQ(history.front(), "user:101");
  EXPECT_EQ(history.back(), "user:last");
  const std::string large(static_cast<std::size_t>(HistoryWindow().bytes) - 9, 'x');
  ASSERT_TRUE(Finish({"run_1", 1}, RunState::kCompleted, large).ok());
  history = History();
  EXPECT_EQ(history.size(), 3U);  // "299", "last" and the long one
  EXPECT_EQ(history.back().size(), large.size() + 10);
}

TEST_P(RunStoreTest, HeartbeatsTellWhoLives) {
  const Timestamp now = SystemClock().Now();
  const auto alive = BlockOn(store_->Heartbeat("a", now - std::chrono::seconds(1))).value();
  EXPECT_EQ(alive, (std::vector<std::string>{"a"}));
  EXPECT_EQ(BlockOn(store_->Heartbeat("b", now - std::chrono::seconds(1))).value().size(), 2U);
  EXPECT_TRUE(BlockOn(store_->LiveOwners(now + std::chrono::hours(1))).value().empty());
}

TEST_P(RunStoreTest, TheProbeReadsAndWrites) {
  EXPECT_TRUE(BlockOn(store_->Probe()).ok());
  EXPECT_TRUE(BlockOn(store_->Probe()).ok());
}

INSTANTIATE_TEST_SUITE_P(Databases, RunStoreTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs
