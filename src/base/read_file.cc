#include "base/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace baton {

Result<std::string> ReadFile(const std::filesystem::path& file) {
  const auto cannot = [&file](int error) {
    return Fail(Code::kNotFound, "{}: cannot be read: {}", file.string(), std::strerror(error));
  };
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot(errno);
  std::string text;
  std::array<char, 65536> piece;
  int error = 0;
  for (;;) {
    const ssize_t got = read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  close(fd);
  if (error != 0) return cannot(error);
  return text;
}

}  // namespace baton
