// The threads that serve: one io_context each.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "async/task.h"

namespace baton::async {

// N single-threaded io_contexts, each with its own thread. A stream or a run is given one of
// them and lives there, so that its parts need neither lock nor strand.
//
// Lifetime: Stop() (or the destructor) after every TaskGroup on it has been joined.
// Threads:  all methods may be called from any thread.
class Runtime {
 public:
  explicit Runtime(std::size_t threads);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // The next executor, round robin.
  Executor Pick();

  // The executor at `index` modulo the number of threads, for what must stay together.
  Executor At(std::size_t index);
  std::size_t size() const { return lanes_.size(); }

  // Ends the threads; work that is still queued is dropped. Idempotent.
  void Stop();

 private:
  struct Lane {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    std::thread thread;
  };

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::size_t> next_{0};
};

// Lets the calling thread, and those that it starts from now on, work beside the lanes: what
// wakes them does not take the core from a lane that runs, they get it when the lane waits or
// has had its share. A crowd then shares a commit, and a stream two wake-ups, where there are
// fewer cores than threads. Linux, and processes of the ordinary policy (SCHED_BATCH in place of
// SCHED_OTHER, sched(7)); elsewhere nothing happens.
void YieldToLanes();

}  // namespace baton::async
