// Whether a turn can be at all, asked before anything is done for it.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "runs/limits.h"
#include "runs/orchestrator.h"

namespace baton::runs {

// kInvalidArgument names the field: a missing, too long or unprintable id, an empty query (a
// joining turn needs none), text that is not UTF-8, an unknown role. kResourceExhausted names
// the field, its size and the limit.
Status CheckTurn(const TurnRequest& request, const TurnLimits& limits = {});

// kInvalidArgument as above.
Status CheckUserId(std::string_view user_id);
Status CheckConversationId(std::string_view conversation_id);

// "{user_id}:{conversation_id}". CheckTurn() keeps ':' out of user ids, so no two
// conversations share one.
std::string ThreadId(std::string_view user_id, std::string_view conversation_id);

}  // namespace baton::runs
