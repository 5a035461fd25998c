// What a turn's agent is told of what its user has had remembered.
#pragma once

#include <cstddef>
#include <string>

#include "async/task.h"
#include "runs/memory/memories.h"
#include "runs/memory/memory_limits.h"

namespace baton::runs::memory {

struct TurnMemories {
  Memories* memories = nullptr;         // null: none are told
  std::size_t most = kMemoriesPerTurn;  // 0: none are told
};

// The user's preferences, the newest first, and the saved facts that hold words of `query`, the
// best first and none that holds less than half of what the best one does, as a paragraph for the
// prompt: at most `most` of them, half of them preferences where there are as many facts, and
// kMaxMemoryBytesPerTurn. They are marked as statements, which are no instructions, and each is one
// line, so that none can pose as more of the prompt. Empty if there are none. A store that fails is
// logged: the turn goes on without.
async::Task<std::string> DescribeMemories(const TurnMemories& source, std::string user_id,
                                          std::string query);

}  // namespace baton::runs::memory
