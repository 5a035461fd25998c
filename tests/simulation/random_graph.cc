#include "random_graph.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "graph/state_graph.h"

namespace baton::simulation {
namespace {

using graph::NodeContext;
using graph::NodeOutput;

constexpr int kLoopsEnd = 12;  // tasks after which no loop goes round again

std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

int SumIn(const json::Value& state) {
  const json::Value* sum = json::Find(state, "sum");
  return sum == nullptr ? 0 : sum->to_number<int>();
}

// Says its name, adds one, and keeps what it saw and was told under its name.
class RandomNode final : public graph::Node {
 public:
  RandomNode(std::string name, int yields, int questions)
      : name_(std::move(name)), yields_(yields), questions_(questions) {}

  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    auto& world = static_cast<World&>(*context.scope());
    for (int i = 0; i < yields_; ++i) co_await world.scheduler.Yield();
    if (Status status = world.on_start(context); !status.ok()) co_return Fail(status);
    json::Array told;
    for (int i = 0; i < questions_; ++i) {
      graph::Question question;
      question.payload = json::Object{{"node", name_}, {"number", i}};
      question.answer_schema = json::Object{{"type", "integer"}};
      const Result<json::Value> answer = co_await context.Interrupt(std::move(question));
      if (!answer) co_return Fail(answer.error());
      told.push_back(*answer);
    }
    co_await world.scheduler.Yield();
    NodeOutput output;
    output.writes["log"] = json::Array{json::Value(name_)};
    output.writes["sum"] = 1;
    output.writes["kept"] = json::Object{
        {name_, json::Object{{"told", std::move(told)}, {"saw", SeenIn(context.input())}}}};
    co_return output;
  }

 private:
  // The argument of a send is no state.
  static json::Value SeenIn(const json::Value& input) {
    const json::Value* argument = json::Find(input, "argument");
    return argument != nullptr ? *argument : json::Value(SumIn(input));
  }

  const std::string name_;
  const int yields_;
  const int questions_;
};

class GraphMaker {
 public:
  GraphMaker(Random& random, int depth) : random_(random), depth_(depth), graph_(MakeChannels()) {}

  std::shared_ptr<const graph::CompiledGraph> Make() {
    const int count = depth_ == 0 ? 3 + Pick(random_, 7) : 2 + Pick(random_, 2);
    for (int i = 0; i < count; ++i) AddNode(i);
    Expect(graph_.AddEdge(graph::kStart, names_[0]));
    for (int i = 1; i < count; ++i) Connect(i);
    if (Chance(random_, 40)) AddLoop();
    if (Chance(random_, 40)) AddSends();
    graph::CompileOptions options;
    options.recursion_limit = 100;
    auto compiled = std::move(graph_).Compile(options);
    BATON_CHECK(compiled.has_value(), compiled.error().ToString());
    return *compiled;
  }

 private:
  static graph::Channels MakeChannels() {
    graph::Channels channels;
    channels["log"] = {.kind = graph::ChannelKind::kAppend};
    channels["sum"] = {.kind = graph::ChannelKind::kSum};
    channels["kept"] = {.kind = graph::ChannelKind::kMerge};
    return channels;
  }
  static void Expect(const Status& status) { BATON_CHECK(status.ok(), status.ToString()); }

  void AddNode(int i) {
    // Unlike its neighbours': writes are applied by name, not in the order of the edges.
    const std::string name = std::string(1, static_cast<char>('a' + Pick(random_, 26))) +
                             std::to_string(i) + (depth_ == 0 ? "" : "s");
    names_.push_back(name);
    graph::NodeOptions options;
    options.retry = {.max_attempts = 1 + Pick(random_, 2),
                     .first_delay = std::chrono::milliseconds(0)};
    options.deferred = depth_ == 0 && Chance(random_, 8);
    if (depth_ == 0 && i > 0 && Chance(random_, 15)) {
      Expect(graph_.AddSubgraph(name, GraphMaker(random_, depth_ + 1).Make(), options));
      return;
    }
    const int questions = Chance(random_, 15) ? 1 + Pick(random_, 2) : 0;
    Expect(graph_.AddNode(name, std::make_unique<RandomNode>(name, Pick(random_, 3), questions),
                          options));
  }

  // Leads to node `i` from one or two of those before it.
  void Connect(int i) {
    std::set<std::string> from;
    for (int n = 1 + Pick(random_, 2); n > 0; --n) {
      from.insert(names_[static_cast<std::size_t>(Pick(random_, i))]);
    }
    if (from.size() > 1 && Chance(random_, 50)) {
      Expect(graph_.AddJoin({from.begin(), from.end()}, names_[static_cast<std::size_t>(i)]));
      return;
    }
    for (const std::string& name : from) {
      Expect(graph_.AddEdge(name, names_[static_cast<std::size_t>(i)]));
    }
  }

  void AddLoop() {
    const std::string back =
        names_[static_cast<std::size_t>(Pick(random_, static_cast<int>(names_.size())))];
    const auto router = [back](const json::Value& state) -> Result<graph::Route> {
      return graph::Route{{SumIn(state) < kLoopsEnd ? back : std::string(graph::kEnd)}, {}};
    };
    Expect(graph_.AddConditional(names_.back(), router, {back, std::string(graph::kEnd)}));
  }

  void AddSends() {
    const std::string worker = depth_ == 0 ? "worker" : "workers";
    Expect(graph_.AddNode(worker, std::make_unique<RandomNode>(worker, Pick(random_, 3), 0)));
    const int count = 1 + Pick(random_, 5);
    const auto router = [worker, count](const json::Value& state) -> Result<graph::Route> {
      graph::Route route;
      if (SumIn(state) >= kLoopsEnd) return route;
      for (int i = 0; i < count; ++i) {
        route.sends.push_back({worker, json::Object{{"argument", SumIn(state) * 100 + i}}});
      }
      return route;
    };
    Expect(graph_.AddConditional(names_[0], router, {worker}));
  }

  Random& random_;
  const int depth_;
  graph::StateGraph graph_;
  std::vector<std::string> names_;
};

}  // namespace

std::shared_ptr<const graph::CompiledGraph> MakeGraph(Random& random) {
  return GraphMaker(random, 0).Make();
}

int AnswerTo(const json::Value& payload) {
  return static_cast<int>(Hash(json::Serialize(payload)) % 1000);
}

}  // namespace baton::simulation
