#include "tools/effect_journal.h"

#include <utility>

#include "base/utf8.h"

namespace baton::tools {
namespace {

std::string Storable(std::string_view text) { return ReplaceInvalidUtf8(text); }

Source Storable(const Source& source) {
  Source storable = source;
  for (std::string* text : {&storable.id, &storable.title, &storable.locator, &storable.excerpt}) {
    *text = Storable(*text);
  }
  return storable;
}

Status Corrupt(std::string_view what) {
  return {Code::kDataLoss, fmt::format("outcome of a tool call: {}", what)};
}

Result<ToolResult> ResultIn(const json::Value& value) {
  ToolResult result{.text = std::string(json::GetString(value, "text"))};
  const json::Value* sources = json::Find(value, "sources");
  if (sources == nullptr || !sources->is_array()) return Fail(Corrupt("no sources"));
  for (const json::Value& element : sources->get_array()) {
    Result<Source> source = ParseSource(element);
    if (!source) return Fail(Corrupt(source.error().message()));
    result.sources.push_back(*std::move(source));
  }
  return result;
}

}  // namespace

std::string EncodeOutcome(const Result<ToolResult>& outcome) {
  if (!outcome) {
    return json::Serialize(json::Object{{"code", static_cast<int>(outcome.error().code())},
                                        {"message", Storable(outcome.error().message())}});
  }
  json::Array sources;
  for (const Source& source : outcome->sources) sources.push_back(ToJson(Storable(source)));
  return json::Serialize(
      json::Object{{"text", Storable(outcome->text)}, {"sources", std::move(sources)}});
}

Status DecodeOutcome(std::string_view text, std::optional<Result<ToolResult>>& outcome) {
  const Result<json::Value> value = json::Parse(text);
  if (!value || !value->is_object()) return Corrupt("not a JSON object");
  if (json::Find(*value, "text") != nullptr) {
    Result<ToolResult> result = ResultIn(*value);
    if (!result) return std::move(result).error();
    outcome.emplace(*std::move(result));
    return {};
  }
  const std::int64_t code = json::GetInt(*value, "code");
  if (code <= 0 || code > static_cast<int>(Code::kUnauthenticated)) return Corrupt("no code");
  outcome.emplace(Fail(static_cast<Code>(code), "{}", json::GetString(*value, "message")));
  return {};
}

}  // namespace baton::tools
