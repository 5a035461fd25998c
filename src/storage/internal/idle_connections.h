// Connections that wait for their next statement.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace baton::storage::internal {

// Threads: safe. Who takes a connection has it alone until it is put back.
template <typename Connection>
class IdleConnections {
 public:
  // The one used last, whose caches are warm; null if there is none.
  std::unique_ptr<Connection> Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  void Put(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

}  // namespace baton::storage::internal
