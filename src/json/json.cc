#include "json/json.h"

#include <algorithm>
#include <cmath>

#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.h"

namespace baton::json {
namespace {

void AppendPretty(std::string& out, const Value& value, std::size_t indent);

void AppendMembers(std::string& out, const Object& object, std::size_t indent) {
  bool first = true;
  for (const auto& [key, member] : object) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(indent + 2, ' ');
    out += boost::json::serialize(boost::json::string_view(key));
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
    out += boost::json::serialize(value);
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

std::string Serialize(const Value& value) { return boost::json::serialize(value); }
std::string Serialize(const Object& object) { return boost::json::serialize(object); }

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
