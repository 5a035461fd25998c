#include "llm/recorded/call_key.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace baton::llm::recorded {
namespace {

// Of base/id_generator.h.
constexpr std::size_t kIdCharacters = 26;
constexpr std::string_view kIdAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

constexpr std::array<std::pair<FinishReason, std::string_view>, 4> kFinishReasons = {{
    {FinishReason::kStop, "stop"},
    {FinishReason::kToolCalls, "tool_calls"},
    {FinishReason::kLength, "length"},
    {FinishReason::kContentFilter, "content_filter"},
}};

bool IsWordCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Whether an id's random part stands at `at`: behind a prefix and '_', and no longer than that.
bool IsIdAt(std::string_view text, std::size_t at) {
  if (at < 2 || text[at - 1] != '_' || !IsWordCharacter(text[at - 2])) return false;
  const std::string_view id = text.substr(at, kIdCharacters);
  if (id.size() < kIdCharacters || id.find_first_not_of(kIdAlphabet) != std::string_view::npos) {
    return false;
  }
  const std::size_t end = at + kIdCharacters;
  return end == text.size() || !IsWordCharacter(text[end]);
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

std::vector<std::string> IdsIn(std::string_view text) {
  std::vector<std::string> ids;
  for (std::size_t at = text.find('_'); at != std::string_view::npos; at = text.find('_', at)) {
    ++at;
    if (!IsIdAt(text, at)) continue;
    std::string id(text.substr(at, kIdCharacters));
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

std::string IdPlace(std::size_t index) { return fmt::format("{{id:{}}}", index + 1); }
std::string LocalPlace(std::size_t index) { return fmt::format("{{local:{}}}", index + 1); }

// A workflow makes ids for the calls it speaks of; what counts is which result belongs to which.
std::vector<Message> WithNumberedCalls(std::vector<Message> messages) {
  std::vector<std::string> seen;
  const auto number = [&seen](std::string& id) {
    if (id.empty()) return;
    const auto found = std::ranges::find(seen, id);
    const auto index = found - seen.begin();
    if (found == seen.end()) seen.push_back(id);
    id = fmt::format("{{call:{}}}", index + 1);
  };
  for (Message& message : messages) {
    for (ToolCall& call : message.tool_calls) number(call.id);
    number(message.tool_call_id);
  }
  return messages;
}

json::Value RequestAsJson(std::string_view alias, const ChatRequest& request) {
  json::Array messages;
  for (const Message& message : WithNumberedCalls(request.messages)) {
    messages.push_back(llm::ToJson(message));
  }
  json::Array tools;
  for (const ToolSpec& tool : request.tools) {
    tools.push_back(json::Object{
        {"name", tool.name}, {"description", tool.description}, {"parameters", *tool.parameters}});
  }
  json::Object object{{"alias", alias}};
  if (!request.model.empty()) object["model"] = request.model;
  object["messages"] = std::move(messages);
  if (!tools.empty()) object["tools"] = std::move(tools);
  if (request.require_tool) object["require_tool"] = true;
  if (request.temperature) object["temperature"] = *request.temperature;
  if (request.max_output_tokens) object["max_output_tokens"] = *request.max_output_tokens;
  if (request.response_schema) object["response_schema"] = *request.response_schema;
  if (request.is_inventive) object["is_inventive"] = true;
  return object;
}

}  // namespace

CallKey::CallKey(std::string_view alias, const ChatRequest& request,
                 std::vector<std::string> locals)
    : locals_(std::move(locals)) {
  std::string text = json::Serialize(RequestAsJson(alias, request));
  ids_ = IdsIn(text);
  text_ = Neutral(std::move(text));
}

std::string CallKey::file_name() const { return fmt::format("{:016x}.json", Fnv1a(text_)); }

std::string CallKey::Neutral(std::string text) const {
  std::vector<std::size_t> longest_first(locals_.size());
  std::iota(longest_first.begin(), longest_first.end(), 0U);
  std::ranges::sort(longest_first, [this](std::size_t a, std::size_t b) {
    return std::pair(locals_[b].size(), a) < std::pair(locals_[a].size(), b);
  });
  for (const std::size_t i : longest_first) ReplaceAll(text, locals_[i], LocalPlace(i));
  for (std::size_t i = 0; i < ids_.size(); ++i) ReplaceAll(text, ids_[i], IdPlace(i));
  return text;
}

std::string CallKey::Own(std::string text) const {
  for (std::size_t i = 0; i < ids_.size(); ++i) ReplaceAll(text, IdPlace(i), ids_[i]);
  for (std::size_t i = 0; i < locals_.size(); ++i) ReplaceAll(text, LocalPlace(i), locals_[i]);
  return text;
}

json::Value ToJson(const ChatResponse& response) {
  const auto* const reason =
      std::ranges::find(kFinishReasons, response.finish_reason, [](auto& e) { return e.first; });
  return json::Object{{"message", llm::ToJson(response.message)},
                      {"finish_reason", reason->second},
                      {"usage",
                       {{"input_tokens", response.usage.input_tokens},
                        {"output_tokens", response.usage.output_tokens}}},
                      {"model", response.model}};
}

Result<ChatResponse> ParseResponse(const json::Value& value) {
  const json::Value* message = json::Find(value, "message");
  if (message == nullptr) return Fail(Code::kInvalidArgument, "response without 'message'");
  auto parsed = ParseMessage(*message);
  if (!parsed) return Fail(std::move(parsed).error().Annotate("response"));
  const std::string_view named = json::GetString(value, "finish_reason");
  const auto* const reason =
      std::ranges::find(kFinishReasons, named, [](const auto& e) { return e.second; });
  if (reason == kFinishReasons.end()) {
    return Fail(Code::kInvalidArgument, "response: no finish_reason '{}'", named);
  }
  ChatResponse response{.message = *std::move(parsed),
                        .finish_reason = reason->first,
                        .model = std::string(json::GetString(value, "model"))};
  if (const json::Value* usage = json::Find(value, "usage")) {
    response.usage = {.input_tokens = json::GetInt(*usage, "input_tokens"),
                      .output_tokens = json::GetInt(*usage, "output_tokens")};
  }
  return response;
}

}  // namespace baton::llm::recorded
