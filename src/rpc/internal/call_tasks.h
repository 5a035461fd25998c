// The coroutines behind a server's calls.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "async/runtime.h"
#include "async/task_group.h"
#include "base/deadline.h"

namespace baton::rpc::internal {

// How many calls a server has under way: from a handler's start to the last of its status.
// Threads: safe.
class CallCount {
 public:
  void Begin();
  void End();

  // Blocks until there is none; false if that takes longer than until `deadline`.
  bool AwaitNone(Deadline deadline);

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;  // guarded by mutex_
};

// One TaskGroup on each thread of the Runtime; a call is given one of them and stays there.
//
// Lifetime: within the Runtime's; Join() before destruction.
// Threads:  all methods may be called from any thread; Join blocks, and so is never
//           called on a thread of the Runtime.
class CallTasks {
 public:
  struct Lane {
    Lane(const async::Executor& executor, const std::atomic<bool>& server_drains,
         CallCount& server_calls)
        : tasks(executor), draining(server_drains), calls(server_calls) {}
    const async::Executor& executor() const { return tasks.executor(); }

    async::TaskGroup tasks;  // used on its executor
    const std::atomic<bool>& draining;
    CallCount& calls;
  };

  explicit CallTasks(async::Runtime& runtime);

  // Round robin.
  Lane& Pick();

  // From now on a call that breaks off is the shutdown's doing: gRPC's in-process transport
  // closes when its server begins to shut down.
  void Drain() { draining_.store(true, std::memory_order_relaxed); }
  bool is_draining() const { return draining_.load(std::memory_order_relaxed); }

  // Blocks until no call is under way; false if that takes longer than until `deadline`.
  bool AwaitIdle(Deadline deadline) { return calls_.AwaitNone(deadline); }

  // Cancels every call, now and in future.
  void Cancel(CancelReason reason);

  // Cancels at `deadline`; returns at once.
  void CancelAt(Deadline deadline, CancelReason reason);

  // Blocks until no coroutine is left.
  void Join();

 private:
  async::Task<void> CancelLater(Deadline deadline, CancelReason reason);

  CallCount calls_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> draining_{false};
};

}  // namespace baton::rpc::internal
