// Programs that read what nobody vouches for, in a process of their own.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace baton::workspace::internal {

// The kernel ends the program that goes beyond one of these.
struct ProgramLimits {
  std::chrono::seconds cpu{60};
  std::chrono::seconds time{180};  // by the clock on the wall
  std::size_t memory = std::size_t{1} << 30U;
  std::size_t output = std::size_t{16} << 20U;  // what was written until then is kept
};

struct ProgramOutcome {
  int exit_code = -1;  // -1: it was ended
  std::string output;
  std::string errors;
};

// Runs `command` (program, arguments) with `input` as standard input, by `prlimit` of util-linux
// and `timeout` of coreutils, and waits for its end. It has none of this process's files,
// variables or signal handlers. kUnavailable if there is no such program, kInternal if no
// process can be started.
//
// Threads: safe; blocks, so it belongs on a BlockingPool.
Result<ProgramOutcome> RunLimited(const std::vector<std::string>& command, std::string_view input,
                                  const ProgramLimits& limits);

}  // namespace baton::workspace::internal
