// Turns that go on from an earlier message.
#include "runs/rewind.h"

#include <gtest/gtest.h>

#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using testing::OrchestratorWorld;
using testing::ReadToEnd;
using testing::Transcript;

using Lines = std::vector<std::string>;

class RewindTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  RewindTest() {
    agents::AgentSpec spec;
    spec.name = "chat";
    spec.title = "Chat";
    spec.workflow = "conversation";
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
    // How often it was asked and all that it was shown, so that no answer is like another.
    model_->AnswerOthers([this](const llm::ChatRequest& request) {
      std::string seen;
      for (const llm::Message& message : request.messages) {
        if (message.role != llm::Role::kSystem) seen += message.content + "|";
      }
      shown_.push_back(seen);
      return Says(fmt::format("answer {}", shown_.size()));
    });
    world_.Start({.heartbeat_interval = std::chrono::hours(1)});
  }

  static TurnRequest Ask(std::string query) {
    return {.user_id = "u", .conversation_id = "c", .query = std::move(query)};
  }
  static TurnRequest Edit(std::string message_id, std::string query) {
    TurnRequest request = Ask(std::move(query));
    request.edit_message_id = std::move(message_id);
    return request;
  }
  static TurnRequest Regenerate() {
    TurnRequest request = Ask("");
    request.regenerate = true;
    return request;
  }
  void Talk() {
    for (const std::string query : {"one", "two"}) {
      ASSERT_EQ(world_.Turn(Ask(query)).last_type(), "complete");
    }
  }
  Lines Messages(const std::string& conversation = "c", const std::string& column = "content") {
    const storage::Rows rows =
        world_.Query("SELECT " + column + " FROM messages WHERE thread_id = $1 ORDER BY position",
                     {"u:" + conversation});
    Lines lines;
    for (std::size_t row = 0; row < rows.rows.size(); ++row) lines.emplace_back(rows.Text(row, 0));
    return lines;
  }
  // The archived branches of the conversation, oldest first.
  Lines Kept() {
    const storage::Rows rows = world_.Query(
        "SELECT conversation_id FROM conversations WHERE parent_conversation_id = 'c' AND "
        "archived = 1 ORDER BY conversation_id");
    Lines kept;
    for (std::size_t row = 0; row < rows.rows.size(); ++row) kept.emplace_back(rows.Text(row, 0));
    return kept;
  }

  Lines shown_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_, GetParam()};
};

TEST_P(RewindTest, AnEditTakesTheMessagesPlaceAndWhatWasThereIsKept) {
  Talk();
  const std::string first = Messages("c", "message_id")[0];
  const Transcript edited = world_.Turn(Edit(first, "uno"));
  ASSERT_EQ(edited.last_type(), "complete") << edited.status.ToString();
  EXPECT_EQ(Messages(), (Lines{"uno", "answer 3"}));
  EXPECT_EQ(shown_.back(), "uno|");
  ASSERT_EQ(Kept().size(), 1U);
  EXPECT_EQ(edited.chunks.front().metadata.at("kept_conversation_id"), Kept()[0]);
  EXPECT_EQ(Messages(Kept()[0]), (Lines{"one", "answer 1", "two", "answer 2"}));
  EXPECT_EQ(world_.Query("SELECT title FROM conversations WHERE thread_id = 'u:c'").Text(0, 0),
            "uno");
}

TEST_P(RewindTest, RegeneratingAnswersTheSameQuestionWithTheSameHistory) {
  Talk();
  ASSERT_EQ(world_.Turn(Regenerate()).last_type(), "complete");
  EXPECT_EQ(Messages(), (Lines{"one", "answer 1", "two", "answer 3"}));
  EXPECT_EQ(shown_[2], shown_[1]);
  ASSERT_EQ(Kept().size(), 1U);
  EXPECT_EQ(Messages(Kept()[0]), (Lines{"one", "answer 1", "two", "answer 2"}));
}

TEST_P(RewindTest, AQuestionThatWasNeverAnsweredReplacesItself) {
  model_->Add(baton::testing::Fails(Fail(Code::kInvalidArgument, "the model cannot")));
  ASSERT_EQ(world_.Turn(Ask("one")).last_type(), "error");
  ASSERT_EQ(world_.Turn(Regenerate()).last_type(), "complete");
  EXPECT_EQ(Messages(), (Lines{"one", "answer 1"}));
  EXPECT_EQ(Kept(), Lines{});
}

