#include "llm/openai/stream.h"

#include <set>
#include <utility>

#include "base/utf8.h"
#include "llm/openai/wire.h"

namespace baton::llm::openai {
namespace {

// The code unit of "\uXXXX" at `at`; nothing if there is no such escape.
std::optional<unsigned> EscapedUnit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  for (const char c : text.substr(at + 2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + static_cast<unsigned>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<unsigned>(lower - 'a') + 10;
    } else {
      return std::nullopt;
    }
  }
  return unit;
}

bool IsHighSurrogate(std::optional<unsigned> unit) {
  return unit && *unit >= 0xD800 && *unit <= 0xDBFF;
}

bool IsLowSurrogate(std::optional<unsigned> unit) {
  return unit && *unit >= 0xDC00 && *unit <= 0xDFFF;
}

// Servers that escape all but ASCII cut an emoji between two tokens into two half surrogate
// pairs, for which a strict parser would refuse the event.
std::string ReplaceLoneSurrogates(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<unsigned> unit = EscapedUnit(text, at);
    std::size_t length = text[at] == '\\' ? 2 : 1;
    if (unit) length = 6;
    if (IsHighSurrogate(unit) && IsLowSurrogate(EscapedUnit(text, at + 6))) {
      length = 12;
    } else if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) {
      out += "\\ufffd";
      at += length;
      continue;
    }
    out += text.substr(at, length);
    at += length;
  }
  return out;
}

Result<json::Value> ParseEvent(std::string_view text) {
  std::string repaired;
  if (!IsValidUtf8(text)) text = repaired = ReplaceInvalidUtf8(text);
  if (text.contains("\\ud") || text.contains("\\uD")) {
    text = repaired = ReplaceLoneSurrogates(text);
  }
  Result<json::Value> event = json::Parse(text);
  if (!event) {
    return Fail(Code::kUnavailable, "the model's stream: {}", event.error().message());
  }
  return event;
}

// Names are sent whole by most, in pieces by few, and again with every piece by some.
void MergeName(std::string& name, std::string_view piece) {
  if (name != piece) name += piece;
}

Result<json::Object> ParseArguments(const std::string& name, std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::Object();
  Result<json::Value> arguments = json::Parse(text);
  if (!arguments) {
    return Fail(Code::kUnavailable, "the model's call of tool '{}': arguments: {}", name,
                arguments.error().message());
  }
  if (arguments->is_null()) return json::Object();
  if (!arguments->is_object()) {
    return Fail(Code::kUnavailable, "the model's call of tool '{}': arguments are no object", name);
  }
  return std::move(arguments->get_object());
}

// Calls and their results are paired by id, also with servers that send none or the same ones
// in every answer.
void AssignCallIds(const ChatRequest& request, std::vector<ToolCall>& calls) {
  std::set<std::string> taken;
  for (const Message& message : request.messages) {
    for (const ToolCall& call : message.tool_calls) taken.insert(call.id);
  }
  for (ToolCall& call : calls) {
    for (std::size_t n = taken.size(); call.id.empty() || taken.contains(call.id); ++n) {
      call.id = fmt::format("call_{}", n);
    }
    taken.insert(call.id);
  }
}

}  // namespace

Status ChatStream::Feed(std::string_view bytes) {
  if (body_ == Body::kUnknown) {
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos) {
      // No event stream has a line that starts with a brace; content types are less reliable.
      body_ = bytes[first] == '{' || bytes[first] == '[' ? Body::kWhole : Body::kEvents;
      if (body_ == Body::kWhole) bytes.remove_prefix(first);
    }
  }
  if (body_ == Body::kWhole) {
    whole_ += bytes;
    return {};
  }
  BATON_TRY(parser_.Feed(bytes));
  while (const std::optional<http::SseEvent> event = parser_.Next()) {
    BATON_TRY(FeedEvent(*event));
  }
  return {};
}

