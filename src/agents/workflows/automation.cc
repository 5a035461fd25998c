// automation: the model acts with tools, and the answer ends with an account of what was done.
//
//   START → (tool loop, internal/tool_loop.h) → account ─┐
//             END ← (structure, internal/structured_output.h) ┘
//
// The account is written from the tools' outcomes and not by the model: whatever that claims, the
// user reads which changes were made, which failed, and which may have happened.
#include <string>
#include <utility>

#include "agents/internal/structured_output.h"
#include "agents/internal/tool_loop.h"
#include "agents/internal/turn_state.h"
#include "agents/turn_scope.h"
#include "agents/workflow.h"

namespace baton::agents {
namespace {

// "- ✓ send_message: Sent to Bob: …": signs, so that it reads in every language.
std::string AccountOf(const json::Value& state) {
  const json::Value* changes = json::Find(state, "changes");
  std::string account;
  if (changes == nullptr) return account;
  for (const json::Value& change : changes->as_array()) {
    const std::string_view outcome = json::GetString(change, "outcome");
    const std::string_view sign = outcome == "done" ? "✓" : outcome == "unknown" ? "?" : "✗";
    account += fmt::format("{}- {} {}: {}", account.empty() ? "" : "\n", sign,
                           json::GetString(change, "tool"), json::GetString(change, "detail"));
  }
  return account;
}

class AccountNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    graph::NodeOutput output;
    const std::string account = AccountOf(context.input());
    if (account.empty()) co_return output;
    const std::string_view said = AnswerIn(context.input());
    const std::string answer = JoinAnswer(said, account);
    BATON_CO_TRY(co_await ScopeOf(context).listener->OnContent(
        context.task_id(), context.attempt(), std::string_view(answer).substr(said.size())));
    output.writes["answer"] = answer;
    co_return output;
  }
};

Result<std::shared_ptr<const graph::CompiledGraph>> BuildAutomation(
    const std::shared_ptr<const AgentSpec>& spec, const Callees& callees) {
  graph::StateGraph graph(LoopChannels(callees));
  BATON_TRY(AddToolLoop(graph, spec, callees, "account"));
  BATON_TRY(graph.AddNode("account", std::make_unique<AccountNode>()));
  const Result<std::string> then = AddStructuredOutput(graph, spec);
  if (!then) return Fail(then.error());
  BATON_TRY(graph.AddEdge("account", *then));
  graph::CompileOptions options;
  options.recursion_limit = ToolLoopSteps(*spec, callees) + 2;
  return std::move(graph).Compile(std::move(options));
}

}  // namespace

Workflow AutomationWorkflow() {
  return {.name = "automation",
          .purpose = "The model acts with tools; the answer ends with what they have done.",
          .parameters = {kMaxToolRounds},
          .needs_tools = {},
          .answers_in_prose = true,
          .build = [](const auto& spec) { return BuildAutomation(spec, {}); },
          .build_caller = BuildAutomation};
}

}  // namespace baton::agents
