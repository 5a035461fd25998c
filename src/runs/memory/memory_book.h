// The memories of all users, in the long-term store.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "async/keyed_lock.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "graph/long_term_store.h"
#include "runs/memory/memories.h"
#include "runs/memory/memory_limits.h"

namespace baton::runs::memory {

struct MemoryBookOptions {
  std::size_t per_user = kMemoriesPerUser;  // saved and proposed; at most kMostMemoriesPerUser
};

// One document a memory, by its id, in {"users", user_id, "memory"} (docs/memory.md). A proposal
// has a time to live. What one user's callers change at once is done one after the other, so that
// limits hold and a proposal is accepted or rejected; where several processes share the store,
// each may go one beyond a limit, and the last word on a proposal counts.
//
// Lifetime: store, clock and ids outlive it.
// Threads:  safe.
class MemoryBook final : public Memories {
 public:
  MemoryBook(graph::LongTermStore& store, const Clock& clock, IdGenerator& ids,
             MemoryBookOptions options = {});

  async::Task<Result<Memory>> Save(NewMemory memory) override;
  async::Task<Result<MemoryPage>> List(MemoryFilter filter) override;
  async::Task<Result<std::vector<Memory>>> Search(std::string user_id, std::string query,
                                                  std::size_t limit) override;
  async::Task<Result<Memory>> Decide(std::string user_id, std::string memory_id,
                                     bool accepted) override;
  async::Task<Status> Delete(std::string user_id, std::string memory_id) override;

 private:
  async::Task<Result<Memory>> Find(std::string user_id, std::string memory_id);
  async::Task<Status> CheckRoom(const NewMemory& memory);
  async::Task<Result<Memory>> Write(Memory memory);

  graph::LongTermStore& store_;
  const Clock& clock_;
  IdGenerator& ids_;
  const MemoryBookOptions options_;
  async::KeyedLock users_;  // held over reading and writing, by user
};

}  // namespace baton::runs::memory
