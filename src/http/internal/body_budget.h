// What all connections of a server may hold of request bodies.
#pragma once

#include <atomic>
#include <cstddef>

namespace baton::http::internal {

// Threads: safe.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t limit) : limit_(limit) {}

  // One request's part of it.
  // Threads: its connection's executor. Lifetime: within the budget's.
  class Share {
   public:
    explicit Share(BodyBudget& budget) : budget_(budget) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { Resize(0); }

    // Makes it `bytes` large. False, and as large as it was, if the budget has no room for that.
    bool Resize(std::size_t bytes) {
      if (bytes > bytes_) {
        const std::size_t more = bytes - bytes_;
        if (budget_.used_.fetch_add(more, std::memory_order_relaxed) + more > budget_.limit_) {
          budget_.used_.fetch_sub(more, std::memory_order_relaxed);
          return false;
        }
      } else if (bytes < bytes_) {
        budget_.used_.fetch_sub(bytes_ - bytes, std::memory_order_relaxed);
      }
      bytes_ = bytes;
      return true;
    }

   private:
    BodyBudget& budget_;
    std::size_t bytes_ = 0;
  };

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace baton::http::internal
