#include "random_graph.h"

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "graph/state_graph.h"
#include "random_nodes.h"

namespace baton::simulation {
namespace {

using graph::Persistence;
using std::chrono::milliseconds;

constexpr int kLoopsEnd = 12;  // tasks after which no loop goes round again
constexpr int kDeepest = 2;    // subgraphs in subgraphs
constexpr milliseconds kTimeout = std::chrono::seconds(30);

class GraphMaker {
 public:
  // `changes`: whether a crash runs the very same task again, so that tools may change the world.
  GraphMaker(Random& random, int depth, Persistence persistence, bool changes)
      : random_(random),
        depth_(depth),
        persistence_(persistence),
        changes_(changes && persistence != Persistence::kNone),
        graph_(MakeChannels(depth)) {}

  std::shared_ptr<const graph::CompiledGraph> Make() {
    const int count = depth_ == 0 ? 3 + Pick(random_, 7) : 2 + Pick(random_, 2);
    for (int i = 0; i < count; ++i) AddNode(i);
    Expect(graph_.AddEdge(graph::kStart, names_[0]));
    for (int i = 1; i < count; ++i) Connect(i);
    if (Chance(random_, 40)) AddLoop();
    if (Chance(random_, 40)) AddSends();
    graph::CompileOptions options;
    options.recursion_limit = 100;
    options.name = fmt::format("graph {}", random_());
    options.persistence = persistence_;
    if (Chance(random_, 20)) options.step_timeout = 2 * kTimeout;
    auto compiled = std::move(graph_).Compile(options);
    BATON_CHECK(compiled.has_value(), compiled.error().ToString());
    return *compiled;
  }

 private:
  static graph::Channels MakeChannels(int depth) {
    graph::Channels channels;
    channels["log"] = {.kind = graph::ChannelKind::kAppend};
    channels["sum"] = {.kind = graph::ChannelKind::kSum};
    channels["kept"] = {.kind = graph::ChannelKind::kMerge};
    channels["chat"] = {.kind = graph::ChannelKind::kAppend};
    if (depth > 0) channels["mine"] = {.kind = graph::ChannelKind::kSum};
    return channels;
  }
  static void Expect(const Status& status) { BATON_CHECK(status.ok(), status.ToString()); }

  // With a place in the graph, so that it is unlike its neighbours': writes are applied by name,
  // not in the order of the edges.
  std::string NameOf(std::string_view place) {
    return std::string(1, static_cast<char>('a' + Pick(random_, 26))) + std::string(place) +
           std::string(static_cast<std::size_t>(depth_), 's');
  }
  Pace MakePace() {
    return {.yields = Pick(random_, 3),
            .delay = milliseconds(Chance(random_, 40) ? 1 + Pick(random_, 800) : 0)};
  }

  graph::NodeOptions MakeOptions() {
    graph::NodeOptions options;
    options.retry = {.max_attempts = 1 + Pick(random_, 3),
                     .first_delay = milliseconds(1 + Pick(random_, 1000)),
                     .jitter = Chance(random_, 50)};
    options.deferred = depth_ == 0 && Chance(random_, 8);
    if (Chance(random_, 25)) options.timeout.run = kTimeout;
    if (Chance(random_, 10)) options.timeout.idle = kTimeout;
    return options;
  }

  void AddNode(int i) {
    const std::string name = NameOf(std::to_string(i));
    names_.push_back(name);
    if (depth_ < kDeepest && i > 0 && Chance(random_, depth_ == 0 ? 20 : 10)) {
      return AddSubgraph(name);
    }
    if (Chance(random_, 20)) return AddModel(name);
    graph::NodeOptions options = MakeOptions();
    RandomNode::Asks asks;
    if (Chance(random_, 15)) {
      asks.questions = 1 + Pick(random_, 2);
      if (Chance(random_, 50)) asks.expires = std::chrono::minutes(1 + Pick(random_, 120));
    } else if (Chance(random_, 20)) {
      options.cache = graph::CachePolicy();
      if (Chance(random_, 60)) options.cache->ttl = std::chrono::minutes(1 + Pick(random_, 120));
    }
    auto node = std::make_unique<RandomNode>(name, MakePace(), asks);
    if (i == 0 || !Chance(random_, 15)) {
      Expect(graph_.AddNode(name, std::move(node), std::move(options)));
      return;
    }
    options.cache.reset();
    options.error_handler = std::move(node);
    Expect(graph_.AddNode(name, std::make_unique<FailingNode>(MakePace()), std::move(options)));
  }

  void AddSubgraph(const std::string& name) {
    constexpr std::array kPersistences{Persistence::kInherit, Persistence::kOwn,
                                       Persistence::kNone};
    const Persistence persistence = kPersistences[static_cast<std::size_t>(Pick(random_, 3))];
    graph::NodeOptions options = MakeOptions();
    // Once round: a list that a subgraph takes and gives back doubles each time.
    options.gives = {"sum", "kept", "log"};
    if (Chance(random_, 50)) options.gives.pop_back();
    Expect(graph_.AddSubgraph(name, GraphMaker(random_, depth_ + 1, persistence, changes_).Make(),
                              std::move(options)));
  }

  // A model and the tool that it calls, which leads back to it.
  void AddModel(const std::string& name) {
    const std::string tool = name + "tool";
    graph::NodeOptions options = MakeOptions();
    options.destinations = {tool};
    Expect(graph_.AddNode(name, std::make_unique<ModelNode>(name, tool, MakePace(), changes_),
                          std::move(options)));
    Pace pace = MakePace();
    pace.delay += milliseconds(1 + Pick(random_, 100));
    options = MakeOptions();
    options.deferred = false;
    Expect(graph_.AddNode(tool, std::make_unique<ToolNode>(tool, pace), std::move(options)));
    Expect(graph_.AddEdge(tool, name));
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
    const std::string worker = NameOf("worker");
    Expect(graph_.AddNode(worker,
                          std::make_unique<RandomNode>(worker, MakePace(), RandomNode::Asks()),
                          MakeOptions()));
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
  const Persistence persistence_;
  const bool changes_;
  graph::StateGraph graph_;
  std::vector<std::string> names_;
};

}  // namespace

std::shared_ptr<const graph::CompiledGraph> MakeGraph(Random& random) {
  return GraphMaker(random, 0, Persistence::kInherit, true).Make();
}

}  // namespace baton::simulation
