// JSON values and the ways in and out of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "base/status.h"

namespace baton::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

struct ParseLimits {
  std::size_t max_depth = 64;                      // deeper is an attack, not data
  std::size_t max_bytes = std::size_t{64} << 20U;  // the message limit at the edge
};

// Reads one JSON text (RFC 8259, UTF-8). kInvalidArgument with the byte offset and the reason, also
// for a number that no double holds; kResourceExhausted above a limit. A key that occurs twice
// keeps its last value.
Result<Value> Parse(std::string_view text, const ParseLimits& limits = {});

// Whether `value` has a text form: JSON knows no infinity and no NaN.
bool IsFinite(const Value& value);

// The shortest form: no white space, keys in the value's own order, so equal values built the
// same way give equal text. Doubles survive a round trip.
std::string Serialize(const Value& value);
std::string Serialize(const Object& object);

// Appends what Serialize() makes of the value, or of a string of this text, to `out`: for what is
// written more often than it is built, such as the request of a model.
void AppendText(std::string& out, const Value& value);
void AppendString(std::string& out, std::string_view text);

// How long Serialize() makes it, about: escapes and digits are not counted out.
std::size_t TextBytes(const Value& value);

// Two spaces a level, for people.
std::string SerializePretty(const Value& value);

// The member `key` of `object`, null if it is absent or `object` is not an object. It lives in
// the object, so a temporary is refused.
const Value* Find(const Object& object, std::string_view key);
const Value* Find(const Value& object, std::string_view key);
const Value* Find(const Object&& object, std::string_view key) = delete;
const Value* Find(const Value&& object, std::string_view key) = delete;

// The member as a type, or `fallback` if it is absent or of another type. The text lives in the
// object.
std::string_view GetString(const Object& object, std::string_view key,
                           std::string_view fallback = {});
std::string_view GetString(const Value& object, std::string_view key,
                           std::string_view fallback = {});
std::string_view GetString(const Object&& object, std::string_view key,
                           std::string_view fallback = {}) = delete;
std::string_view GetString(const Value&& object, std::string_view key,
                           std::string_view fallback = {}) = delete;

// The same; GetInt takes whole doubles too: some writers know no integers.
std::int64_t GetInt(const Object& object, std::string_view key, std::int64_t fallback = 0);
std::int64_t GetInt(const Value& object, std::string_view key, std::int64_t fallback = 0);
double GetDouble(const Object& object, std::string_view key, double fallback = 0);
double GetDouble(const Value& object, std::string_view key, double fallback = 0);
bool GetBool(const Object& object, std::string_view key, bool fallback = false);
bool GetBool(const Value& object, std::string_view key, bool fallback = false);

// A string member that must be there. kInvalidArgument names `what` and `key`.
Result<std::string> RequireString(const Object& object, std::string_view key,
                                  std::string_view what);
Result<std::string> RequireString(const Value& object, std::string_view key, std::string_view what);

inline std::string_view ToStringView(const boost::json::string& text) {
  return {text.data(), text.size()};
}

}  // namespace baton::json
