#include "agents/internal/tools_node.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agents/internal/agent_calls.h"
#include "agents/internal/effect_calls.h"
#include "agents/internal/permission_calls.h"
#include "agents/internal/turn_state.h"
#include "agents/turn_scope.h"
#include "agents/workflow.h"
#include "async/bounded_queue.h"
#include "async/task_group.h"
#include "base/utf8.h"

namespace baton::agents {
namespace {

// A line of the account.
constexpr std::size_t kMaxDetailBytes = 300;

// A model that asks for more at once has lost its way; each costs a call and a result to read.
constexpr std::size_t kMaxCallsAtOnce = 16;

// A call of the message on its way to a result.
struct CallInProgress {
  llm::ToolCall call;
  std::string key;  // the same whenever the task runs again
  tools::Effect effect = tools::Effect::kRead;
  const ToolGrant* grant = nullptr;
  const Agent* callee = nullptr;  // whom it asks; then other nodes run it
  std::string refusal;            // why it does not run; then `result` stays empty
  std::optional<Result<tools::ToolResult>> result;
  Status record;  // of the journal

  bool is_repeatable() const { return tools::IsRepeatable(effect); }
};

using FinishedCalls = async::BoundedQueue<CallInProgress*>;

std::string NoSuchTool(const AgentSpec& spec, const Callees& callees, std::string_view tool) {
  std::vector<std::string> names;
  for (const ToolGrant& grant : spec.tools) {
    if (grant.permission != Permission::kDeny) names.push_back(grant.tool);
  }
  for (const llm::ToolSpec& agent : AgentTools(callees)) names.push_back(agent.name);
  if (names.empty()) return fmt::format("There is no tool '{}'. There are no tools.", tool);
  return fmt::format("There is no tool '{}'. The tools are: {}.", tool, fmt::join(names, ", "));
}

// "Searching documents for 'backup'"
std::string DescribeCall(const llm::ToolCall& call) {
  constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {
      {"search_and_read_", "Searching"},
      {"search_", "Searching"},
      {"find_", "Looking for"},
      {"get_", "Reading"}};
  std::string verb = "Using";
  std::string object = call.name;
  for (const auto& [prefix, participle] : kVerbs) {
    if (!call.name.starts_with(prefix)) continue;
    verb = participle;
    object = call.name.substr(prefix.size());
    break;
  }
  std::ranges::replace(object, '_', ' ');
  const json::Value arguments(call.arguments);
  const std::string_view query = json::GetString(arguments, "query");
  return query.empty() ? fmt::format("{} {}", verb, object)
                       : fmt::format("{} {} for '{}'", verb, object, query);
}

std::string FormatResult(const tools::ToolResult& result, SourceList& sources) {
  std::string text = sources.Renumber(result);
  return text.empty() ? "The tool gave no result." : text;
}

// What the model is told of a call that failed.
std::string FormatFailure(const CallInProgress& call, const Status& failure) {
  std::string text = fmt::format("{} failed: {}", call.call.name, failure.message());
  if (!call.is_repeatable() && MayHaveHappened(failure.code())) {
    text +=
        "\nWhether it took effect is not known. Do not call it again before you have found that "
        "out or asked the user.";
  }
  return text;
}

async::Task<void> RunCall(const TurnScope& scope, CallInProgress& call, tools::ToolContext context,
                          FinishedCalls& finished) {
  if (call.is_repeatable()) {
    call.result.emplace(co_await scope.tools->Call(call.call.name, call.call.arguments, context));
  } else if (!call.result) {  // not known from before a crash
    call.record = co_await MakeEffect(*scope.tools, *scope.effects,
                                      {call.call, call.effect, call.key}, context, call.result);
  }
  finished.TryPush(&call);
}

class ToolsNode final : public graph::Node {
 public:
  ToolsNode(std::shared_ptr<const AgentSpec> spec, Callees callees)
      : spec_(std::move(spec)), callees_(std::move(callees)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  using Calls = std::vector<CallInProgress>;

  void Look(const TurnScope& scope, CallInProgress& call) const;
  async::Task<Status> Admit(graph::NodeContext& context, const llm::Message& message,
                            Calls& calls) const;
  async::Task<Status> Recall(graph::NodeContext& context, Calls& calls) const;
  async::Task<Status> RunAdmitted(graph::NodeContext& context, Calls& calls) const;
  Result<graph::NodeOutput> Conclude(const graph::NodeContext& context, const Calls& calls) const;

  const std::shared_ptr<const AgentSpec> spec_;
  const Callees callees_;
};

async::Task<Status> Announce(TurnListener& listener, const CallInProgress& announced) {
  const llm::ToolCall& call = announced.call;
  BATON_CO_TRY(co_await listener.OnStatus(
      announced.callee == nullptr ? DescribeCall(call)
                                  : fmt::format("Asking {}", announced.callee->spec.title)));
  TurnListener::ToolEvent event{call.id, call.name, call.arguments, nullptr};
  co_return co_await listener.OnToolCall(std::move(event));
}

// Reports the calls one after another as they finish: a listener sees no two events at once.
async::Task<Status> ReportFinished(TurnListener& listener, FinishedCalls& finished,
                                   std::size_t count) {
  for (; count > 0; --count) {
    const std::optional<CallInProgress*> next = co_await finished.Pop();
    if (!next) co_return Fail(Code::kCancelled, "tool calls: cancelled");
    const CallInProgress& done = **next;
    if (!done.record.ok()) co_return done.record;
    // A tool that was cut off because the run was has no result to report.
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "tool calls: cancelled");
    TurnListener::ToolEvent event{done.call.id, done.call.name, done.call.arguments, &*done.result};
    BATON_CO_TRY(co_await listener.OnToolCall(std::move(event)));
  }
  co_return Status();
}

async::Task<Result<graph::NodeOutput>> ToolsNode::Run(graph::NodeContext& context) {
  const Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
  if (!messages) co_return Fail(messages.error());
  Calls calls;
  for (const llm::ToolCall& call : messages->back().tool_calls) {
    // By place: providers do not promise that a call's id is unique, or short.
    calls.push_back({call, fmt::format("{}:{}", context.task_id(), calls.size() + 1)});
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (i >= kMaxCallsAtOnce) {
      calls[i].refusal = fmt::format("Not run: at most {} tool calls at once.", kMaxCallsAtOnce);
    } else {
      Look(ScopeOf(context), calls[i]);
    }
  }
  BATON_CO_TRY(co_await Admit(context, messages->back(), calls));
  BATON_CO_TRY(co_await Recall(context, calls));
  BATON_CO_TRY(co_await RunAdmitted(context, calls));
  co_return Conclude(context, calls);
}

// Whether the agent has the tool. A refusal is no failure: it is what the model is told.
void ToolsNode::Look(const TurnScope& scope, CallInProgress& call) const {
  call.callee = FindCallee(callees_, call.call.name);
  if (call.callee != nullptr) {
    call.refusal = CheckAgentCall(call.call);
    return;
  }
  call.grant = FindGrant(*spec_, call.call.name);
  const tools::Tool* tool = scope.tools->Find(call.call.name);
  if (call.grant == nullptr || tool == nullptr) {
    call.refusal = NoSuchTool(*spec_, callees_, call.call.name);
  } else {
    call.effect = tool->definition().effect;
  }
}

// Decides which calls may run, asking the user where that is to be asked.
async::Task<Status> ToolsNode::Admit(graph::NodeContext& context, const llm::Message& message,
                                     Calls& calls) const {
  std::vector<GatedCall> gated;
  for (const CallInProgress& call : calls) {
    if (!call.refusal.empty() || call.callee != nullptr) continue;
    gated.push_back({spec_->name, call.call, call.key, call.effect, call.grant->permission});
  }
  auto refusals = co_await AskPermissions(context, ScopeOf(context).gate, *spec_, message.content,
                                          std::move(gated));
  if (!refusals) co_return std::move(refusals).error();
  auto refusal = refusals->begin();
  for (CallInProgress& call : calls) {
    if (call.refusal.empty() && call.callee == nullptr) call.refusal = std::move(*refusal++);
  }
  co_return Status();
}

// Finds out which calls with an effect have been made before a crash, asking where that is not
// known. From here on a crash runs this task again and no other.
async::Task<Status> ToolsNode::Recall(graph::NodeContext& context, Calls& calls) const {
  tools::EffectJournal* journal = ScopeOf(context).effects;
  bool stored = false;
  for (CallInProgress& call : calls) {
    if (!call.refusal.empty() || call.is_repeatable()) continue;
    if (journal == nullptr) {
      co_return Fail(Code::kFailedPrecondition,
                     "tool '{}' has an effect ({}), and this run keeps no journal of effects",
                     call.call.name, tools::EffectName(call.effect));
    }
    if (!std::exchange(stored, true)) BATON_CO_TRY(co_await context.AwaitStored());
    Result<EffectRecall> known =
        co_await RecallEffect(context, *journal, {call.call, call.effect, call.key});
    if (!known) co_return std::move(known).error();
    call.refusal = std::move(known->refusal);
    call.result = std::move(known->outcome);
  }
  co_return Status();
}

async::Task<Status> ToolsNode::RunAdmitted(graph::NodeContext& context, Calls& calls) const {
  const TurnScope& scope = ScopeOf(context);
  const async::Executor executor = co_await async::CurrentExecutor();
  FinishedCalls finished(executor, std::max<std::size_t>(1, calls.size()));
  async::TaskGroup group(executor);
  Status status;
  std::size_t started = 0;
  for (CallInProgress& call : calls) {
    if (!call.refusal.empty()) continue;
    status = co_await Announce(*scope.listener, call);
    if (!status.ok()) break;
    if (call.callee != nullptr) continue;
    tools::ToolContext tool_context = scope.tool_context;
    tool_context.idempotency_key = call.key;
    tool_context.deadline = tool_context.deadline.Earlier(context.deadline());
    group.Spawn(RunCall(scope, call, std::move(tool_context), finished));
    ++started;
  }
  if (status.ok()) status = co_await ReportFinished(*scope.listener, finished, started);
  if (!status.ok()) group.Cancel(CancelReason::kUser);
  co_await group.Join();
  if (status.ok() && context.deadline().Expired()) {
    co_return Fail(Code::kDeadlineExceeded, "tool calls: the run's time is up");
  }
  co_return status;
}

// What a call that changes the world has come to, for the account of the turn.
json::Value ChangeOf(const CallInProgress& call) {
  std::string_view outcome = "done";
  std::string_view detail;
  if (!call.result) {
    outcome = "refused";
    detail = call.refusal;
  } else if (*call.result) {
    detail = (*call.result)->text;
  } else {
    outcome = MayHaveHappened(call.result->error().code()) ? "unknown" : "failed";
    detail = call.result->error().message();
  }
  return json::Object{{"tool", call.call.name},
                      {"outcome", outcome},
                      {"detail", Utf8Prefix(detail.substr(0, detail.find('\n')), kMaxDetailBytes)}};
}

Result<graph::NodeOutput> ToolsNode::Conclude(const graph::NodeContext& context,
                                              const Calls& calls) const {
  Result<SourceList> sources = SourcesIn(context.input());
  if (!sources) return Fail(std::move(sources).error());
  json::Array messages;
  json::Array used;
  json::Array changes;
  json::Array asks;
  for (const CallInProgress& call : calls) {
    if (call.callee != nullptr && call.refusal.empty()) {
      used.emplace_back(call.call.name);
      asks.push_back(EncodeAgentCall(*call.callee, call.call, call.key));
      continue;
    }
    llm::Message message{.role = llm::Role::kTool, .tool_call_id = call.call.id};
    if (!call.result) {
      message.content = call.refusal;
    } else if (!*call.result) {
      message.content = FormatFailure(call, call.result->error());
    } else {
      message.content = FormatResult(**call.result, *sources);
    }
    if (call.result) used.emplace_back(call.call.name);
    if (!call.is_repeatable()) changes.push_back(ChangeOf(call));
    message.content = CutToolResult(std::move(message.content), ScopeOf(context).max_result_bytes);
    messages.push_back(llm::ToJson(message));
  }
  graph::NodeOutput output;
  output.writes["messages"] = std::move(messages);
  output.writes["found"] = sources->added();
  output.writes["tools_used"] = std::move(used);
  output.writes["tool_rounds"] = 1;
  if (!callees_.empty()) output.writes["asks"] = std::move(asks);
  if (!changes.empty()) output.writes["changes"] = std::move(changes);
  return output;
}

}  // namespace

std::string CutToolResult(std::string text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const std::string_view kept = Utf8Prefix(text, max_bytes);
  return fmt::format("{}\n[The result is cut off here: {} of its {} bytes are missing.]", kept,
                     text.size() - kept.size(), text.size());
}

std::vector<llm::ToolSpec> OfferedTools(const AgentSpec& spec, const tools::ToolRegistry& tools) {
  std::vector<llm::ToolSpec> offered;
  for (const ToolGrant& grant : spec.tools) {
    const tools::Tool* tool = tools.Find(grant.tool);
    if (grant.permission == Permission::kDeny || tool == nullptr) continue;
    const tools::ToolDefinition& definition = tool->definition();
    offered.push_back({definition.name, definition.description, definition.parameters});
  }
  return offered;
}

std::unique_ptr<graph::Node> MakeToolsNode(std::shared_ptr<const AgentSpec> spec, Callees callees) {
  return std::make_unique<ToolsNode>(std::move(spec), std::move(callees));
}

}  // namespace baton::agents
