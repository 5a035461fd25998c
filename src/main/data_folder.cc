#include "main/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace baton::app {

Result<DataFolder> DataFolder::Own(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return Fail(Code::kUnavailable, "data folder '{}': {}", path.string(), error.message());
  }
  const std::string file = (path / "baton.lock").string();
  const int lock = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return Fail(Code::kUnavailable, "'{}': {}", file, std::strerror(errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return Fail(Code::kFailedPrecondition,
                "data folder '{}': another baton serves it; stop that one or give another --data",
                path.string());
  }
  return DataFolder(lock);
}

DataFolder::DataFolder(DataFolder&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace baton::app
