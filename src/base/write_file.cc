#include "base/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <fmt/format.h>

namespace baton {
namespace {

// 0, or the error number. A short write is followed by another, which says what is wrong.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

Status CannotWrite(const std::filesystem::path& file, int error) {
  return Fail(error == EEXIST ? Code::kAlreadyExists : Code::kUnavailable, "{}: {}", file.string(),
              error == EEXIST ? "there is such a file already" : std::strerror(error));
}

// The error number of making `file` with this text; it is gone again if that went wrong.
int TryCreate(const std::filesystem::path& file, std::string_view text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  int error = WriteAll(fd, text);
  if (close(fd) != 0 && error == 0) error = errno;
  if (error != 0) unlink(file.c_str());
  return error;
}

}  // namespace

Status ReplaceFile(const std::filesystem::path& file, std::string_view text) {
  static std::atomic<unsigned> drafts = 0;
  std::filesystem::path draft = file;
  draft += fmt::format(".{}-{}.draft", getpid(), ++drafts);
  int error = TryCreate(draft, text);
  if (error == 0 && std::rename(draft.c_str(), file.c_str()) != 0) {
    error = errno;
    unlink(draft.c_str());
  }
  return error == 0 ? Status() : CannotWrite(file, error);
}

Status CreateNewFile(const std::filesystem::path& file, std::string_view text) {
  const int error = TryCreate(file, text);
  return error == 0 ? Status() : CannotWrite(file, error);
}

}  // namespace baton
