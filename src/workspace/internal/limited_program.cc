#include "workspace/internal/limited_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace baton::workspace::internal {
namespace {

constexpr int kNoSuchProgram = 127;  // as shells, prlimit and timeout say it

// A file without a name, in memory. Unlike a pipe nobody has to wait at its other end.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("baton", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (fd_ >= 0) close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }

  bool Fill(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return lseek(fd_, 0, SEEK_SET) == 0;
  }

  std::string Content() const {
    const off_t size = lseek(fd_, 0, SEEK_END);
    std::string content(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    std::size_t at = 0;
    while (at < content.size()) {
      const ssize_t got =
          pread(fd_, content.data() + at, content.size() - at, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      at += static_cast<std::size_t>(got);
    }
    content.resize(at);
    return content;
  }

 private:
  const int fd_;
};

// What the new process gets of this one: three files, and signals as they are by default.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output, int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int each : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGXFSZ}) {
      sigaddset(&signals, each);
    }
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  Result<pid_t> Start(std::vector<std::string>& command) const {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& each : command) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    std::string path = "PATH=/usr/local/bin:/usr/bin:/bin";
    std::string locale = "LC_ALL=C.UTF-8";
    const std::array<char*, 3> environment = {path.data(), locale.data(), nullptr};
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, arguments.front(), &actions_, &attributes_,
                                   arguments.data(), environment.data());
    if (error == 0) return pid;
    return Fail(Code::kInternal, "'{}' cannot be started: {}", command.front(),
                std::generic_category().message(error));
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<std::string> Limited(const std::vector<std::string>& command,
                                 const ProgramLimits& limits) {
  std::vector<std::string> whole = {"prlimit",
                                    fmt::format("--cpu={}", limits.cpu.count()),
                                    fmt::format("--as={}", limits.memory),
                                    fmt::format("--fsize={}", limits.output),
                                    "--core=0",
                                    "timeout",
                                    "--signal=KILL",
                                    std::to_string(limits.time.count())};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

}  // namespace

Result<ProgramOutcome> RunLimited(const std::vector<std::string>& command, std::string_view input,
                                  const ProgramLimits& limits) {
  const MemoryFile in;
  const MemoryFile out;
  const MemoryFile errors;
  if (in.fd() < 0 || out.fd() < 0 || errors.fd() < 0 || !in.Fill(input)) {
    return Fail(Code::kInternal, "no file in memory for '{}': {}", command.front(),
                std::generic_category().message(errno));
  }
  std::vector<std::string> whole = Limited(command, limits);
  const auto pid = SpawnPlan(in.fd(), out.fd(), errors.fd()).Start(whole);
  if (!pid) return Fail(pid.error());
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return Fail(Code::kInternal, "the end of '{}' is not known: {}", command.front(),
                  std::generic_category().message(errno));
    }
  }
  // A shell's way to say which signal has ended a program is a code above 128.
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == kNoSuchProgram)
    return Fail(Code::kUnavailable, "there is no program '{}'", command.front());
  return ProgramOutcome{
      .exit_code = code > 128 ? -1 : code, .output = out.Content(), .errors = errors.Content()};
}

}  // namespace baton::workspace::internal
