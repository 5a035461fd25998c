#include "graph/condition.h"

#include <array>
#include <cmath>
#include <compare>
#include <string>
#include <utility>

#include "base/utf8.h"

namespace baton::graph {
namespace {

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    {"eq", Comparison::kEq},
    {"ne", Comparison::kNe},
    {"gt", Comparison::kGt},
    {"gte", Comparison::kGte},
    {"lt", Comparison::kLt},
    {"lte", Comparison::kLte},
}};

// A filter is written by hand or by a program for one question; more is a mistake.
constexpr std::size_t kMaxConditions = 32;

std::partial_ordering Reversed(std::partial_ordering order) { return 0 <=> order; }

// Exactly, which a conversion to either type would not be.
template <typename Integer>
std::partial_ordering CompareWithDouble(Integer whole, double number) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  constexpr double kMinusTwoTo63 = -9223372036854775808.0;
  if (number >= kTwoTo64) return std::partial_ordering::less;
  if (number < kMinusTwoTo63) return std::partial_ordering::greater;
  const double floor = std::floor(number);
  const bool less = floor < 0 ? std::cmp_less(whole, static_cast<std::int64_t>(floor))
                              : std::cmp_less(whole, static_cast<std::uint64_t>(floor));
  if (less) return std::partial_ordering::less;
  const bool equal = floor < 0 ? std::cmp_equal(whole, static_cast<std::int64_t>(floor))
                               : std::cmp_equal(whole, static_cast<std::uint64_t>(floor));
  if (!equal) return std::partial_ordering::greater;
  return number > floor ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering CompareNumbers(const json::Value& a, const json::Value& b) {
  if (a.is_double() && b.is_double()) return a.get_double() <=> b.get_double();
  if (a.is_double()) return Reversed(CompareNumbers(b, a));
  if (b.is_double()) {
    return a.is_int64() ? CompareWithDouble(a.get_int64(), b.get_double())
                        : CompareWithDouble(a.get_uint64(), b.get_double());
  }
  if (a.is_int64() && b.is_int64()) return a.get_int64() <=> b.get_int64();
  if (a.is_uint64() && b.is_uint64()) return a.get_uint64() <=> b.get_uint64();
  // One is beyond the other's range only if the signed one is negative.
  if (a.is_uint64()) return Reversed(CompareNumbers(b, a));
  if (a.get_int64() < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a.get_int64()) <=> b.get_uint64();
}

// UTF-8 sorts by code points when its bytes are compared as unsigned.
std::strong_ordering CompareTexts(const json::Value& a, const json::Value& b) {
  return json::ToStringView(a.get_string()) <=> json::ToStringView(b.get_string());
}

bool EqualScalars(const json::Value& value, const json::Value& operand) {
  if (value.is_number() && operand.is_number()) return CompareNumbers(value, operand) == 0;
  if (value.is_string() && operand.is_string()) return CompareTexts(value, operand) == 0;
  if (value.is_bool() && operand.is_bool()) return value.get_bool() == operand.get_bool();
  return value.is_null() && operand.is_null();
}

std::partial_ordering CompareScalars(const json::Value& value, const json::Value& operand) {
  if (value.is_number() && operand.is_number()) return CompareNumbers(value, operand);
  if (value.is_string() && operand.is_string()) return CompareTexts(value, operand);
  return std::partial_ordering::unordered;
}

// Databases keep and compare no other.
bool IsStorableText(std::string_view text) {
  return IsValidUtf8(text) && text.find('\0') == std::string_view::npos;
}

Result<Condition> ReadCondition(const json::Pointer& path, std::string_view op,
                                const json::Value& operand) {
  const std::optional<Comparison> comparison =
      op.starts_with('$') ? ParseComparison(op.substr(1)) : std::nullopt;
  if (!comparison) {
    return Fail(Code::kInvalidArgument,
                "filter '{}': unknown operator '{}': $eq, $ne, $gt, $gte, $lt, $lte",
                path.ToString(), op);
  }
  Condition condition{path, *comparison, operand};
  BATON_TRY(CheckCondition(condition).Annotate("filter"));
  return condition;
}

}  // namespace

bool Holds(const Condition& condition, const json::Value& value) {
  static const json::Value null;
  const json::Value* found = condition.path.Find(value);
  const json::Value& member = found == nullptr ? null : *found;
  switch (condition.comparison) {
    case Comparison::kEq:
      return EqualScalars(member, condition.operand);
    case Comparison::kNe:
      return !EqualScalars(member, condition.operand);
    case Comparison::kGt:
      return CompareScalars(member, condition.operand) > 0;
    case Comparison::kGte:
      return CompareScalars(member, condition.operand) >= 0;
    case Comparison::kLt:
      return CompareScalars(member, condition.operand) < 0;
    case Comparison::kLte:
      return CompareScalars(member, condition.operand) <= 0;
  }
  return false;
}

Status CheckCondition(const Condition& condition) {
  const json::Value& operand = condition.operand;
  const auto refuse = [&](std::string_view why) -> Status {
    return Fail(Code::kInvalidArgument, "'{}' {}: {}", condition.path.ToString(),
                ComparisonName(condition.comparison), why);
  };
  if (operand.is_array() || operand.is_object()) {
    return refuse("compares with null, true, false, a number or a text, not with a list or object");
  }
  if (operand.is_double() && !std::isfinite(operand.get_double())) {
    return refuse("the number is not finite");
  }
  if (operand.is_string() && !IsStorableText(json::ToStringView(operand.get_string()))) {
    return refuse("the text is not UTF-8, or holds a NUL character");
  }
  for (const std::string& token : condition.path.tokens()) {
    if (!IsStorableText(token)) return refuse("the path is not UTF-8, or holds a NUL character");
  }
  return {};
}

std::optional<Comparison> ParseComparison(std::string_view name) {
  for (const auto& [known, comparison] : kComparisons) {
    if (known == name) return comparison;
  }
  return std::nullopt;
}

std::string_view ComparisonName(Comparison comparison) {
  return kComparisons[static_cast<std::size_t>(comparison)].first;
}

Result<std::vector<Condition>> ParseFilter(const json::Value& filter) {
  const json::Object* members = filter.if_object();
  if (members == nullptr) return Fail(Code::kInvalidArgument, "a filter must be a JSON object");
  std::vector<Condition> conditions;
  for (const auto& [name, expected] : *members) {
    const std::string_view place(name.data(), name.size());
    Result<json::Pointer> path =
        place.starts_with('/') ? json::Pointer::Parse(place) : json::Pointer::ToMember(place);
    if (!path) return Fail(std::move(path).error().Annotate("filter"));
    const json::Object* comparisons = expected.if_object();
    const json::Object only_equal{{"$eq", comparisons == nullptr ? expected : json::Value()}};
    for (const auto& [op, operand] : comparisons == nullptr ? only_equal : *comparisons) {
      Result<Condition> condition = ReadCondition(*path, {op.data(), op.size()}, operand);
      if (!condition) return Fail(std::move(condition).error());
      if (conditions.size() == kMaxConditions) {
        return Fail(Code::kInvalidArgument, "filter: more than {} conditions", kMaxConditions);
      }
      conditions.push_back(std::move(*condition));
    }
  }
  return conditions;
}

}  // namespace baton::graph
