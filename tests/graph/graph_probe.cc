// Builds a graph of a case (cases.md) with the public builder, runs the case's script against a
// checkpointer, and prints what the engine answers. It knows nothing of the expected answers.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/block_on.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "graph/runner.h"
#include "graph/state_graph.h"
#include "json/json.h"
#include "storage/open.h"

namespace baton::probe {
namespace {

using json::Value;
using GraphPtr = std::shared_ptr<const graph::CompiledGraph>;

std::string Text(const Value& value) { return std::string(json::ToStringView(value.as_string())); }

std::vector<std::string> Texts(const Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const Value& text : list->as_array()) texts.push_back(Text(text));
  return texts;
}

std::string NodeName(const std::string& name) {
  return name == "__start__" ? "START" : name == "__end__" ? "END" : name;
}

// A node that does what the case says of it.
class CaseNode final : public graph::Node {
 public:
  explicit CaseNode(Value description) : description_(std::move(description)) {}

  std::optional<Result<graph::NodeOutput>> RunNow(graph::NodeContext& context) override {
    if (json::Find(description_, "interrupts") != nullptr || SlowPath()) return std::nullopt;
    return Begin(context);
  }

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    Result<graph::NodeOutput> output = Begin(context);
    const Value* interrupts = json::Find(description_, "interrupts");
    if (!output || interrupts == nullptr) co_return output;
    for (const Value& interrupt : interrupts->as_array()) {
      graph::Question question;
      question.payload = interrupt.at("value");
      Result<Value> answer = co_await context.Interrupt(std::move(question));
      if (!answer) co_return Fail(std::move(answer).error());
      Push(output->writes, Text(interrupt.at("into")), *answer);
    }
    co_return output;
  }

 private:
  // Every node as a coroutine: the engine must answer the same.
  static bool SlowPath() { return std::getenv("PROBE_SUSPEND") != nullptr; }

  static void Push(json::Object& writes, const std::string& channel, Value value) {
    Value& list = writes[channel];
    if (list.is_null()) list = json::Array();
    list.as_array().push_back(std::move(value));
  }

  Result<graph::NodeOutput> Begin(graph::NodeContext& context) {
    if (calls_++ < json::GetInt(description_, "fail_times")) {
      return Fail(Code::kInternal, "told to fail");
    }
    graph::NodeOutput output;
    if (const Value* writes = json::Find(description_, "writes")) {
      output.writes = writes->as_object();
    }
    if (const Value* echo = json::Find(description_, "echo")) {
      output.writes[Text(*echo)] = json::Array{context.input()};
    }
    if (const Value* sends = json::Find(description_, "send")) {
      for (const Value& send : sends->as_array()) {
        output.sends.push_back({Text(send.at("node")), send.at("arg")});
      }
    }
    for (std::string& name : Texts(json::Find(description_, "goto"))) {
      output.go_to.push_back(NodeName(name));
    }
    return output;
  }

  const Value description_;
  int calls_ = 0;
};

graph::ChannelKind KindOf(std::string_view type) {
  static const std::map<std::string_view, graph::ChannelKind> kinds = {
      {"last", graph::ChannelKind::kLastValue}, {"append", graph::ChannelKind::kAppend},
      {"sum", graph::ChannelKind::kSum},        {"max", graph::ChannelKind::kMax},
      {"merge", graph::ChannelKind::kMerge},
  };
  return kinds.at(type);
}

graph::Router LessThanRouter(const Value& edge) {
  const std::string channel = Text(edge.at("channel"));
  const double limit = edge.at("lt").to_number<double>();
  const std::string yes = NodeName(Text(edge.at("then")));
  const std::string no = NodeName(Text(edge.at("else")));
  return [channel, limit, yes, no](const Value& state) -> Result<graph::Route> {
    return graph::Route{{json::GetDouble(state, channel) < limit ? yes : no}, {}};
  };
}

graph::Router SendRouter(const Value& edge) {
  const std::string node = Text(edge.at("send"));
  const std::string over = Text(edge.at("over"));
  const std::string as = Text(edge.at("as"));
  return [node, over, as](const Value& state) -> Result<graph::Route> {
    graph::Route route;
    const Value* list = json::Find(state, over);
    if (list == nullptr || !list->is_array()) return route;
    for (const Value& element : list->get_array()) {
      route.sends.push_back({node, json::Object{{as, element}}});
    }
    return route;
  };
}

Result<GraphPtr> BuildGraph(const Value& description);

