// A SQLite database, served by one orchestrator at a time.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace baton::app {

// Holds the lock FILE.lock beside the database FILE (flock, so that the death of the process
// frees it): whoever has it knows that every run left behind by an earlier owner is nobody's.
// Lifetime: the lock lasts as long as the object.
class DatabaseLock {
 public:
  // Creates the folder. The same file is the same by whatever links it is named.
  // kFailedPrecondition if another server has it.
  static Result<DatabaseLock> Take(const std::filesystem::path& file);
  ~DatabaseLock();
  DatabaseLock(DatabaseLock&& other) noexcept;
  DatabaseLock& operator=(DatabaseLock&&) = delete;

 private:
  explicit DatabaseLock(int lock) : lock_(lock) {}
  int lock_;
};

}  // namespace baton::app