TEST_P(RewindTest, ATurnBehindAMessageBranchesOffThere) {
  Talk();
  TurnRequest request = Ask("deux");
  request.base_message_id = Messages("c", "message_id")[1];
  ASSERT_EQ(world_.Turn(request).last_type(), "complete");
  EXPECT_EQ(Messages(), (Lines{"one", "answer 1", "deux", "answer 3"}));
  EXPECT_EQ(Kept().size(), 1U);
  // Behind the newest there is nothing to keep.
  request.base_message_id = Messages("c", "message_id")[3];
  ASSERT_EQ(world_.Turn(request).last_type(), "complete");
  EXPECT_EQ(Messages().size(), 6U);
  EXPECT_EQ(Kept().size(), 1U);
}

TEST_P(RewindTest, OnlyTheConversationsOwnMessagesCanBeNamed) {
  Talk();
  const Lines ids = Messages("c", "message_id");
  TurnRequest foreign = Edit(ids[0], "mine");
  foreign.user_id = "mallory";
  EXPECT_EQ(world_.Turn(foreign).status.code(), Code::kNotFound);
  TurnRequest elsewhere = Ask("mine");
  elsewhere.conversation_id = "d";
  elsewhere.base_message_id = ids[0];
  EXPECT_EQ(world_.Turn(elsewhere).status.code(), Code::kNotFound);
  elsewhere = Regenerate();
  elsewhere.conversation_id = "d";
  EXPECT_EQ(world_.Turn(elsewhere).status.code(), Code::kNotFound);
  EXPECT_EQ(world_.Turn(Edit(ids[1], "put words in its mouth")).status.code(),
            Code::kInvalidArgument);
  TurnRequest both = Regenerate();
  both.edit_message_id = ids[0];
  EXPECT_EQ(world_.Turn(both).status.code(), Code::kInvalidArgument);
  TurnRequest asks = Regenerate();
  asks.query = "else";
  EXPECT_EQ(world_.Turn(asks).status.code(), Code::kInvalidArgument);
  EXPECT_EQ(Messages(), (Lines{"one", "answer 1", "two", "answer 2"}));
  EXPECT_EQ(Kept(), Lines{});
}

TEST_P(RewindTest, WhileARunIsUnderWayItIsRefused) {
  const auto gate = std::make_shared<Gate>();
  ScriptedTurn held;
  held.pieces = {{"Before."}, {" After.", gate}};
  model_->Add(std::move(held));
  auto stream = world_.Open(world_.runtime.At(0), Ask("one"));
  async::BlockOn(gate->Reached());
  TurnRequest edit = Edit(Messages("c", "message_id")[0], "uno");
  edit.on_busy = "interrupt";
  EXPECT_EQ(world_.Turn(edit).status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(world_.Turn(Regenerate()).status.code(), Code::kFailedPrecondition);
  gate->Open();
  EXPECT_EQ(async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream)).answer(), "Before. After.");
  EXPECT_EQ(Messages(), (Lines{"one", "Before. After."}));
}

// The batch of the admission is all or nothing: whichever write a crash stops, the conversation is
// as it was, or as the edit makes it with what was there kept.
TEST_P(RewindTest, ACrashLosesNothing) {
  Talk();
  const Lines before = Messages();
  const std::string first = Messages("c", "message_id")[0];
  bool stopped = true;
  for (int writes = 0; stopped; ++writes) {
    ASSERT_LT(writes, 50);
    world_.database->FailAfter(writes);
    stopped = world_.Turn(Edit(first, "uno")).last_type() != "complete";
    world_.Stop();
    world_.database->Recover();
    if (Messages() == before) {
      EXPECT_EQ(Kept(), Lines{});
    } else {
      ASSERT_EQ(Messages()[0], "uno");
      ASSERT_EQ(Kept().size(), 1U);
      EXPECT_EQ(Messages(Kept()[0]), before);
      return;
    }
    world_.Start({.heartbeat_interval = std::chrono::hours(1)});
  }
}

// Both find the conversation as it is; one of them is admitted.
TEST_P(RewindTest, OfTwoEditsThatMeetOneIsRefused) {
  Talk();
  const Lines before = Messages();
  IdGenerator ids{SystemClock(), 7};
  const TurnRequest request = Edit(Messages("c", "message_id")[0], "uno");
  const auto rewind = async::BlockOn(FindRewind(*world_.database, ids, request));
  ASSERT_TRUE(rewind.has_value()) << rewind.error().ToString();
  ASSERT_EQ(world_.Turn(Ask("three")).last_type(), "complete");
  const RunRecord run{.run_id = "r", .user_id = "u", .conversation_id = "c", .thread_id = "u:c"};
  const auto written = async::BlockOn(world_.database->Write(
      RewindStatements(run, *rewind, "uno", "now"), storage::Durability::kFlushed));
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code(), Code::kAborted);
  EXPECT_EQ(Messages().size(), before.size() + 2);
}

INSTANTIATE_TEST_SUITE_P(Databases, RewindTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres));

}  // namespace
}  // namespace baton::runs