Status AddNode(graph::StateGraph& graph, const std::string& name, const Value& node) {
  graph::NodeOptions options;
  options.deferred = json::GetBool(node, "defer");
  if (const Value* retry = json::Find(node, "retry")) {
    options.retry.max_attempts = static_cast<int>(json::GetInt(*retry, "max_attempts", 1));
    options.retry.first_delay = std::chrono::milliseconds(1);
  }
  options.destinations = Texts(json::Find(node, "ends"));
  for (const std::string& target : Texts(json::Find(node, "goto"))) {
    options.destinations.push_back(NodeName(target));
  }
  if (const Value* sends = json::Find(node, "send")) {
    for (const Value& send : sends->as_array()) {
      options.destinations.push_back(Text(send.at("node")));
    }
  }
  if (const Value* subgraph = json::Find(node, "subgraph")) {
    Result<GraphPtr> compiled = BuildGraph(*subgraph);
    if (!compiled) return std::move(compiled).error();
    return graph.AddSubgraph(name, std::move(*compiled), std::move(options));
  }
  return graph.AddNode(name, std::make_unique<CaseNode>(node), std::move(options));
}

Status AddEdges(graph::StateGraph& graph, const Value& description) {
  for (const Value& edge : description.at("edges").as_array()) {
    const Value& from = edge.at(0);
    const std::string to = NodeName(Text(edge.at(1)));
    if (from.is_array()) {
      BATON_TRY(graph.AddJoin(Texts(&from), to));
    } else {
      BATON_TRY(graph.AddEdge(NodeName(Text(from)), to));
    }
  }
  const Value* conditionals = json::Find(description, "conditional");
  if (conditionals == nullptr) return {};
  for (const Value& edge : conditionals->as_array()) {
    const std::string from = NodeName(Text(edge.at("from")));
    if (json::Find(edge, "send") != nullptr) {
      BATON_TRY(graph.AddConditional(from, SendRouter(edge), {Text(edge.at("send"))}));
    } else {
      BATON_TRY(
          graph.AddConditional(from, LessThanRouter(edge),
                               {NodeName(Text(edge.at("then"))), NodeName(Text(edge.at("else")))}));
    }
  }
  return {};
}

Result<GraphPtr> BuildGraph(const Value& description) {
  graph::Channels channels;
  for (const auto& [name, channel] : description.at("channels").as_object()) {
    channels[std::string(name)].kind = KindOf(json::GetString(channel, "type"));
  }
  graph::StateGraph graph(std::move(channels));
  for (const auto& [name, node] : description.at("nodes").as_object()) {
    BATON_TRY(AddNode(graph, std::string(name), node));
  }
  BATON_TRY(AddEdges(graph, description));
  graph::CompileOptions options;
  // The reference does (case 002): compare like with like.
  options.drop_edges_of_failed_steps = true;
  if (const Value* compile = json::Find(description, "compile")) {
    options.interrupt_before = Texts(json::Find(*compile, "interrupt_before"));
    options.interrupt_after = Texts(json::Find(*compile, "interrupt_after"));
    options.recursion_limit = static_cast<int>(json::GetInt(*compile, "recursion_limit", 25));
  }
  return std::move(graph).Compile(options);
}

// Collects what the nodes of the outermost graph returned.
class UpdateCollector final : public graph::StreamListener {
 public:
  bool Wants(graph::StreamEvent::Kind kind) const override {
    return kind == graph::StreamEvent::Kind::kUpdates;
  }
  async::Task<Status> OnEvent(graph::StreamEvent event) override {
    if (event.ns.empty()) updates_.push_back(json::Array{Value(event.node), event.data});
    co_return Status();
  }
  Value Sorted() {
    std::sort(updates_.begin(), updates_.end(), [](const Value& left, const Value& right) {
      return json::Serialize(left) < json::Serialize(right);
    });
    return json::Array(updates_.begin(), updates_.end());
  }

 private:
  std::vector<Value> updates_;
};

std::string ErrorOf(const Status& status) {
  if (status.details().contains("node")) return "node_error";
  switch (status.code()) {
    case Code::kResourceExhausted:
      return "recursion_limit";
    case Code::kNotFound:
      return "empty_input";
    case Code::kInvalidArgument:
      return "invalid_update";
    default:
      return status.ToString();
  }
}

Value NextToJson(const std::vector<std::string>& names) {
  json::Array next;
  for (const std::string& name : names) next.emplace_back(name == "START" ? "__start__" : name);
  return next;
}

Value QuestionsToJson(const std::vector<graph::PendingQuestion>& questions) {
  json::Array payloads;
  for (const graph::PendingQuestion& question : questions) payloads.push_back(question.payload);
  return payloads;
}

Value SnapshotToJson(const graph::StateSnapshot& snapshot) {
  return json::Object{{"values", snapshot.values},
                      {"next", NextToJson(snapshot.next)},
                      {"interrupts", QuestionsToJson(snapshot.questions)},
                      {"source", snapshot.source},
                      {"step", snapshot.step}};
}

Value ErrorToJson(const Status& status) { return json::Object{{"error", ErrorOf(status)}}; }

