// Our own bugs end the process; the run that was under way resumes from its checkpoint.
#pragma once

#include <string_view>

namespace baton::internal {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view message);
}  // namespace baton::internal

// Ends the process with file, line and `message` when `condition` is false, in every build.
// For what only a bug can cause; never for input.
#define BATON_CHECK(condition, message)                                          \
  do {                                                                           \
    if (!(condition)) [[unlikely]] {                                             \
      ::baton::internal::CheckFailed(__FILE__, __LINE__, #condition, (message)); \
    }                                                                            \
  } while (false)
