// A run that asks: answered, superseded or cancelled.
#include <gtest/gtest.h>

#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Calls;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using testing::OrchestratorWorld;
using testing::Transcript;

class AskedTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = "notes"};
  }

 private:
  tools::ToolDefinition definition_{.name = "search_documents",
                                    .description = "Searches.",
                                    .parameters = json::Object{{"type", "object"}}};
};

// The agent asks before each call of its tool.
class QuestionTest : public ::testing::Test {
 protected:
  QuestionTest() {
    BATON_CHECK(world_.tools.Add(std::make_unique<AskedTool>()).ok(), "tool");
    agents::AgentSpec spec;
    spec.name = "careful";
    spec.title = "Careful";
    spec.workflow = "conversation";
    spec.tools = {{"search_documents", agents::Permission::kAsk}};
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
  }

  static TurnRequest Turn(std::string query) {
    return {.user_id = "u", .conversation_id = "c", .query = std::move(query)};
  }
  static TurnRequest ResumeTurn() {
    return {.user_id = "u", .conversation_id = "c", .resume = true};
  }
  static void ExpectWhole(const Transcript& transcript, std::int64_t first = 1) {
    EXPECT_TRUE(transcript.status.ok()) << transcript.status.ToString();
    for (std::size_t i = 0; i < transcript.chunks.size(); ++i) {
      EXPECT_EQ(transcript.chunks[i].seq, static_cast<std::int64_t>(i) + first);
      EXPECT_EQ(transcript.chunks[i].run_id, transcript.run_id());
    }
  }

  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

TEST_F(QuestionTest, AQuestionWaitsAndAnAnswerGoesOn) {
  world_.Start();
  model_->Add(Calls("search_documents", {{"query", "x"}}));
  model_->Add(Says("Done."));
  const Transcript asked = world_.Turn(Turn("may I?"));
  ExpectWhole(asked);
  EXPECT_EQ(asked.last_type(), "complete");
  ASSERT_EQ(asked.meta("state"), "waiting");
  EXPECT_EQ(world_.StateOf(asked.run_id()), "waiting");
  const json::Value questions = json::Parse(asked.meta("questions")).value();
  ASSERT_EQ(questions.as_array().size(), 1U);
  const json::Value& question = questions.as_array()[0];
  EXPECT_NE(json::Find(question, "payload"), nullptr);
  EXPECT_NE(json::Find(question, "answer_schema"), nullptr);

  TurnRequest answer = ResumeTurn();
  answer.answers = {{std::string(json::GetString(question, "id")), R"({"approved": "maybe"})"}};
  EXPECT_EQ(world_.Turn(answer).status.code(), Code::kInvalidArgument);
  answer.answers = {{"no such question", R"({"approved": true})"}};
  EXPECT_EQ(world_.Turn(answer).status.code(), Code::kInvalidArgument);
  EXPECT_EQ(world_.StateOf(asked.run_id()), "waiting");

  answer.answers = {{std::string(json::GetString(question, "id")), R"({"approved": true})"}};
  const Transcript answered = world_.Turn(answer);
  ExpectWhole(answered, asked.chunks.back().seq + 1);
  EXPECT_EQ(answered.run_id(), asked.run_id());
  EXPECT_EQ(answered.answer(), "Done.");
  EXPECT_EQ(answered.chunks.back().tools_used, (std::vector<std::string>{"search_documents"}));
  EXPECT_EQ(world_.StateOf(asked.run_id()), "completed");
  EXPECT_EQ(world_.Turn(answer).status.code(), Code::kFailedPrecondition);
  ExpectWhole(world_.Turn(ResumeTurn()));
}

TEST_F(QuestionTest, AnAnswerCountsAfterARestart) {
  world_.Start();
  model_->Add(Calls("search_documents", {{"query", "x"}}));
  model_->Add(Says("Fine, without."));
  ASSERT_EQ(world_.Turn(Turn("may I?")).meta("state"), "waiting");
  world_.Stop();
  world_.Start();
  TurnRequest answer = ResumeTurn();
  answer.answers = {{"", R"({"approved": false})"}};
  EXPECT_EQ(world_.Turn(answer).answer(), "Fine, without.");
}

TEST_F(QuestionTest, ANewMessageEndsTheWait) {
  world_.Start();
  model_->Add(Calls("search_documents", {{"query", "x"}}));
  model_->Add(Says("Something else."));
  const Transcript asked = world_.Turn(Turn("may I?"));
  EXPECT_TRUE(world_.HasCheckpoints("u:c/" + asked.run_id()));
  const Transcript next = world_.Turn(Turn("never mind"));
  EXPECT_EQ(next.answer(), "Something else.");
  EXPECT_NE(next.run_id(), asked.run_id());
  EXPECT_EQ(world_.StateOf(asked.run_id()), "cancelled");

  TurnRequest replay = ResumeTurn();
  replay.run_id = asked.run_id();
  const Transcript whole = world_.Turn(replay);
  ExpectWhole(whole);
  ASSERT_EQ(whole.chunks.size(), asked.chunks.size() + 1);
  EXPECT_EQ(whole.last_type(), "error");
  EXPECT_EQ(whole.chunks.back().message, "superseded by a new message");
  EXPECT_EQ(whole.meta("state"), "cancelled");
  EXPECT_EQ(whole.meta("code"), "CANCELLED");
  EXPECT_EQ(whole.meta("superseded_by"), next.run_id());
  EXPECT_FALSE(world_.HasCheckpoints("u:c/" + asked.run_id()));
}

TEST_F(QuestionTest, AWaitingRunWhoseLogCannotBeReadIsSupersededAllTheSame) {
  world_.Start();
  model_->Add(Calls("search_documents", {{"query", "x"}}));
  const Transcript asked = world_.Turn(Turn("may I?"));
  ASSERT_EQ(asked.meta("state"), "waiting");
  std::vector<storage::Statement> broken = {{"UPDATE run_log SET chunks = 'no chunks'", {}}};
  ASSERT_TRUE(
      async::BlockOn(world_.database->Write(std::move(broken), storage::Durability::kFlushed)));
  model_->Add(Says("next"));
  EXPECT_EQ(world_.Turn(Turn("something else")).answer(), "next");
  EXPECT_EQ(world_.StateOf(asked.run_id()), "cancelled");
}

TEST_F(QuestionTest, AWaitingRunMayBeCancelled) {
  world_.Start();
  model_->Add(Calls("search_documents", {{"query", "x"}}));
  const Transcript asked = world_.Turn(Turn("may I?"));
  ASSERT_EQ(asked.meta("state"), "waiting");
  TurnRequest cancel = ResumeTurn();
  cancel.cancel = true;
  const Transcript cancelled = world_.Turn(cancel);
  ExpectWhole(cancelled);
  ASSERT_EQ(cancelled.chunks.size(), asked.chunks.size() + 1);
  EXPECT_EQ(cancelled.last_type(), "error");
  EXPECT_EQ(cancelled.meta("code"), "CANCELLED");
  EXPECT_EQ(world_.StateOf(asked.run_id()), "cancelled");
  world_.Stop();  // waits for what comes after the stream
  EXPECT_FALSE(world_.HasCheckpoints("u:c/" + asked.run_id()));
  EXPECT_TRUE(world_.Query("SELECT run_id FROM run_requests").rows.empty());
}

}  // namespace
}  // namespace baton::runs