// Runs the script of one case.
class Script {
 public:
  Script(graph::CheckpointStore& store, GraphPtr graph)
      : ids_(SystemClock()), runner_(store, SystemClock(), ids_), graph_(std::move(graph)) {}

  async::Task<Value> Answer(const Value& step) {
    thread_ = json::GetString(step, "thread", "t1");
    const std::string_view op = json::GetString(step, "op");
    if (op == "invoke" || op == "resume") co_return co_await Run(step);
    if (op == "update_state") co_return co_await Update(step);
    if (op == "history") {
      auto history = co_await runner_.History(*graph_, thread_);
      if (!history) co_return ErrorToJson(history.error());
      json::Array snapshots;
      for (const graph::StateSnapshot& snapshot : *history) {
        snapshots.push_back(SnapshotToJson(snapshot));
      }
      co_return snapshots;
    }
    auto state = co_await runner_.GetState(*graph_, thread_);
    co_return state ? SnapshotToJson(*state) : ErrorToJson(state.error());
  }

 private:
  async::Task<Value> Run(const Value& step) {
    graph::RunRequest request;
    request.thread_id = thread_;
    if (json::GetString(step, "op") == "resume") {
      request.answers.emplace("", step.at("value"));
    } else if (!step.at("input").is_null()) {
      request.input = step.at("input");
    }
    if (json::Find(step, "at") != nullptr) {
      auto history = co_await runner_.History(*graph_, thread_);
      if (!history) co_return ErrorToJson(history.error());
      const auto index = static_cast<std::size_t>(json::GetInt(step, "at"));
      request.checkpoint_id = history->at(index).checkpoint_id;
    }
    UpdateCollector updates;
    graph::RunOptions options;
    options.listener = &updates;
    graph::RunResult result = co_await runner_.Run(graph_, std::move(request), options);
    json::Object answer{{"values", result.values},
                        {"next", NextToJson(result.next)},
                        {"interrupts", QuestionsToJson(result.questions)}};
    if (result.status.ok()) {
      answer["updates"] = updates.Sorted();
    } else {
      answer["error"] = ErrorOf(result.status);
      answer["message"] = result.status.message();
    }
    co_return answer;
  }

  async::Task<Value> Update(const Value& step) {
    auto state = co_await runner_.UpdateState(*graph_, thread_, step.at("values").as_object(),
                                              NodeName(Text(step.at("as_node"))));
    co_return state ? SnapshotToJson(*state) : ErrorToJson(state.error());
  }

  IdGenerator ids_;
  graph::Runner runner_;
  GraphPtr graph_;
  std::string thread_;
};

async::Task<Value> RunCase(const Value& description, graph::CheckpointStore& store) {
  Result<GraphPtr> graph = BuildGraph(description.at("graph"));
  if (!graph) {
    co_return json::Array{
        json::Object{{"error", "invalid_graph"}, {"message", graph.error().message()}}};
  }
  Script script(store, std::move(*graph));
  json::Array answers;
  for (const Value& step : description.at("script").as_array()) {
    answers.push_back(co_await script.Answer(step));
  }
  co_return answers;
}

async::Task<Result<Value>> RunOnDatabase(const Value& description, storage::Database& database) {
  auto store = co_await checkpoint::SqlCheckpointStore::Open(database);
  if (!store) co_return Fail(std::move(store).error());
  // The cases all use the same thread names; what an earlier case left is in the way.
  for (const Value& step : description.at("script").as_array()) {
    BATON_CO_TRY(
        co_await (*store)->DeleteThread(std::string(json::GetString(step, "thread", "t1"))));
  }
  co_return co_await RunCase(description, **store);
}

Result<Value> RunWithStore(const Value& description, const std::string& address) {
  if (address == "memory") {
    checkpoint::MemoryCheckpointStore store;
    return async::BlockOn(RunCase(description, store));
  }
  MetricsRegistry metrics;
  Result<std::unique_ptr<storage::Database>> database = storage::OpenDatabase(
      address.starts_with("postgres:") ? address.substr(9) : address, metrics);
  if (!database) return Fail(std::move(database).error());
  return async::BlockOn(RunOnDatabase(description, **database));
}

int Main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  Result<Value> description = json::Parse(text);
  if (!description) {
    std::cerr << description.error().ToString() << '\n';
    return 2;
  }
  const char* checkpointer = std::getenv("PROBE_CHECKPOINTER");
  Result<Value> answers =
      RunWithStore(*description, checkpointer == nullptr ? "memory" : checkpointer);
  if (!answers) {
    std::cerr << answers.error().ToString() << '\n';
    return 1;
  }
  std::cout << json::Serialize(*answers) << '\n';
  return 0;
}

}  // namespace
}  // namespace baton::probe

int main() { return baton::probe::Main(); }
