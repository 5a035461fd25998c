#include "main/database_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace baton::app {
namespace {

Status CannotUse(const std::filesystem::path& file, std::string_view why) {
  return Fail(Code::kUnavailable, "database '{}': {}; --data names another data folder",
              file.string(), why);
}

}  // namespace

Result<DatabaseLock> DatabaseLock::Take(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::path database =
      std::filesystem::weakly_canonical(std::filesystem::absolute(file), error);
  if (!error) std::filesystem::create_directories(database.parent_path(), error);
  if (error) return Fail(CannotUse(file, error.message()));
  const std::string path = database.string() + ".lock";
  const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return Fail(CannotUse(path, std::strerror(errno)));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return Fail(
        Code::kFailedPrecondition,
        "database '{}': another baton serves it; stop that one, or give another folder with "
        "--data",
        database.string());
  }
  return DatabaseLock(lock);
}

DatabaseLock::DatabaseLock(DatabaseLock&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

DatabaseLock::~DatabaseLock() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace baton::app
