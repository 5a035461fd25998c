// Tool calls that change the world: none is made twice without the user's word.
#pragma once

#include <optional>
#include <string>

#include "async/task.h"
#include "base/status.h"
#include "graph/node.h"
#include "llm/message.h"
#include "tools/effect_journal.h"
#include "tools/tool.h"

namespace baton::agents {

// A call on its way, of a tool whose effect is not repeatable.
struct EffectCall {
  const llm::ToolCall& call;
  tools::Effect effect;
  std::string key;  // the idempotency key
  // The task fails if the call does, instead of going on with the failure. When it runs again, a
  // call that was refused is made again, and one that failed otherwise is in doubt.
  bool fails_task = false;
};

// What is known of a call before it is made. Neither member set: it is to be made.
struct EffectRecall {
  std::optional<Result<tools::ToolResult>> outcome;
  std::string refusal;  // why it is not made, as the model is told
};

// Looks the call up in the journal. One that is in doubt becomes a question to the user, with
// the payload {"kind": "effect_in_doubt", "tool", "arguments", "effect", "tries", "reason"} and
// the answer {"action": "retry" | "skip" | "done", "result": text}: make it again, leave it, or
// take `result` for what came of it. Each try that is cut off is a question of its own.
//
// To be called before any call of the task is made. Fails like Interrupt() and the journal.
async::Task<Result<EffectRecall>> RecallEffect(graph::NodeContext& context,
                                               tools::EffectJournal& journal, EffectCall call);

// Makes the call between its intent and its outcome in the journal, and puts what came of it
// into `outcome`. A call that was cancelled on its way stays in doubt: it may have arrived.
// Fails only if the journal does; whatever `outcome` then holds, the call is in doubt.
async::Task<Status> MakeEffect(const tools::ToolRegistry& tools, tools::EffectJournal& journal,
                               EffectCall call, tools::ToolContext context,
                               std::optional<Result<tools::ToolResult>>& outcome);

// Whether a call that failed so may have had its effect all the same.
bool MayHaveHappened(Code failure);

}  // namespace baton::agents
