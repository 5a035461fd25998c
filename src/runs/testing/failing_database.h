// A database that stops taking writes, as when the process dies.
#pragma once

#include <atomic>
#include <limits>
#include <utility>
#include <vector>

#include "storage/database.h"

namespace baton::runs::testing {

// Passes everything on to `inner`, which outlives it, until the n-th write: that one and all
// that follow fail with kUnavailable and leave no trace.
//
// Threads: safe.
class FailingDatabase final : public storage::Database {
 public:
  explicit FailingDatabase(storage::Database& inner) : inner_(inner) {}

  // The next `writes` writes succeed, and none after them.
  void FailAfter(std::int64_t writes) { left_ = writes; }
  void Recover() {
    left_ = std::numeric_limits<std::int64_t>::max();
    fails_ = 0;
  }
  std::int64_t writes() const { return writes_; }  // that were passed on
  std::int64_t fails() const { return fails_; }    // that were not, since the last Recover()

  storage::Dialect dialect() const override { return inner_.dialect(); }

  async::Task<Result<storage::Rows>> Read(storage::Statement statement) override {
    co_return co_await inner_.Read(std::move(statement));
  }

  async::Task<Result<std::vector<storage::Rows>>> Write(std::vector<storage::Statement> batch,
                                                        storage::Durability durability) override {
    if (left_.fetch_sub(1) <= 0) {
      left_ = 0;
      ++fails_;
      co_return Fail(Code::kUnavailable, "the database is gone");
    }
    ++writes_;
    co_return co_await inner_.Write(std::move(batch), durability);
  }

 private:
  storage::Database& inner_;
  std::atomic<std::int64_t> left_{std::numeric_limits<std::int64_t>::max()};
  std::atomic<std::int64_t> writes_{0};
  std::atomic<std::int64_t> fails_{0};
};

}  // namespace baton::runs::testing
