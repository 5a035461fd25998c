#include "runs/evals/expectation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/nearest_name.h"
#include "json/schema.h"
#include "llm/structured_text.h"

namespace baton::runs::evals {
namespace {

using Kind = Expectation::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 9> kKinds = {{
    {Kind::kContains, "contains"},
    {Kind::kNotContains, "not_contains"},
    {Kind::kMatches, "matches"},
    {Kind::kCites, "cites"},
    {Kind::kCalls, "calls"},
    {Kind::kNotCalls, "not_calls"},
    {Kind::kAgent, "agent"},
    {Kind::kSchema, "schema"},
    {Kind::kJudge, "judge"},
}};

Verdict Passed() { return {.passed = true}; }
Verdict Failed(std::string why) { return {.why = std::move(why)}; }

std::string JoinNames(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined.empty() ? "none" : joined;
}

bool Matches(const std::string& text, const std::string& pattern) {
  return RE2::PartialMatch(text, RE2(pattern, RE2::Quiet));
}

Verdict MeetsCites(const Observed& observed, const std::string& wanted) {
  std::vector<std::string> cited;
  for (const json::Value& source : observed.sources) {
    const std::string_view title = json::GetString(source, "title");
    const std::string_view locator = json::GetString(source, "locator");
    if (title.contains(wanted) || locator.contains(wanted)) return Passed();
    cited.emplace_back(locator.empty() ? title : locator);
  }
  return Failed("cited: " + JoinNames(cited));
}

Verdict MeetsCalls(const Observed& observed, const std::string& wanted, bool is_wanted) {
  if ((std::ranges::find(observed.tools, wanted) != observed.tools.end()) == is_wanted)
    return Passed();
  return Failed("called: " + JoinNames(observed.tools));
}

Verdict MeetsSchema(const Observed& observed, const json::Value& definition) {
  const auto schema = json::Schema::Compile(definition);
  if (!schema) return Failed(schema.error().message());
  const auto value = llm::ParseAnswer(observed.answer);
  if (!value) return Failed(value.error().message());
  const Status fits = schema->Validate(*value);
  return fits.ok() ? Passed() : Failed(fits.message());
}

}  // namespace

std::string_view KindName(Kind kind) {
  return std::ranges::find(kKinds, kind, [](const auto& each) { return each.first; })->second;
}

std::vector<std::string_view> KindNames() {
  std::vector<std::string_view> names;
  names.reserve(kKinds.size());
  for (const auto& [kind, name] : kKinds) names.push_back(name);
  return names;
}

Result<Kind> ParseKind(std::string_view name) {
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
  }
  return Fail(Code::kInvalidArgument, "unknown expectation '{}': {}", name,
              SuggestName(name, "the expectations are", KindNames()));
}

Status CheckExpectation(const Expectation& expectation) {
  if (expectation.kind == Kind::kSchema) {
    const auto schema = json::Schema::Compile(expectation.schema);
    return schema ? Status() : Status(schema.error());
  }
  if (expectation.wanted.empty()) {
    return Fail(Code::kInvalidArgument, "'{}' needs a text", KindName(expectation.kind));
  }
  if (expectation.kind != Kind::kMatches) return {};
  const RE2 pattern(expectation.wanted, RE2::Quiet);
  if (pattern.ok()) return {};
  return Fail(Code::kInvalidArgument, "regular expression: {}", pattern.error());
}

Verdict Meets(const Observed& observed, const Expectation& expectation) {
  const std::string& wanted = expectation.wanted;
  switch (expectation.kind) {
    case Kind::kContains:
      return observed.answer.contains(wanted) ? Passed() : Failed("not in the answer");
    case Kind::kNotContains:
      return observed.answer.contains(wanted) ? Failed("in the answer") : Passed();
    case Kind::kMatches:
      return Matches(observed.answer, wanted) ? Passed() : Failed("no part of the answer matches");
    case Kind::kCites:
      return MeetsCites(observed, wanted);
    case Kind::kCalls:
      return MeetsCalls(observed, wanted, true);
    case Kind::kNotCalls:
      return MeetsCalls(observed, wanted, false);
    case Kind::kAgent:
      return observed.agent == wanted ? Passed() : Failed("answered: " + observed.agent);
    case Kind::kSchema:
      return MeetsSchema(observed, expectation.schema);
    case Kind::kJudge:
      break;
  }
  return Failed("needs a model");
}

}  // namespace baton::runs::evals
