// conversation: the model answers, calling tools as it needs them (internal/tool_loop.h).
#include <utility>

#include "agents/internal/tool_loop.h"
#include "agents/internal/turn_state.h"
#include "agents/workflow.h"

namespace baton::agents {
namespace {

Result<std::shared_ptr<const graph::CompiledGraph>> BuildConversation(
    const std::shared_ptr<const AgentSpec>& spec, const Callees& callees) {
  graph::StateGraph graph(LoopChannels(callees));
  BATON_TRY(AddToolLoop(graph, spec, callees, graph::kEnd));
  graph::CompileOptions options;
  options.recursion_limit = ToolLoopSteps(*spec, callees);
  return std::move(graph).Compile(std::move(options));
}

}  // namespace

Workflow ConversationWorkflow() {
  return {.name = "conversation",
          .purpose = "The model answers, calling tools as it needs them.",
          .parameters = {kMaxToolRounds},
          .needs_tools = {},
          .build = [](const auto& spec) { return BuildConversation(spec, {}); },
          .build_caller = BuildConversation};
}

}  // namespace baton::agents
