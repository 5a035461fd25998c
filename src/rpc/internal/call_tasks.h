// The coroutines behind a server's calls.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "async/runtime.h"
#include "async/task_group.h"
#include "base/deadline.h"

namespace baton::rpc::internal {

// One TaskGroup on each thread of the Runtime; a call is given one of them and stays there.
//
// Lifetime: within the Runtime's; Join() before destruction.
// Threads:  all methods may be called from any thread; Join blocks, and so is never
//           called on a thread of the Runtime.
class CallTasks {
 public:
  struct Lane {
    Lane(const async::Executor& executor, const std::atomic<bool>& server_drains)
        : tasks(executor), draining(server_drains) {}
    const async::Executor& executor() const { return tasks.executor(); }

    async::TaskGroup tasks;  // used on its executor
    const std::atomic<bool>& draining;
  };

  explicit CallTasks(async::Runtime& runtime);

  // Round robin.
  Lane& Pick();

  // From now on a call that breaks off is the shutdown's doing: gRPC's in-process transport
  // closes when its server begins to shut down.
  void Drain() { draining_.store(true, std::memory_order_relaxed); }

  // Cancels every call, now and in future.
  void Cancel(CancelReason reason);

  // Cancels at `deadline`; returns at once.
  void CancelAt(Deadline deadline, CancelReason reason);

  // Blocks until no coroutine is left.
  void Join();

 private:
  async::Task<void> CancelLater(Deadline deadline, CancelReason reason);

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> draining_{false};
};

}  // namespace baton::rpc::internal
