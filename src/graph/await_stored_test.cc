// A task that has awaited its start runs again as itself, wherever the process dies after.
#include <set>

#include <gtest/gtest.h>

#include "graph/testing/harness.h"
#include "graph/testing/mortal_store.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::GraphDraft;
using testing::GraphPtr;
using testing::MortalStore;

// Writes down the ids of the tasks that may change the world.
class ChangingNode final : public Node {
 public:
  explicit ChangingNode(std::vector<std::string>& ids) : ids_(ids) {}

  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    BATON_CO_TRY(co_await context.AwaitStored());
    ids_.emplace_back(context.task_id());
    co_return testing::Say(context.node_name());
  }

 private:
  std::vector<std::string>& ids_;
};

// a -> s(x -> change) -> change
GraphPtr ChangingGraph(std::vector<std::string>& ids) {
  GraphDraft inner;
  inner.Say("x").Add("change", std::make_unique<ChangingNode>(ids)).Chain({"x", "change"});
  GraphDraft draft;
  draft.Say("a").Sub("s", inner.Compile()).Add("change", std::make_unique<ChangingNode>(ids));
  return draft.Chain({"a", "s", "change"}).Compile();
}

struct AwaitCase {
  DurabilityMode mode;
  MortalStore::Death death;
};

class AwaitStoredTest : public ::testing::TestWithParam<AwaitCase> {};

TEST_P(AwaitStoredTest, ATaskThatRunsAgainAfterACrashIsTheSame) {
  const RunOptions options{.durability = GetParam().mode, .input_is_stored = true};
  int died_after_a_change = 0;
  for (int writes = 0;; ++writes) {
    SCOPED_TRACE("crash at write " + std::to_string(writes));
    checkpoint::MemoryCheckpointStore survivor;
    std::vector<std::string> ids;
    const GraphPtr graph = ChangingGraph(ids);
    MortalStore mortal(survivor, writes, GetParam().death);
    Bench(mortal).Input(graph, {{"log", json::Array{"in"}}}, options);
    if (!mortal.dead()) break;
    if (ids.empty()) continue;
    ++died_after_a_change;
    const RunResult result = Bench(survivor).GoOn(graph, options);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    const std::set<std::string> different(ids.begin(), ids.end());
    EXPECT_EQ(different.size(), 2U) << "a task ran again under another id";
  }
  EXPECT_GE(died_after_a_change, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, AwaitStoredTest,
    ::testing::Values(AwaitCase{DurabilityMode::kSync, MortalStore::Death::kBeforeWrite},
                      AwaitCase{DurabilityMode::kAsync, MortalStore::Death::kBeforeWrite},
                      AwaitCase{DurabilityMode::kAsync, MortalStore::Death::kAfterWrite},
                      AwaitCase{DurabilityMode::kExit, MortalStore::Death::kBeforeWrite},
                      AwaitCase{DurabilityMode::kExit, MortalStore::Death::kAfterWrite}));

TEST(AwaitStoredOnceTest, IsRefusedOnceAnotherRunOwnsTheThread) {
  checkpoint::MemoryCheckpointStore store;
  Bench bench(store);
  std::vector<std::string> ids;
  GraphDraft draft;
  draft.Do("a", [&store](NodeContext&) {
    EXPECT_TRUE(async::BlockOn(store.DeleteThread("t")).ok());
    return testing::Say("a");
  });
  draft.Add("change", std::make_unique<ChangingNode>(ids)).Chain({"a", "change"});
  const RunResult result = bench.Input(draft.Compile(), {{"log", json::Array{"in"}}},
                                       {.durability = DurabilityMode::kAsync});
  EXPECT_EQ(result.status.code(), Code::kAborted) << result.status.ToString();
  EXPECT_TRUE(ids.empty());
}

TEST(AwaitStoredOnceTest, IsRefusedInASubgraphThatStartsOver) {
  Bench bench;
  std::vector<std::string> ids;
  GraphDraft inner;
  inner.Add("change", std::make_unique<ChangingNode>(ids)).Edge(kStart, "change");
  GraphDraft draft;
  draft.Sub("s", inner.Compile({.persistence = Persistence::kNone})).Edge(kStart, "s");
  const RunResult result = bench.Input(draft.Compile(), {{"log", json::Array{"in"}}});
  EXPECT_EQ(result.status.code(), Code::kFailedPrecondition) << result.status.ToString();
  EXPECT_TRUE(ids.empty());
}

TEST(AwaitStoredOnceTest, IsOkWhereNothingIsKept) {
  NullCheckpointStore store;
  Bench bench(store);
  std::vector<std::string> ids;
  EXPECT_TRUE(bench.Input(ChangingGraph(ids), {{"log", json::Array{"in"}}}).status.ok());
  EXPECT_EQ(ids.size(), 2U);
}

}  // namespace
}  // namespace baton::graph
