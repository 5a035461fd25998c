// Graph files whose tools change the world.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/graph_file.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "async/task_group.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "graph/runner.h"
#include "graph/testing/mortal_store.h"
#include "testing/counting_tool.h"

namespace baton::agents {
namespace {

using baton::testing::CountingTool;
using baton::testing::Gate;
using graph::testing::MortalStore;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kNotingGraph = R"(
graph: noting
description: Notes what it is given.
channels: {text: last, said: last, log: append}
nodes:
  before: {set: {log: before}}
  note: {tool: {tool: add_note, arguments: {text: "{{/text}}"}, write: said}}
  after: {set: {log: after}}
edges: [START -> before -> note -> after]
)";

class GraphFileEffects : public ::testing::Test {
 protected:
  GraphFileEffects() {
    file_ = ParseGraphFile(kNotingGraph, "noting.yaml", {}).value();
    const auto call = [this](json::Object arguments, tools::ToolContext context) {
      return Pass(*note_, std::move(arguments), std::move(context));
    };
    EXPECT_TRUE(tools_.Add(std::make_unique<FunctionTool>(note_->definition(), call)).ok());
    scope_.models = &models_;
    scope_.tools = &tools_;
    scope_.effects = &journal_;
  }
  static async::Task<Result<tools::ToolResult>> Pass(CountingTool& tool, json::Object arguments,
                                                     tools::ToolContext context) {
    co_return co_await tool.Call(arguments, context);
  }

  async::Task<graph::RunResult> RunOn(graph::CheckpointStore& store, graph::RunRequest request) {
    graph::Runner runner(store, SystemClock(), ids_);
    request.thread_id = "t";
    co_return co_await runner.Run(file_.graph, std::move(request), {.scope = &scope_});
  }
  graph::RunResult Start(graph::CheckpointStore& store) {
    return async::BlockOn(RunOn(store, {.input = json::Object{{"text", "milk"}}}));
  }
  graph::RunResult GoOn(graph::CheckpointStore& store) { return async::BlockOn(RunOn(store, {})); }
  graph::RunResult Answer(json::Object answer) {
    return async::BlockOn(RunOn(store_, {.answers = {{"", std::move(answer)}}}));
  }
  static std::string SaidIn(const graph::RunResult& result) {
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    return std::string(json::GetString(result.values, "said"));
  }

  async::Task<void> RunInto(graph::RunResult& result) {
    result = co_await RunOn(store_, {.input = json::Object{{"text", "milk"}}});
  }
  async::Task<void> CutOff(std::shared_ptr<Gate> gate, graph::RunResult& result) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(RunInto(result));
    co_await gate->Reached();
    group.Cancel(CancelReason::kShutdown);
    co_await group.Join();
  }
  void DieInTheCall() {
    note_->after = std::make_shared<Gate>();
    graph::RunResult result;
    async::BlockOn(CutOff(note_->after, result));
    EXPECT_FALSE(result.status.ok());
    note_->after = nullptr;
  }

  checkpoint::MemoryCheckpointStore store_;
  tools::MemoryEffectJournal journal_;
  std::shared_ptr<CountingTool> note_ = std::make_shared<CountingTool>();
  tools::ToolRegistry tools_;
  llm::ModelCatalog models_;
  IdGenerator ids_{SystemClock(), 1};
  GraphScope scope_;
  GraphFile file_;
};

TEST_F(GraphFileEffects, AToolIsCalledOnceWhicheverWriteIsLost) {
  int replayed = 0;
  bool died = true;
  for (int writes = 1; died; ++writes) {
    SCOPED_TRACE(fmt::format("the store dies at write {}", writes));
    checkpoint::MemoryCheckpointStore survivor;
    MortalStore mortal(survivor, writes, MortalStore::Death::kBeforeWrite);
    journal_ = {};
    const int before = note_->CountOf("milk");
    Start(mortal);
    died = mortal.dead();
    if (!died) break;
    replayed += note_->CountOf("milk") - before;
    EXPECT_EQ(SaidIn(GoOn(survivor)), "Noted: milk");
    EXPECT_EQ(note_->CountOf("milk") - before, 1);
    ASSERT_LT(writes, 20);
  }
  EXPECT_GE(replayed, 1) << "no death came after the call";
}

TEST_F(GraphFileEffects, ACallThatWasCutOffIsAskedAbout) {
  DieInTheCall();
  const graph::RunResult asked = GoOn(store_);
  ASSERT_THAT(asked.questions, SizeIs(1)) << asked.status.ToString();
  EXPECT_EQ(json::GetString(asked.questions[0].payload, "kind"), "effect_in_doubt");
  EXPECT_EQ(note_->CountOf("milk"), 1);
  EXPECT_EQ(SaidIn(Answer({{"action", "done"}, {"result", "It is there."}})), "It is there.");
  EXPECT_EQ(note_->CountOf("milk"), 1);
}

TEST_F(GraphFileEffects, ACallThatIsSkippedSaysSo) {
  DieInTheCall();
  GoOn(store_);
  EXPECT_THAT(SaidIn(Answer({{"action", "skip"}})), HasSubstr("chose to leave it"));
  EXPECT_EQ(note_->CountOf("milk"), 1);
}

TEST_F(GraphFileEffects, AFailureThatMayHaveHappenedIsAskedAboutWhenTheNodeRunsAgain) {
  note_->failure = Status(Code::kUnavailable, "the connection broke");
  EXPECT_EQ(Start(store_).status.message(), "tool 'add_note': the connection broke");
  note_->failure = {};
  const graph::RunResult asked = GoOn(store_);
  ASSERT_THAT(asked.questions, SizeIs(1)) << asked.status.ToString();
  EXPECT_THAT(std::string(json::GetString(asked.questions[0].payload, "reason")),
              HasSubstr("the connection broke. It may have happened all the same."));
  EXPECT_EQ(SaidIn(Answer({{"action", "retry"}})), "Noted: milk");
  EXPECT_EQ(note_->CountOf("milk"), 2);
}

TEST_F(GraphFileEffects, ACallThatWasRefusedIsMadeAgainWhenTheNodeRunsAgain) {
  note_->failure = Status(Code::kPermissionDenied, "read only");
  EXPECT_EQ(Start(store_).status.code(), Code::kPermissionDenied);
  note_->failure = {};
  EXPECT_EQ(SaidIn(GoOn(store_)), "Noted: milk");
}

TEST_F(GraphFileEffects, WithoutAJournalNothingIsChanged) {
  scope_.effects = nullptr;
  EXPECT_EQ(Start(store_).status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(note_->changes(), SizeIs(0));
}

}  // namespace
}  // namespace baton::agents
