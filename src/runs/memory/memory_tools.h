// Tools with which agents remember for their user.
#pragma once

#include "base/status.h"
#include "runs/memory/memories.h"
#include "tools/tool.h"

namespace baton::runs::memory {

// remember (write), recall (read) and forget (write). What the user has not asked for in this
// turn's message is proposed instead of saved, whatever the model says (remember_request.h).
// `memories` outlives the registry; it may be null where only the tools' names are wanted.
Status RegisterMemoryTools(tools::ToolRegistry& registry, Memories* memories);

}  // namespace baton::runs::memory
