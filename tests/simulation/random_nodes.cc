#include "random_nodes.h"

#include <algorithm>
#include <utility>

#include "async/signal.h"
#include "base/hash.h"
#include "world.h"

namespace baton::simulation {
namespace {

using graph::NodeContext;
using graph::NodeOutput;

constexpr int kTurnsWithCalls = 3;

World& WorldOf(NodeContext& context) { return static_cast<World&>(*context.scope()); }

Status Dead() { return Status(Code::kUnavailable, "the process is dead"); }

// The argument of a send is no state.
json::Value SeenIn(const json::Value& input) {
  const json::Value* argument = json::Find(input, "argument");
  return argument != nullptr ? *argument : json::Value(SumIn(input));
}

// What a node does first.
async::Task<Status> Begin(NodeContext& context, const Pace& pace) {
  World& world = WorldOf(context);
  for (int i = 0; i < pace.yields; ++i) co_await world.turns.Yield();
  if (Status status = world.on_start(context); !status.ok()) co_return status;
  if (pace.delay.count() == 0) co_return Status();
  const auto slept = co_await async::SleepUntil(Deadline::In(pace.delay));
  if (slept == async::WaitResult::kCancelled) co_return Status(Code::kCancelled, "cut short");
  co_await world.turns.Yield();
  co_return Status();
}

// Of what every node writes.
NodeOutput Say(const std::string& name) {
  NodeOutput output;
  output.writes["log"] = json::Array{json::Value(name)};
  output.writes["sum"] = 1;
  return output;
}

int TurnsOf(const std::string& name, const json::Value& state) {
  int turns = 0;
  const json::Value* chat = json::Find(state, "chat");
  if (chat == nullptr) return turns;
  for (const json::Value& entry : chat->as_array()) turns += json::GetString(entry, "by") == name;
  return turns;
}

}  // namespace

int SumIn(const json::Value& state) {
  const json::Value* sum = json::Find(state, "sum");
  if (sum == nullptr) return 0;
  // Subgraphs that take it and give it back double it.
  return static_cast<int>(std::min(sum->to_number<double>(), 1e9));
}

int AnswerTo(const json::Value& payload, const Outside& outside) {
  const std::string_view call = json::GetString(payload, "in_doubt");
  if (!call.empty()) return outside.WasMade(std::string(call)) ? kDone : kRetry;
  return static_cast<int>(Fnv1a(json::Serialize(payload)) % 1000);
}

async::Task<Result<NodeOutput>> FailingNode::Run(NodeContext& context) {
  for (int i = 0; i < pace_.yields; ++i) co_await WorldOf(context).turns.Yield();
  if (co_await async::SleepUntil(Deadline::In(pace_.delay)) == async::WaitResult::kCancelled) {
    co_return Fail(Code::kCancelled, "cut short");
  }
  co_await WorldOf(context).turns.Yield();
  co_return Fail(Code::kInternal, "always");
}

async::Task<Result<NodeOutput>> RandomNode::Run(NodeContext& context) {
  if (Status status = co_await Begin(context, pace_); !status.ok()) co_return Fail(status);
  json::Array told;
  for (int i = 0; i < asks_.questions; ++i) {
    Result<json::Value> answer = co_await Ask(context, i);
    if (!answer) co_return Fail(std::move(answer).error());
    told.push_back(std::move(*answer));
  }
  co_await WorldOf(context).turns.Yield();
  NodeOutput output = Say(name_);
  json::Object seen{{"told", std::move(told)}, {"saw", SeenIn(context.input())}};
  // Of a subgraph's own: its parent has no such channel.
  if (const json::Value* mine = json::Find(context.input(), "mine")) {
    seen["mine"] = *mine;
    output.writes["mine"] = 1;
  }
  output.writes["kept"] = json::Object{{name_, std::move(seen)}};
  co_return output;
}

async::Task<Result<json::Value>> RandomNode::Ask(NodeContext& context, int number) const {
  for (int again = 0;; ++again) {
    graph::Question question;
    question.payload = json::Object{{"node", name_}, {"number", number}};
    question.answer_schema = json::Object{{"type", "integer"}};
    question.expires = asks_.expires;
    if (asks_.expires) question.key = fmt::format("{}:{}", number, again);
    Result<json::Value> answer = co_await context.Interrupt(std::move(question));
    if (answer || answer.error().code() != Code::kDeadlineExceeded) co_return answer;
  }
}

async::Task<Result<NodeOutput>> ModelNode::Run(NodeContext& context) {
  if (Status status = co_await Begin(context, pace_); !status.ok()) co_return Fail(status);
  NodeOutput output = Say(name_);
  const int turn = TurnsOf(name_, context.input());
  const std::uint64_t script = Fnv1a(fmt::format("{}{}", name_, turn));
  const int calls = turn < kTurnsWithCalls ? static_cast<int>(script % 4) : 0;
  for (int i = 0; i < calls; ++i) {
    const bool changes = changes_ && (script >> (8U + static_cast<unsigned>(i))) % 3 != 0;
    output.sends.push_back({tool_, json::Object{{"call", fmt::format("{}/{}/{}", name_, turn, i)},
                                                {"changes", changes},
                                                {"draw", WorldOf(context).outside.Draw()}}});
  }
  output.writes["chat"] = json::Array{json::Object{{"by", name_}, {"calls", calls}}};
  co_return output;
}

async::Task<Result<NodeOutput>> ToolNode::Run(NodeContext& context) {
  if (Status status = co_await Begin(context, pace_); !status.ok()) co_return Fail(status);
  const std::string call(json::GetString(context.input(), "call"));
  if (json::GetBool(context.input(), "changes")) {
    if (Status status = co_await Change(context, call); !status.ok()) co_return Fail(status);
  }
  NodeOutput output = Say(name_);
  output.writes["chat"] = json::Array{json::Object{
      {"by", name_}, {"call", call}, {"result", static_cast<std::int64_t>(Fnv1a(call) % 1000)}}};
  co_return output;
}

async::Task<Status> ToolNode::Change(NodeContext& context, const std::string& what) const {
  World& world = WorldOf(context);
  BATON_CO_TRY(co_await context.AwaitStored());
  const std::string key = fmt::format("{}:0", context.task_id());
  Outside::Entry& entry = world.outside.EntryOf(key);
  const std::int64_t draw = json::GetInt(context.input(), "draw");
  if (entry.tries > 0 && entry.draw != draw) world.outside.Mistake(key);
  if (entry.has_outcome) co_return Status();
  const int tries = entry.tries;
  if (tries > 0) {
    graph::Question question;
    question.payload = json::Object{{"in_doubt", key}, {"tries", tries}};
    question.answer_schema = json::Object{{"type", "integer"}};
    question.key = fmt::format("doubt:{}", tries);  // an answer is good for one try
    const Result<json::Value> answer = co_await context.Interrupt(std::move(question));
    if (!answer) co_return answer.error();
    if (answer->to_number<int>() == kDone) {
      if (!world.survives()) co_return Dead();
      entry.has_outcome = true;
      co_return Status();
    }
  }
  co_await world.turns.Yield();
  if (!world.survives()) co_return Dead();
  // As the journals of runs and threads have it: the intent is on what was found.
  if (entry.tries != tries) co_return Status(Code::kAborted, "another process makes this call");
  ++entry.tries;
  entry.draw = draw;
  co_await world.turns.Yield();
  if (!world.survives()) co_return Dead();
  world.outside.Change(key, what);
  if (co_await async::SleepUntil(Deadline::In(pace_.delay)) == async::WaitResult::kCancelled) {
    co_return Status(Code::kCancelled, "cut short");
  }
  co_await world.turns.Yield();
  if (!world.survives()) co_return Dead();
  if (entry.tries != tries + 1) co_return Status(Code::kAborted, "another process makes this call");
  entry.has_outcome = true;
  co_return Status();
}

}  // namespace baton::simulation
