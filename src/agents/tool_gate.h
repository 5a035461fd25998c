// Who decides whether an agent's tool call may be made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "async/task.h"
#include "base/status.h"
#include "json/json.h"
#include "llm/message.h"
#include "tools/tool.h"

namespace baton::agents {

// A call that a model wishes, of a tool that its agent has.
struct GatedCall {
  std::string agent;
  llm::ToolCall call;
  std::string key;  // the same for this call whenever its task runs again, and no other call's
  tools::Effect effect = tools::Effect::kRead;
  std::optional<Permission> declared;  // by the agent's file
};

struct GateDecision {
  Permission verdict = Permission::kAllow;
  std::string reason;    // of an `ask` or `deny`, for the user and for the model
  json::Object details;  // joins the question's payload
};

// Lifetime: one turn.
// Threads:  the run's executor.
class ToolGate {
 public:
  virtual ~ToolGate() = default;

  // One decision for each of a message's calls, before any is made. Asked again whenever the
  // task runs again: a call that the user has allowed for longer is `allow` by then. A failure
  // ends the node.
  virtual async::Task<Result<std::vector<GateDecision>>> Decide(std::vector<GatedCall> calls) = 0;
};

}  // namespace baton::agents
