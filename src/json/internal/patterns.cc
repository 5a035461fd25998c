#include "json/internal/patterns.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <re2/re2.h>

namespace baton::json {
namespace {

// What stands under these is data, whatever it looks like.
constexpr std::array<std::string_view, 4> kDataKeys = {"const", "default", "enum", "examples"};
// Under these stand schemas by name.
constexpr std::array<std::string_view, 5> kNamedSchemasKeys = {
    "$defs", "definitions", "dependencies", "patternProperties", "properties"};
// valijson reads these with std::regex, to see whether they are URNs.
constexpr std::array<std::string_view, 3> kUriKeys = {"$id", "$ref", "id"};
constexpr std::size_t kMaxUriBytes = 1024;

template <std::size_t N>
bool IsOneOf(std::string_view key, const std::array<std::string_view, N>& keys) {
  return std::ranges::find(keys, key) != keys.end();
}

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

std::shared_ptr<const RE2> CompilePattern(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<const RE2>(Piece(pattern), options);
}

bool IsDate(int year, unsigned month, unsigned day) {
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                     std::chrono::day(day))
      .ok();
}

constexpr const char* kDate = R"((\d{4})-(\d\d)-(\d\d))";
constexpr const char* kTime =
    R"((?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d))";

}  // namespace

// Walks where schemas stand, to find the patterns.
class Patterns::Collector {
 public:
  explicit Collector(Patterns& patterns) : patterns_(patterns) {}

  Status Walk(const Value& schema, const std::string& place) {
    if (const Array* list = schema.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        BATON_TRY(Walk((*list)[i], fmt::format("{}/{}", place, i)));
      }
    }
    const Object* object = schema.if_object();
    if (object == nullptr) return {};
    for (const auto& member : *object) {
      const std::string_view key(member.key().data(), member.key().size());
      BATON_TRY(WalkMember(key, member.value(), fmt::format("{}/{}", place, key)));
    }
    return {};
  }

 private:
  Status WalkMember(std::string_view key, const Value& value, const std::string& place) {
    if (IsOneOf(key, kDataKeys)) return {};
    if (key == "pattern" && value.is_string()) {
      return AddPattern(ToStringView(value.get_string()), place);
    }
    if (IsOneOf(key, kUriKeys) && value.is_string() && value.get_string().size() > kMaxUriBytes) {
      return Fail(Code::kInvalidArgument, "{}: longer than {} bytes", place, kMaxUriBytes);
    }
    if (!IsOneOf(key, kNamedSchemasKeys) || !value.is_object()) return Walk(value, place);
    for (const auto& member : value.get_object()) {
      const std::string_view name(member.key().data(), member.key().size());
      const std::string below = fmt::format("{}/{}", place, name);
      if (key == "patternProperties") BATON_TRY(AddPattern(name, below));
      BATON_TRY(Walk(member.value(), below));
    }
    return {};
  }

  Status AddPattern(std::string_view pattern, const std::string& place) {
    auto compiled = CompilePattern(pattern);
    if (!compiled->ok()) {
      return Fail(Code::kInvalidArgument, "{}: the pattern '{}' cannot be used (RE2 syntax): {}",
                  place, pattern, compiled->error());
    }
    patterns_.compiled_.emplace(pattern, std::move(compiled));
    return {};
  }

  Patterns& patterns_;
};

Result<Patterns> Patterns::Collect(const Value& definition) {
  Patterns patterns;
  BATON_TRY(Collector(patterns).Walk(definition, ""));
  return patterns;
}

bool Patterns::Matches(const std::string& pattern, std::string_view text) const {
  const auto found = compiled_.find(pattern);
  const auto compiled = found != compiled_.end() ? found->second : CompilePattern(pattern);
  return compiled->ok() && RE2::PartialMatch(Piece(text), *compiled);
}

bool HasFormat(std::string_view format, std::string_view text) {
  static const RE2 date(kDate);
  static const RE2 time(kTime);
  static const RE2 date_time(std::string(kDate) + "[Tt]" + kTime);
  if (format == "time") return RE2::FullMatch(Piece(text), time);
  if (format != "date" && format != "date-time") return true;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  return RE2::FullMatch(Piece(text), format == "date" ? date : date_time, &year, &month, &day) &&
         IsDate(year, month, day);
}

}  // namespace baton::json
