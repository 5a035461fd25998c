// JSON Pointer: the way to one place inside a value.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"

namespace baton::json {

// A path such as "/address/city" or "/tags/0" (RFC 6901): "" is the whole value, "~1" within a
// name is '/', "~0" is '~'. In a list a token counts from 0; "-" and "01" are no places there.
//
// Threads: a value.
class Pointer {
 public:
  static constexpr std::size_t kMaxTokens = 32;  // deeper is a mistake, not data

  Pointer() = default;  // the whole value

  // kInvalidArgument: "path 'a/b': must be empty or begin with '/'".
  static Result<Pointer> Parse(std::string_view text);

  // The path to member `name`, whatever its characters.
  static Pointer ToMember(std::string_view name);

  // Null if there is nothing at that place. Lives as long as `value`.
  const Value* Find(const Value& value) const;

  const std::vector<std::string>& tokens() const { return tokens_; }
  std::string ToString() const;

  bool operator==(const Pointer&) const = default;

 private:
  std::vector<std::string> tokens_;
};

// The position in a list that a token of a pointer names; empty for "-", "01", "x".
std::optional<std::size_t> ListPosition(std::string_view token);

}  // namespace baton::json
