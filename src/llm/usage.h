// What a model call has cost.
#pragma once

#include "llm/chat_model.h"

namespace baton::llm {

// As the provider says; where it does not, an estimate: a token is about four bytes.
Usage UsageOf(const ChatRequest& request, const ChatResponse& response);

}  // namespace baton::llm
