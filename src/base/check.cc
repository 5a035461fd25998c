#include "base/check.h"

#include <cstdlib>

#include "base/log.h"

namespace baton::internal {

void CheckFailed(const char* file, int line, const char* condition, std::string_view message) {
  Log(LogLevel::kCritical, "check failed",
      {{"file", file}, {"line", line}, {"condition", condition}, {"message", message}});
  FlushLog();
  std::abort();
}

}  // namespace baton::internal
