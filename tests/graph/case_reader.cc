#include "case_reader.h"

#include <exception>
#include <map>
#include <utility>

#include "graph/state_graph.h"

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

// A node that does what the case says of it. All of it is read when the node is made.
class CaseNode final : public graph::Node {
 public:
  CaseNode(const Value& description, bool suspending)
      : suspending_(suspending), fail_times_(json::GetInt(description, "fail_times")) {
    if (const Value* writes = json::Find(description, "writes")) writes_ = writes->as_object();
    if (const Value* echo = json::Find(description, "echo")) echo_ = Text(*echo);
    if (const Value* sends = json::Find(description, "send")) {
      for (const Value& send : sends->as_array()) {
        sends_.push_back({Text(send.at("node")), send.at("arg")});
      }
    }
    for (const std::string& name : Texts(json::Find(description, "goto"))) {
      go_to_.push_back(NodeName(name));
    }
    if (const Value* interrupts = json::Find(description, "interrupts")) {
      for (const Value& interrupt : interrupts->as_array()) {
        interrupts_.emplace_back(interrupt.at("value"), Text(interrupt.at("into")));
      }
    }
  }

  std::optional<Result<graph::NodeOutput>> RunNow(graph::NodeContext& context) override {
    if (suspending_ || !interrupts_.empty()) return std::nullopt;
    return Begin(context);
  }

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    Result<graph::NodeOutput> output = Begin(context);
    if (!output) co_return output;
    for (const auto& [payload, into] : interrupts_) {
      graph::Question question;
      question.payload = payload;
      Result<Value> answer = co_await context.Interrupt(std::move(question));
      if (!answer) co_return Fail(std::move(answer).error());
      Value& list = output->writes[into];
      if (!list.is_array()) list = json::Array();
      list.get_array().push_back(*std::move(answer));
    }
    co_return output;
  }

 private:
  Result<graph::NodeOutput> Begin(graph::NodeContext& context) {
    if (calls_++ < fail_times_) return Fail(Code::kInternal, "told to fail");
    graph::NodeOutput output;
    output.writes = writes_;
    if (!echo_.empty()) output.writes[echo_] = json::Array{context.input()};
    output.sends = sends_;
    output.go_to = go_to_;
    return output;
  }

  const bool suspending_;
  const std::int64_t fail_times_;
  json::Object writes_;
  std::string echo_;
  std::vector<graph::Send> sends_;
  std::vector<std::string> go_to_;
  std::vector<std::pair<Value, std::string>>
      interrupts_;  // the question, and where its answer goes
  std::int64_t calls_ = 0;
};

graph::ChannelKind KindOf(std::string_view type) {
  static const std::map<std::string_view, graph::ChannelKind> kinds = {
      {"last", graph::ChannelKind::kLastValue}, {"append", graph::ChannelKind::kAppend},
      {"sum", graph::ChannelKind::kSum},        {"max", graph::ChannelKind::kMax},
      {"merge", graph::ChannelKind::kMerge},
  };
  return kinds.at(type);
}

// As JavaScript compares a value with a number, for values that a case can hold.
bool IsLessThan(const Value* value, double limit) {
  if (value == nullptr) return false;
  switch (value->kind()) {
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return value->to_number<double>() < limit;
    case boost::json::kind::null:
      return 0 < limit;
    case boost::json::kind::bool_:
      return (value->get_bool() ? 1 : 0) < limit;
    default:
      return false;  // a list or an object is no number; a text is taken for none
  }
}

graph::Router LessThanRouter(const Value& edge) {
  const std::string channel = Text(edge.at("channel"));
  const double limit = edge.at("lt").to_number<double>();
  const std::string yes = NodeName(Text(edge.at("then")));
  const std::string no = NodeName(Text(edge.at("else")));
  return [channel, limit, yes, no](const Value& state) -> Result<graph::Route> {
    return graph::Route{{IsLessThan(json::Find(state, channel), limit) ? yes : no}, {}};
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

Result<GraphPtr> BuildGraph(const Value& description, bool suspending);

Status AddNode(graph::StateGraph& graph, const std::string& name, const Value& node,
               bool suspending) {
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
    Result<GraphPtr> compiled = BuildGraph(*subgraph, suspending);
    if (!compiled) return std::move(compiled).error();
    return graph.AddSubgraph(name, std::move(*compiled), std::move(options));
  }
  return graph.AddNode(name, std::make_unique<CaseNode>(node, suspending), std::move(options));
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

Result<GraphPtr> BuildGraph(const Value& description, bool suspending) {
  graph::Channels channels;
  for (const auto& [name, channel] : description.at("channels").as_object()) {
    channels[std::string(name)].kind = KindOf(json::GetString(channel, "type"));
  }
  graph::StateGraph graph(std::move(channels));
  for (const auto& [name, node] : description.at("nodes").as_object()) {
    BATON_TRY(AddNode(graph, std::string(name), node, suspending));
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

CaseStep ReadStep(const Value& step) {
  static const std::map<std::string_view, CaseStep::Op> ops = {
      {"invoke", CaseStep::Op::kInvoke},
      {"resume", CaseStep::Op::kResume},
      {"update_state", CaseStep::Op::kUpdateState},
      {"history", CaseStep::Op::kHistory},
      {"state", CaseStep::Op::kState}};
  CaseStep read{.op = ops.at(json::GetString(step, "op")),
                .thread = std::string(json::GetString(step, "thread", "t1"))};
  if (read.op == CaseStep::Op::kInvoke) read.value = step.at("input");
  if (read.op == CaseStep::Op::kResume) read.value = step.at("value");
  if (read.op == CaseStep::Op::kUpdateState) {
    read.update = step.at("values").as_object();
    read.as_node = NodeName(Text(step.at("as_node")));
  }
  if (const Value* at = json::Find(step, "at")) read.at = at->to_number<std::size_t>();
  return read;
}

}  // namespace

Result<GraphCase> ReadCase(std::string_view text, bool suspending) {
  Result<Value> description = json::Parse(text);
  if (!description) return Fail(std::move(description).error());
  try {  // Boost.JSON's accessors report by exception
    GraphCase read{.graph = BuildGraph(description->at("graph"), suspending), .script = {}};
    for (const Value& step : description->at("script").as_array()) {
      read.script.push_back(ReadStep(step));
    }
    return read;
  } catch (const std::exception& e) {
    return Fail(Code::kInvalidArgument, "this is no case: {}", e.what());
  }
}

}  // namespace baton::probe
