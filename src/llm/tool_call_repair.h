// Making a conversation's tool calls and tool results match.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "llm/message.h"

namespace baton::llm {

// What stands in for the result of a call that has none.
inline constexpr std::string_view kNoResult =
    "There is no result: the call was cut off. Whether it ran is not known.";

// Providers refuse a whole conversation in which a call has no result right behind its message,
// or a result no call. Empty if there is nothing of that; otherwise the conversation in which
//   a call without a result     has kNoResult for one
//   a result that stands apart  stands behind its call's message
//   a result without a call, or a second one for the same call, is left out.
// An id that several messages call by is another call in each.
std::optional<std::vector<Message>> RepairToolCalls(const std::vector<Message>& messages);

}  // namespace baton::llm
