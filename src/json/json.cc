#include "json/json.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.h"

namespace baton::json {
namespace {

// For a character of a JSON string: 0 where it stands for itself, 'u' where it is written by its
// number, else what follows its backslash (RFC 8259, 7).
constexpr auto kEscapes = [] {
  std::array<char, 256> escapes{};
  std::fill_n(escapes.begin(), 0x20, 'u');
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}();

// How many bytes at the front of `text` stand for themselves. Most texts are long and most bytes
// do, so eight at a time: a byte's high bit is set in `found` if it is a control, a quotation mark
// or a backslash. What a byte borrows from the one above it only adds to bits above the first that
// is right ("Determine if a word has a byte less than n", Anderson, Bit Twiddling Hacks).
std::size_t CountPlain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto less = [](std::uint64_t word, std::uint64_t n) { return (word - kOnes * n) & ~word; };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const std::uint64_t found =
        (less(word, 0x20) | less(word ^ kOnes * '"', 1) | less(word ^ kOnes * '\\', 1)) &
        kOnes * 0x80;
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  while (at < text.size() && kEscapes[static_cast<unsigned char>(text[at])] == 0) ++at;
  return at;
}

template <typename Integer>
void AppendInteger(std::string& out, Integer number) {
  std::array<char, 20> digits;  // of -2^63 and of 2^64 - 1
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

void AppendObject(std::string& out, const Object& object) {
  char before = '{';
  for (const auto& [key, member] : object) {
    out += std::exchange(before, ',');
    AppendString(out, key);
    out += ':';
    AppendText(out, member);
  }
  out += object.empty() ? "{}" : "}";
}

void AppendArray(std::string& out, const Array& array) {
  char before = '[';
  for (const Value& element : array) {
    out += std::exchange(before, ',');
    AppendText(out, element);
  }
  out += array.empty() ? "[]" : "]";
}

void AppendPretty(std::string& out, const Value& value, std::size_t indent);

void AppendMembers(std::string& out, const Object& object, std::size_t indent) {
  bool first = true;
  for (const auto& [key, member] : object) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(indent + 2, ' ');
    AppendString(out, key);
    out += ": ";
    AppendPretty(out, member, indent + 2);
  }
}

void AppendElements(std::string& out, const Array& array, std::size_t indent) {
  bool first = true;
  for (const Value& element : array) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(indent + 2, ' ');
    AppendPretty(out, element, indent + 2);
  }
}

void AppendPretty(std::string& out, const Value& value, std::size_t indent) {
  const bool is_object = value.is_object() && !value.get_object().empty();
  const bool is_array = value.is_array() && !value.get_array().empty();
  if (!is_object && !is_array) {
    AppendText(out, value);
    return;
  }
  out += is_object ? '{' : '[';
  if (is_object) {
    AppendMembers(out, value.get_object(), indent);
  } else {
    AppendElements(out, value.get_array(), indent);
  }
  out += '\n';
  out.append(indent, ' ');
  out += is_object ? '}' : ']';
}

std::string_view TextOr(const Value* member, std::string_view fallback) {
  return member != nullptr && member->is_string() ? ToStringView(member->get_string()) : fallback;
}

std::int64_t IntOr(const Value* member, std::int64_t fallback) {
  if (member == nullptr || !member->is_number()) return fallback;
  boost::json::error_code error;
  const auto number = member->to_number<std::int64_t>(error);
  return error ? fallback : number;
}

double DoubleOr(const Value* member, double fallback) {
  return member != nullptr && member->is_number() ? member->to_number<double>() : fallback;
}

bool BoolOr(const Value* member, bool fallback) {
  return member != nullptr && member->is_bool() ? member->get_bool() : fallback;
}

Result<std::string> TextOf(const Value* member, std::string_view key, std::string_view what) {
  if (member == nullptr || !member->is_string()) {
    return Fail(Code::kInvalidArgument, "{}: '{}' must be a string", what, key);
  }
  return std::string(ToStringView(member->get_string()));
}

}  // namespace

