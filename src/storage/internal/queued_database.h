// What both drivers share: the way of a call to the driver's threads and back.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "base/metrics.h"
#include "base/status.h"
#include "storage/database.h"
#include "storage/internal/completion.h"

namespace baton::storage::internal {

// A Write() that waits for its commit. Lives in the caller's coroutine frame.
struct WriteRequest {
  std::vector<Statement> batch;
  Durability durability = Durability::kFlushed;
  Result<std::vector<Rows>> result;
  Completion done;
};

// The database itself: blocking, and ignorant of coroutines.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual Dialect dialect() const = 0;

  // Applies the batches in order, each atomic for itself, all with one flush where nothing
  // fails, and sets the result of every request. Writer thread.
  virtual void Commit(std::span<WriteRequest* const> group) = 0;

  // Housekeeping that the callers of the last Commit() need not wait for. Writer thread.
  virtual void AfterCommit() {}

  // Several reader threads at once.
  virtual Result<Rows> Query(const Statement& statement) = 0;
};

// A Database on one writer thread and a few reader threads. The writer takes everything that
// came while it was committing and commits that together: a lone caller waits for nobody, and a
// crowd shares one flush.
//
// Lifetime: the destructor finishes what was begun.
class QueuedDatabase final : public Database {
 public:
  explicit QueuedDatabase(std::unique_ptr<Driver> driver);
  ~QueuedDatabase() override;

  Dialect dialect() const override { return driver_->dialect(); }
  async::Task<Result<Rows>> Read(Statement statement) override;
  async::Task<Result<std::vector<Rows>>> Write(std::vector<Statement> batch,
                                               Durability durability) override;

 private:
  void Enqueue(WriteRequest& request);
  bool TakeGroup(std::vector<WriteRequest*>& group);
  void AwaitCompany(std::unique_lock<std::mutex>& lock);
  void DrainWrites();

  const std::unique_ptr<Driver> driver_;
  boost::asio::thread_pool writer_;
  boost::asio::thread_pool readers_;
  std::atomic<std::size_t> reads_{0};

  // Of the last group; writer thread.
  std::size_t last_size_ = 0;
  std::chrono::steady_clock::duration last_duration_{};

  std::mutex mutex_;
  std::condition_variable company_;     // awaited_ requests are pending
  std::vector<WriteRequest*> pending_;  // guarded by mutex_
  std::size_t awaited_ = 0;             // guarded by mutex_: 0 while nobody waits for company_
  bool draining_ = false;               // guarded by mutex_: the writer thread is at work
};

// baton_storage_commit_batches and baton_storage_commit_seconds of one driver.
class CommitMetrics {
 public:
  CommitMetrics(MetricsRegistry& metrics, const std::string& driver);
  void Observe(std::size_t batches, double seconds);

 private:
  Histogram& batches_;
  Histogram& seconds_;
};

}  // namespace baton::storage::internal
