// Errors as values: Status says what went wrong, Result<T> is a value or a Status.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace baton {

// The numbers are those of gRPC (grpc/status.h), so that a Status crosses the wire unchanged.
enum class Code : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "INVALID_ARGUMENT" for kInvalidArgument; "UNKNOWN" for a number outside the enum.
std::string_view CodeName(Code code);

// The outcome of something that can fail. A message says what was attempted and with which
// name, for the person who has to act: "edge 'plan' -> 'act': no such node".
//
// Threads: a value; distinct objects are independent.
// Errors:  expected failures travel as Status; our own bugs end the process (BATON_CHECK).
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  // A function that returns Status may `return Fail(...)` like one that returns Result<T>.
  Status(std::unexpected<Status> failure)  // NOLINT(google-explicit-constructor)
      : Status(std::move(failure).error()) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // Machine-readable extras, e.g. {"retry_after_ms", "1500"}. Empty for most failures.
  const std::map<std::string, std::string>& details() const { return details_; }
  Status& With(std::string key, std::string value) & {
    details_.insert_or_assign(std::move(key), std::move(value));
    return *this;
  }
  Status&& With(std::string key, std::string value) && {
    return std::move(With(std::move(key), std::move(value)));
  }

  // The same failure with "context: " before its message. An ok status stays as it is.
  Status Annotate(std::string_view context) &&;

  // "INVALID_ARGUMENT: edge 'plan' -> 'act': no such node", or "OK".
  std::string ToString() const;

  bool operator==(const Status&) const = default;

 private:
  Code code_ = Code::kOk;
  std::string message_;
  std::map<std::string, std::string> details_;
};

template <typename T>
using Result = std::expected<T, Status>;

// `return Fail(Code::kNotFound, "document '{}': no such document", id);`
// Converts to Status and to any Result<T>.
template <typename... Args>
std::unexpected<Status> Fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Status(code, fmt::format(format, std::forward<Args>(args)...)));
}

// Passes an existing failure on. `status` must not be ok.
inline std::unexpected<Status> Fail(Status status) { return std::unexpected(std::move(status)); }

namespace internal {
inline Status StatusOf(Status status) { return status; }
template <typename T>
Status StatusOf(Result<T>&& result) {
  return result ? Status() : std::move(result).error();
}
}  // namespace internal

}  // namespace baton

// The project's macros are these three: BATON_TRY, BATON_CO_TRY and BATON_CHECK (check.h).
//
// Evaluates a Status or Result<T> expression and returns from the function if it failed.
// The value of a Result is dropped; where it is needed, write
//   Result<T> x = F();
//   if (!x) return Fail(std::move(x).error());
#define BATON_TRY(expr)                                              \
  do {                                                               \
    ::baton::Status baton_try = ::baton::internal::StatusOf((expr)); \
    if (!baton_try.ok()) return ::baton::Fail(std::move(baton_try)); \
  } while (false)

// BATON_TRY for coroutines; `expr` may contain co_await.
#define BATON_CO_TRY(expr)                                              \
  do {                                                                  \
    ::baton::Status baton_try = ::baton::internal::StatusOf((expr));    \
    if (!baton_try.ok()) co_return ::baton::Fail(std::move(baton_try)); \
  } while (false)
