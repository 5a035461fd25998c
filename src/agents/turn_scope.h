// What one turn of a conversation gives to the nodes of an agent's graph.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/model_meter.h"
#include "agents/open_document.h"
#include "agents/tool_gate.h"
#include "async/task.h"
#include "base/status.h"
#include "graph/node.h"
#include "json/json.h"
#include "llm/model_catalog.h"
#include "tools/effect_journal.h"
#include "tools/tool.h"

namespace baton::agents {

// Takes what the user is to see of a turn, as it happens.
// Threads: the run's executor. A failure ends the node that reports.
class TurnListener {
 public:
  virtual ~TurnListener() = default;

  // A line about what is going on: "Searching documents for 'backup'".
  virtual async::Task<Status> OnStatus(std::string message) = 0;

  // A piece of the answer. `task_id` and `attempt` name the model call it comes from (those of
  // NodeContext): text of an earlier attempt of the same task is void.
  virtual async::Task<Status> OnContent(std::string_view task_id, int attempt,
                                        std::string_view text) = 0;

  // A tool is called (`result` null), or has answered.
  struct ToolEvent {
    std::string call_id;
    std::string tool;
    json::Object arguments;
    const Result<tools::ToolResult>* result = nullptr;
  };
  virtual async::Task<Status> OnToolCall(ToolEvent event) = 0;

  // For what another agent of the turn does. Not to outlive this listener.
  virtual std::unique_ptr<TurnListener> Of(std::string agent) = 0;
};

// Lifetime: one turn. Everything it points to outlives the turn.
// Threads:  constant after construction.
struct TurnScope : graph::RunScope {
  const llm::ModelCatalog* models = nullptr;
  const tools::ToolRegistry* tools = nullptr;
  tools::EffectJournal* effects = nullptr;  // of the run; without it no tool changes anything
  ToolGate* gate = nullptr;  // null: the agent's file decides which calls are asked about
  TurnListener* listener = nullptr;
  ModelMeter* meter = nullptr;                            // null: model calls are not counted
  std::size_t max_result_bytes = std::size_t{32} << 10U;  // of a tool; the model is told of a cut
  tools::ToolContext tool_context;  // the caller; idempotency_key is set per call
  // For the prompt's {{…}}: user_name, ai_name, today, timezone, persona_style.
  std::map<std::string, std::string> variables;
  // Shown to the model after the agent's prompt: the open editor; may be empty.
  std::string surroundings;
  // The open editor's document, for agents that change it.
  std::optional<OpenDocument> document;
};

}  // namespace baton::agents
