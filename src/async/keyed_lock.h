// One at a time, of those who name the same thing.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "async/task.h"

namespace baton::async {

// Locks by name, such as a user's, for coroutines that read, decide and write. Who comes later
// waits its turn. Of this process only: against another one a database's own means are needed.
//
// Lifetime: outlives every lock that was taken, and the executors of all who wait.
// Threads:  safe; Lock() resumes on its caller's executor.
// Cancel:   a wait is not cut short: what a lock is held for is short.
class KeyedLock {
 public:
  // Held from Lock() until it is destroyed.
  class Held {
   public:
    Held(Held&& other) noexcept
        : lock_(std::exchange(other.lock_, nullptr)), key_(std::move(other.key_)) {}
    Held& operator=(Held&&) = delete;
    ~Held();

   private:
    friend class KeyedLock;
    Held(KeyedLock* lock, std::string key) : lock_(lock), key_(std::move(key)) {}

    KeyedLock* lock_;
    std::string key_;
  };

  Task<Held> Lock(std::string key);

 private:
  struct Waiter;

  void Release(const std::string& key);

  std::mutex mutex_;
  // Guarded by mutex_. A key is there while it is held, with those who wait, the first in front.
  std::map<std::string, std::deque<std::shared_ptr<Waiter>>> held_;
};

}  // namespace baton::async
