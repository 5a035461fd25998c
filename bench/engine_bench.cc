// E1: one Run() on a compiled graph, no store. bench/peers/engine.mjs runs the same graphs.
#include <cstdlib>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "async/block_on.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "graph/checkpoint_store.h"
#include "graph/runner.h"
#include "graph/state_graph.h"

namespace baton {
namespace {

using graph::Node;
using graph::NodeContext;
using graph::NodeOutput;

using CompiledPtr = std::shared_ptr<const graph::CompiledGraph>;

// Writes [name] to the list channel `log`.
class NameNode final : public Node {
 public:
  explicit NameNode(std::string name) : name_(std::move(name)) {}
  std::optional<Result<NodeOutput>> RunNow(NodeContext&) override {
    NodeOutput output;
    output.writes["log"] = json::Array{json::Value(name_)};
    return output;
  }
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override { co_return *RunNow(context); }

 private:
  const std::string name_;
};

// Writes [argument.v] to `log`.
class ArgumentNode final : public Node {
 public:
  std::optional<Result<NodeOutput>> RunNow(NodeContext& context) override {
    NodeOutput output;
    output.writes["log"] = json::Array{*json::Find(context.input(), "v")};
    return output;
  }
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override { co_return *RunNow(context); }
};

void Must(const Status& status) { BATON_CHECK(status.ok(), status.ToString()); }

graph::StateGraph NewGraph(std::initializer_list<const char*> names) {
  graph::Channels channels;
  channels["log"] = {.kind = graph::ChannelKind::kAppend};
  graph::StateGraph graph(std::move(channels));
  for (const char* name : names) Must(graph.AddNode(name, std::make_unique<NameNode>(name)));
  return graph;
}

CompiledPtr Finish(graph::StateGraph graph) {
  auto compiled = std::move(graph).Compile();
  BATON_CHECK(compiled.has_value(), compiled.error().ToString());
  return *compiled;
}

CompiledPtr Linear3() {
  graph::StateGraph graph = NewGraph({"a", "b", "c"});
  Must(graph.AddEdge(graph::kStart, "a"));
  Must(graph.AddEdge("a", "b"));
  Must(graph.AddEdge("b", "c"));
  Must(graph.AddEdge("c", graph::kEnd));
  return Finish(std::move(graph));
}

CompiledPtr Fanout5() {
  graph::StateGraph graph = NewGraph({"a", "b", "c", "d", "e", "f", "z"});
  Must(graph.AddEdge(graph::kStart, "a"));
  for (const char* name : {"b", "c", "d", "e", "f"}) Must(graph.AddEdge("a", name));
  Must(graph.AddJoin({"b", "c", "d", "e", "f"}, "z"));
  Must(graph.AddEdge("z", graph::kEnd));
  return Finish(std::move(graph));
}

Result<graph::Route> SendHundred(const json::Value&) {
  graph::Route route;
  for (int i = 0; i < 100; ++i) route.sends.push_back({"w", json::Object{{"v", i}}});
  return route;
}

CompiledPtr Send100() {
  graph::StateGraph graph = NewGraph({"a"});
  Must(graph.AddNode("w", std::make_unique<ArgumentNode>()));
  Must(graph.AddEdge(graph::kStart, "a"));
  Must(graph.AddConditional("a", SendHundred, {"w"}));
  Must(graph.AddEdge("w", graph::kEnd));
  return Finish(std::move(graph));
}

async::Task<void> RunLoop(benchmark::State& state, CompiledPtr compiled, std::size_t expected) {
  graph::NullCheckpointStore store;
  IdGenerator ids(SystemClock(), 1);
  graph::Runner runner(store, SystemClock(), ids);
  const json::Value input = json::Object{{"log", json::Array{"in"}}};
  for (auto _ : state) {
    graph::RunResult result = co_await runner.Run(compiled, {.thread_id = "t", .input = input}, {});
    const json::Value* log = json::Find(result.values, "log");
    BATON_CHECK(result.status.ok() && log != nullptr && log->get_array().size() == expected,
                "wrong answer: " + result.status.ToString());
  }
}

void Bench(benchmark::State& state, CompiledPtr (*build)(), std::size_t expected) {
  async::BlockOn(RunLoop(state, build(), expected));
}

BENCHMARK_CAPTURE(Bench, linear3, &Linear3, 4)->Name("linear3")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Bench, fanout5, &Fanout5, 8)->Name("fanout5")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Bench, send100, &Send100, 102)->Name("send100")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace baton

BENCHMARK_MAIN();
