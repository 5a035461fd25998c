#include "base/client_error.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/id_generator.h"
#include "base/log.h"

namespace baton {
namespace {

// Enough to find one line of a log.
constexpr std::size_t kIdCharacters = 8;

std::string NewErrorId() {
  static IdGenerator& ids = *new IdGenerator(SystemClock());
  const std::string id = ids.New("err");  // its end is random
  return "err_" + id.substr(id.size() - kIdCharacters);
}

bool IsInternal(const Status& failure) {
  return failure.code() == Code::kUnknown || failure.code() == Code::kInternal ||
         failure.code() == Code::kDataLoss ||
         failure.details().contains(std::string(kInternalDetail));
}

}  // namespace

Status ForClients(const Status& failure) {
  if (failure.ok()) return {};
  if (!IsInternal(failure)) return {failure.code(), failure.message()};
  const std::string id = NewErrorId();
  Log(LogLevel::kError, "internal error", {{"id", id}, {"status", failure.ToString()}});
  const std::string_view what = failure.code() == Code::kResourceExhausted
                                    ? "no room left on the server, error "
                                    : "internal error ";
  return {failure.code(), fmt::format("{}{}: the server's log says more", what, id)};
}

}  // namespace baton