Status ChatStream::FeedEvent(const http::SseEvent& event) {
  if (done_ || event.data.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  if (event.data.starts_with("[DONE]")) {
    done_ = true;
    return {};
  }
  return FeedJson(event.data);
}

Status ChatStream::End() {
  if (body_ == Body::kWhole) {
    body_ = Body::kEvents;
    return FeedJson(whole_);
  }
  // The last event of a server that forgets the blank line behind it.
  Status last = Feed("\n\n");
  return finished() ? Status() : last;
}

std::string_view ChatStream::TakeText() {
  const std::string_view fresh = std::string_view(text_).substr(taken_);
  taken_ = text_.size();
  return fresh;
}

Status ChatStream::FeedJson(std::string_view text) {
  const Result<json::Value> event = ParseEvent(text);
  if (!event) return Fail(event.error());
  if (std::optional<Status> error = FindError(*event)) return *std::move(error);
  if (model_.empty()) model_ = json::GetString(*event, "model");
  if (const json::Value* usage = json::Find(*event, "usage");
      usage != nullptr && usage->is_object()) {
    usage_ = {.input_tokens = json::GetInt(*usage, "prompt_tokens"),
              .output_tokens = json::GetInt(*usage, "completion_tokens")};
  }
  const json::Value* choices = json::Find(*event, "choices");
  if (choices == nullptr || !choices->is_array()) return {};
  for (const json::Value& choice : choices->get_array()) {
    if (json::GetInt(choice, "index") == 0) BATON_TRY(ApplyChoice(choice));
  }
  return {};
}

Status ChatStream::ApplyChoice(const json::Value& choice) {
  for (const std::string_view key : {"delta", "message"}) {
    const json::Value* delta = json::Find(choice, key);
    if (delta != nullptr) ApplyDelta(*delta);
  }
  return ApplyFinishReason(json::GetString(choice, "finish_reason"));
}

Status ChatStream::ApplyFinishReason(std::string_view reason) {
  if (reason.empty()) return {};
  if (reason == "error") {
    return Fail(Code::kUnavailable, "the model's server ended the answer with an error");
  }
  if (reason == "length" || reason == "max_tokens") {
    finish_reason_ = FinishReason::kLength;
  } else if (reason == "content_filter") {
    finish_reason_ = FinishReason::kContentFilter;
  } else if (!finished()) {
    // "stop", "tool_calls" and the many words that servers have for them; which of the two it
    // is shows in whether there are calls.
    finish_reason_ = FinishReason::kStop;
  }
  return {};
}

void ChatStream::ApplyDelta(const json::Value& delta) {
  if (const json::Value* content = json::Find(delta, "content")) AppendText(*content);
  if (const json::Value* refusal = json::Find(delta, "refusal");
      refusal != nullptr && refusal->is_string() && !refusal->get_string().empty()) {
    AppendText(*refusal);
    refused_ = true;
  }
  const json::Value* calls = json::Find(delta, "tool_calls");
  if (calls == nullptr || !calls->is_array()) return;
  const bool several = calls->get_array().size() > 1;
  std::int64_t position = 0;
  for (const json::Value& call : calls->get_array()) {
    ApplyToolCall(call, several ? position : -1);
    ++position;
  }
}

void ChatStream::ApplyToolCall(const json::Value& delta, std::int64_t position) {
  const json::Value* function = json::Find(delta, "function");
  const std::string_view name =
      function == nullptr ? std::string_view() : json::GetString(*function, "name");
  PartialCall& call = FindCall(delta, name, position);
  if (call.id.empty()) call.id = json::GetString(delta, "id");
  MergeName(call.name, name);
  const json::Value* arguments = function == nullptr ? nullptr : json::Find(*function, "arguments");
  if (arguments == nullptr || arguments->is_null()) return;
  if (arguments->is_string()) {
    call.arguments += json::ToStringView(arguments->get_string());
  } else {
    call.arguments = json::Serialize(*arguments);
  }
}

ChatStream::PartialCall& ChatStream::FindCall(const json::Value& delta, std::string_view name,
                                              std::int64_t position) {
  const std::string_view id = json::GetString(delta, "id");
  std::optional<std::int64_t> index;
  if (const json::Value* member = json::Find(delta, "index");
      member != nullptr && member->is_number()) {
    index = json::GetInt(delta, "index");
  } else if (id.empty() && position >= 0) {
    index = position;
  }
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    if (!id.empty() && call->id == id) return *call;
    const bool same_place = index ? call->index == index : id.empty();
    if (!same_place) continue;
    if (!BeginsAnother(*call, id, name)) return *call;
    break;
  }
  return calls_.emplace_back(PartialCall{.index = index, .id = {}, .name = {}, .arguments = {}});
}

// Whether a delta in the place of `call` is the next call all the same: some servers number
// every call 0, some of these send no ids either.
bool ChatStream::BeginsAnother(const PartialCall& call, std::string_view id,
                               std::string_view name) {
  if (name.empty() || call.name.empty()) return false;
  if (!id.empty() && !call.id.empty()) return id != call.id;
  if (!id.empty()) return false;
  const Result<json::Value> arguments = json::Parse(call.arguments);
  return arguments && arguments->is_object();
}

// Text, or an array of parts of which the text parts count.
void ChatStream::AppendText(const json::Value& content) {
  if (content.is_string()) {
    text_ += json::ToStringView(content.get_string());
  } else if (content.is_array()) {
    for (const json::Value& part : content.get_array()) text_ += json::GetString(part, "text");
  }
}

Result<std::vector<ToolCall>> ChatStream::BuildToolCalls() const {
  std::vector<ToolCall> calls;
  for (const PartialCall& partial : calls_) {
    if (partial.name.empty()) {
      return Fail(Code::kUnavailable, "the model's stream: a tool call without a name");
    }
    Result<json::Object> arguments = ParseArguments(partial.name, partial.arguments);
    if (!arguments && finish_reason_ == FinishReason::kLength) {
      return Fail(Code::kInvalidArgument,
                  "the model's call of tool '{}' was cut off by the limit of output tokens",
                  partial.name);
    }
    if (!arguments) return Fail(std::move(arguments).error());
    calls.push_back({partial.id, partial.name, *std::move(arguments)});
  }
  return calls;
}

Result<ChatResponse> ChatStream::Finish(const ChatRequest& request) && {
  if (!finish_reason_) {
    return Fail(Code::kUnavailable, "the model's stream ended before the answer was finished");
  }
  Result<std::vector<ToolCall>> calls = BuildToolCalls();
  if (!calls) return Fail(std::move(calls).error());
  ChatResponse response;
  response.message.role = Role::kAssistant;
  response.message.content = std::move(text_);
  response.message.tool_calls = *std::move(calls);
  AssignCallIds(request, response.message.tool_calls);
  response.finish_reason = refused_ ? FinishReason::kContentFilter : *finish_reason_;
  if (response.finish_reason == FinishReason::kStop && !response.message.tool_calls.empty()) {
    response.finish_reason = FinishReason::kToolCalls;
  }
  response.usage = usage_;
  response.model = model_.empty() ? request.model : model_;
  return response;
}

}  // namespace baton::llm::openai
