#include "storage/internal/queued_database.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "async/runtime.h"
#include "base/client_error.h"

namespace baton::storage::internal {
namespace {

// More than cores gains nothing: a reader computes, it hardly ever waits for a disk.
constexpr std::size_t kReaders = 4;

// Bounds how long the first caller of a group waits for the last one's statements.
constexpr std::size_t kMaxGroup = 512;

// Far above what a server in health queues within a flush; beyond it the database has stalled,
// and callers had better know than fill the memory.
constexpr std::size_t kMaxQueued = 65536;

// How long a group waits for those of the last one: a tenth of what a commit takes. Not at all
// where that is less than it takes to go to sleep and wake up.
constexpr int kPatienceDivisor = 10;
constexpr std::chrono::microseconds kLeastPatience{20};

// SQL, addresses and what the database says are no client's business.
template <typename T>
void MarkInternal(Result<T>& result) {
  if (!result) result.error().With(std::string(kInternalDetail), "storage");
}

}  // namespace

QueuedDatabase::QueuedDatabase(std::unique_ptr<Driver> driver)
    : driver_(std::move(driver)), writer_(1), readers_(kReaders) {
  // Where it shares a core with those who write, they say all they have before it commits.
  boost::asio::post(writer_, async::YieldToLanes);
}

QueuedDatabase::~QueuedDatabase() {
  writer_.join();
  readers_.join();
}

async::Task<Result<Rows>> QueuedDatabase::Read(Statement statement) {
  if (reads_.fetch_add(1) >= kMaxQueued) {
    reads_.fetch_sub(1);
    co_return Fail(Code::kResourceExhausted, "{} reads are waiting for the database", kMaxQueued);
  }
  Result<Rows> result;
  Completion done;
  co_await done.Wait([&] {
    boost::asio::post(readers_, [&] {
      result = driver_->Query(statement);
      reads_.fetch_sub(1);
      done.Complete();
    });
  });
  MarkInternal(result);
  co_return result;
}

async::Task<Result<std::vector<Rows>>> QueuedDatabase::Write(std::vector<Statement> batch,
                                                             Durability durability) {
  if (batch.empty()) co_return std::vector<Rows>();
  WriteRequest request{.batch = std::move(batch), .durability = durability};
  co_await request.done.Wait([this, &request] { Enqueue(request); });
  MarkInternal(request.result);
  co_return std::move(request.result);
}

void QueuedDatabase::Enqueue(WriteRequest& request) {
  std::unique_lock lock(mutex_);
  if (pending_.size() >= kMaxQueued) {
    lock.unlock();
    request.result =
        Fail(Code::kResourceExhausted, "{} writes are waiting for the database", kMaxQueued);
    request.done.Complete();
    return;
  }
  pending_.push_back(&request);
  if (pending_.size() == awaited_) company_.notify_one();
  if (std::exchange(draining_, true)) return;
  lock.unlock();
  boost::asio::post(writer_, [this] { DrainWrites(); });
}

bool QueuedDatabase::TakeGroup(std::vector<WriteRequest*>& group) {
  group.clear();
  std::unique_lock lock(mutex_);
  AwaitCompany(lock);
  if (pending_.size() <= kMaxGroup) {
    std::swap(group, pending_);
  } else {
    const auto end = pending_.begin() + kMaxGroup;
    group.assign(pending_.begin(), end);
    pending_.erase(pending_.begin(), end);
  }
  draining_ = !group.empty();
  return draining_;
}

// Whoever shared the last commit was resumed by it and is likely to come again. The first to be
// back would have the next flush to itself and keep the others waiting for it: a crowd would
// need two flushes where one will do. So it waits for them, for a fraction of that flush.
void QueuedDatabase::AwaitCompany(std::unique_lock<std::mutex>& lock) {
  const auto patience = last_duration_ / kPatienceDivisor;
  if (pending_.empty() || pending_.size() >= last_size_ || patience < kLeastPatience) return;
  awaited_ = last_size_;
  company_.wait_for(lock, patience, [this] { return pending_.size() >= awaited_; });
  awaited_ = 0;
}

void QueuedDatabase::DrainWrites() {
  std::vector<WriteRequest*> group;
  while (TakeGroup(group)) {
    const auto begin = std::chrono::steady_clock::now();
    driver_->Commit(group);
    last_duration_ = std::chrono::steady_clock::now() - begin;
    last_size_ = group.size();
    for (WriteRequest* request : group) request->done.Complete();
    driver_->AfterCommit();
  }
}

CommitMetrics::CommitMetrics(MetricsRegistry& metrics, const std::string& driver)
    : batches_(metrics.GetHistogram("baton_storage_commit_batches",
                                    "Batches of different callers that shared one commit",
                                    {1, 2, 4, 8, 16, 32, 64, 128, 256, 512}, {{"driver", driver}})),
      seconds_(metrics.GetHistogram("baton_storage_commit_seconds",
                                    "Time of one commit with its statements and its flush",
                                    {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                     0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5},
                                    {{"driver", driver}})) {}

void CommitMetrics::Observe(std::size_t batches, double seconds) {
  batches_.Observe(static_cast<double>(batches));
  seconds_.Observe(seconds);
}

}  // namespace baton::storage::internal
