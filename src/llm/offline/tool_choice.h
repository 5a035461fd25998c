// Whether the user's message needs a tool, and which.
#pragma once

#include <optional>

#include "llm/chat_model.h"
#include "llm/offline/evidence.h"

namespace baton::llm::offline {

// The call that fits the message best, by the overlap of its words with the tools' names,
// descriptions and parameters; among equals the first tool. A question that fits none goes to a
// tool that searches. Nothing for small talk, for what the user has told earlier, and where no
// tool's required arguments can be known; with `require_tool` there is always a call.
std::optional<ToolCall> ChooseTool(const ChatRequest& request, const Evidence& evidence);

// The call that the last result leads to: a document whose id was just found is read. Nothing where
// that is not what was found.
std::optional<ToolCall> ChooseNextTool(const ChatRequest& request);

}  // namespace baton::llm::offline