Result<Value> Parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(Code::kResourceExhausted, "JSON text of {} bytes: the limit is {}", text.size(),
                limits.max_bytes);
  }
  boost::json::parse_options options;
  options.max_depth = limits.max_depth;
  boost::json::parser parser({}, options);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (error == boost::json::error::too_deep) {
    return Fail(Code::kResourceExhausted, "JSON nested deeper than {} levels", limits.max_depth);
  }
  if (error) return Fail(Code::kInvalidArgument, "JSON, byte {}: {}", read, error.message());
  const std::size_t rest = text.find_first_not_of(" \t\r\n", read);
  if (rest != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "JSON, byte {}: text after the value", rest);
  }
  Value value = parser.release();
  if (!IsFinite(value)) {
    return Fail(Code::kInvalidArgument, "JSON: a number of more than 1.8e308");
  }
  return value;
}

bool IsFinite(const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::double_:
      return std::isfinite(value.get_double());
    case boost::json::kind::array:
      return std::ranges::all_of(value.get_array(), IsFinite);
    case boost::json::kind::object:
      return std::ranges::all_of(value.get_object(),
                                 [](const auto& member) { return IsFinite(member.value()); });
    default:
      return true;
  }
}

std::string Serialize(const Value& value) {
  std::string text;
  AppendText(text, value);
  return text;
}

std::string Serialize(const Object& object) {
  std::string text;
  AppendObject(text, object);
  return text;
}

void AppendText(std::string& out, const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      out += "null";
      return;
    case boost::json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case boost::json::kind::int64:
      return AppendInteger(out, value.get_int64());
    case boost::json::kind::uint64:
      return AppendInteger(out, value.get_uint64());
    case boost::json::kind::double_:
      out += boost::json::serialize(value);  // the shortest digits that read back as the same
      return;
    case boost::json::kind::string:
      return AppendString(out, value.get_string());
    case boost::json::kind::array:
      return AppendArray(out, value.get_array());
    case boost::json::kind::object:
      return AppendObject(out, value.get_object());
  }
}

void AppendString(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (std::size_t plain = CountPlain(text); plain < text.size(); plain = CountPlain(text)) {
    out += text.substr(0, plain);
    const auto byte = static_cast<unsigned char>(text[plain]);
    out += '\\';
    out += kEscapes[byte];
    if (kEscapes[byte] == 'u') {
      out += "00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
    text.remove_prefix(plain + 1);
  }
  out += text;
  out += '"';
}

std::size_t TextBytes(const Value& value) {
  constexpr std::size_t kNumberOrWord = 5;
  if (const boost::json::string* text = value.if_string()) return text->size() + 2;
  std::size_t bytes = 2;
  if (const Array* list = value.if_array()) {
    for (const Value& element : *list) bytes += TextBytes(element) + 1;
    return bytes;
  }
  const Object* object = value.if_object();
  if (object == nullptr) return kNumberOrWord;
  for (const auto& [name, member] : *object) bytes += name.size() + 4 + TextBytes(member);
  return bytes;
}

std::string SerializePretty(const Value& value) {
  std::string out;
  AppendPretty(out, value, 0);
  return out;
}

const Value* Find(const Object& object, std::string_view key) { return object.if_contains(key); }

const Value* Find(const Value& object, std::string_view key) {
  const Object* members = object.if_object();
  return members == nullptr ? nullptr : Find(*members, key);
}

std::string_view GetString(const Object& object, std::string_view key, std::string_view fallback) {
  return TextOr(Find(object, key), fallback);
}
std::string_view GetString(const Value& object, std::string_view key, std::string_view fallback) {
  return TextOr(Find(object, key), fallback);
}

std::int64_t GetInt(const Object& object, std::string_view key, std::int64_t fallback) {
  return IntOr(Find(object, key), fallback);
}
std::int64_t GetInt(const Value& object, std::string_view key, std::int64_t fallback) {
  return IntOr(Find(object, key), fallback);
}

double GetDouble(const Object& object, std::string_view key, double fallback) {
  return DoubleOr(Find(object, key), fallback);
}
double GetDouble(const Value& object, std::string_view key, double fallback) {
  return DoubleOr(Find(object, key), fallback);
}

bool GetBool(const Object& object, std::string_view key, bool fallback) {
  return BoolOr(Find(object, key), fallback);
}
bool GetBool(const Value& object, std::string_view key, bool fallback) {
  return BoolOr(Find(object, key), fallback);
}

Result<std::string> RequireString(const Object& object, std::string_view key,
                                  std::string_view what) {
  return TextOf(Find(object, key), key, what);
}
Result<std::string> RequireString(const Value& object, std::string_view key,
                                  std::string_view what) {
  return TextOf(Find(object, key), key, what);
}

}  // namespace baton::json
