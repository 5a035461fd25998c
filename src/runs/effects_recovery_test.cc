// A process dies at every write of a run that changes the world; each change is there once.
#include <algorithm>
#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "runs/testing/orchestrator_world.h"
#include "testing/counting_tool.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::CountingTool;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using testing::OrchestratorWorld;
using testing::Transcript;

// Lets a test keep the tool that a registry owns.
class SharedTool final : public tools::Tool {
 public:
  explicit SharedTool(std::shared_ptr<tools::Tool> tool) : tool_(std::move(tool)) {}
  const tools::ToolDefinition& definition() const override { return tool_->definition(); }
  async::Task<Result<tools::ToolResult>> Call(const json::Object& arguments,
                                              const tools::ToolContext& context) override {
    co_return co_await tool_->Call(arguments, context);
  }

 private:
  const std::shared_ptr<tools::Tool> tool_;
};

// Two notes at once, then a third, then the answer. A model that is asked again gives its calls
// other ids.
ScriptedTurn NextNote(const llm::ChatRequest& request, int request_number) {
  const auto results = std::ranges::count(request.messages, llm::Role::kTool, &llm::Message::role);
  ScriptedTurn turn;
  std::vector<std::string> notes;
  if (results == 0) notes = {"milk", "eggs"};
  if (results == 2) notes = {"salt"};
  if (notes.empty()) return baton::testing::Says("All noted.");
  for (const std::string& note : notes) {
    turn.tool_calls.push_back(
        {fmt::format("id{}{}", request_number, note), "add_note", {{"text", note}}});
  }
  return turn;
}

class EffectsRecoveryTest : public ::testing::Test {
 protected:
  EffectsRecoveryTest() {
    model_->AnswerOthers(
        [this](const llm::ChatRequest& request) { return NextNote(request, ++requests_); });
    BATON_CHECK(world_.tools.Add(std::make_unique<SharedTool>(note_)).ok(), "tool");
    world_.agents.AddWorkflow({.name = "chat",
                               .title = "Chat",
                               .workflow = "conversation",
                               .tools = {{"add_note"}},
                               .prompt = "Note."});
  }

  static TurnRequest NoteTurn() {
    return {.user_id = "u", .conversation_id = "c", .query = "q", .agent_type = "chat"};
  }
  static TurnRequest ResumeTurn() {
    return {.user_id = "u", .conversation_id = "c", .resume = true};
  }

  // A user who looks before they answer.
  TurnRequest AnswerTo(const std::string& questions) {
    TurnRequest request = ResumeTurn();
    const json::Value list = json::Parse(questions).value();
    for (const json::Value& question : list.as_array()) {
      const json::Value& payload = question.at("payload");
      EXPECT_EQ(json::GetString(payload, "kind"), "effect_in_doubt");
      const int count = note_->CountOf(json::GetString(payload.at("arguments"), "text"));
      request.answers[std::string(json::GetString(question, "id"))] =
          count > 0 ? R"({"action":"done","result":"It is there."})" : R"({"action":"retry"})";
      ++questions_;
    }
    return request;
  }

  // Runs the turn, or goes on with it, in a process that dies after that many writes.
  Transcript Live(TurnRequest request, std::int64_t writes) {
    world_.Start();
    world_.database->FailAfter(writes);
    const Transcript transcript = world_.Turn(std::move(request));
    world_.database->FailAfter(0);
    world_.Stop();
    world_.database->Recover();
    return transcript;
  }

  // To the run's end, whatever it asks.
  Transcript LiveOn() {
    world_.Start();
    Transcript transcript = world_.Turn(ResumeTurn());
    while (transcript.meta("state") == "waiting") {
      transcript = world_.Turn(AnswerTo(transcript.meta("questions")));
    }
    world_.Stop();
    return transcript;
  }

  void ExpectEachOnce(const Transcript& end) {
    EXPECT_EQ(end.last_type(), "complete") << end.status.ToString();
    for (const char* text : {"milk", "eggs", "salt"}) EXPECT_EQ(note_->CountOf(text), 1) << text;
    EXPECT_EQ(world_.Answers("u:c"), (std::vector<std::string>{"All noted."}));
    EXPECT_TRUE(world_.Query("SELECT * FROM run_effects").rows.empty());
  }

  int requests_ = 0;
  int questions_ = 0;
  std::shared_ptr<CountingTool> note_ = std::make_shared<CountingTool>();
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

// A world for each death.
class DyingWorld : public EffectsRecoveryTest {
 public:
  void TestBody() override {}

  // False once nothing dies any more.
  bool DieAfter(std::vector<std::int64_t> lives) {
    Transcript transcript = Live(NoteTurn(), lives.front());
    if (transcript.chunks.empty()) {
      EXPECT_TRUE(note_->changes().empty()) << "not admitted";
      return true;
    }
    const bool finished = transcript.last_type() == "complete" && lives.size() == 1 &&
                          transcript.meta("state") == "completed";
    for (std::size_t i = 1; i < lives.size(); ++i) {
      const bool asked = transcript.meta("state") == "waiting";
      transcript = Live(asked ? AnswerTo(transcript.meta("questions")) : ResumeTurn(), lives[i]);
    }
    ExpectEachOnce(LiveOn());
    return !finished;
  }
  int questions() const { return questions_; }
};

TEST(EffectsRecovery, EachChangeIsMadeOnceWhereverTheProcessDied) {
  int questions = 0;
  bool died = true;
  for (std::int64_t writes = 0; died; ++writes) {
    SCOPED_TRACE(fmt::format("died after {} writes", writes));
    DyingWorld world;
    died = world.DieAfter({writes});
    questions += world.questions();
    ASSERT_LT(writes, 100);
  }
  EXPECT_GE(questions, 2) << "hardly any death left a call in doubt: the test shows nothing";
}

TEST(EffectsRecovery, EachChangeIsMadeOnceOverSeveralDeaths) {
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::int64_t> lives;
    for (int i = 0; i < 4; ++i) lives.push_back(1 + static_cast<std::int64_t>(random() % 10));
    SCOPED_TRACE(fmt::format("lives of {} writes", fmt::join(lives, ", ")));
    DyingWorld().DieAfter(lives);
  }
}

TEST_F(EffectsRecoveryTest, AShutdownInMidCallLeavesItInDoubt) {
  note_->after = std::make_shared<baton::testing::Gate>();
  world_.Start();
  auto stream = world_.Open(world_.runtime.At(0), NoteTurn());
  async::BlockOn(note_->after->Reached());
  world_.Stop();
  stream.reset();
  note_->after = nullptr;
  const Transcript end = LiveOn();
  EXPECT_GE(questions_, 1);
  ExpectEachOnce(end);
}

}  // namespace
}  // namespace baton::runs
