#include "llm/openai/wire.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <utility>

#include "base/utf8.h"

namespace baton::llm::openai {
namespace {

// As much of a server's error page as helps to understand it.
constexpr std::size_t kMaxErrorText = 500;

std::string ValidText(std::string_view text) {
  return IsValidUtf8(text) ? std::string(text) : ReplaceInvalidUtf8(text);
}

void AppendValid(std::string& out, std::string_view text) {
  if (IsValidUtf8(text)) return json::AppendString(out, text);
  json::AppendString(out, ReplaceInvalidUtf8(text));
}

// Each element with `append_element`, in brackets.
template <typename Elements, typename Append>
void AppendEach(std::string& out, const Elements& elements, Append append_element) {
  out += '[';
  for (bool is_first = true; const auto& element : elements) {
    if (!std::exchange(is_first, false)) out += ',';
    append_element(out, element);
  }
  out += ']';
}

void AppendToolCall(std::string& out, const ToolCall& call) {
  out += R"({"id":)";
  json::AppendString(out, call.id);
  out += R"(,"type":"function","function":{"name":)";
  json::AppendString(out, call.name);
  out += R"(,"arguments":)";
  json::AppendString(out, json::Serialize(call.arguments));
  out += "}}";
}

void AppendMessage(std::string& out, const Message& message) {
  out += R"({"role":)";
  json::AppendString(out, RoleName(message.role));
  out += R"(,"content":)";
  if (message.tool_calls.empty() || !message.content.empty()) {
    AppendValid(out, message.content);
  } else {
    out += "null";
  }
  if (!message.tool_calls.empty()) {
    out += R"(,"tool_calls":)";
    AppendEach(out, message.tool_calls, AppendToolCall);
  }
  if (message.role == Role::kTool) {
    out += R"(,"tool_call_id":)";
    json::AppendString(out, message.tool_call_id);
  }
  out += '}';
}

void AppendTool(std::string& out, const ToolSpec& tool) {
  out += R"({"type":"function","function":{"name":)";
  json::AppendString(out, tool.name);
  out += R"(,"description":)";
  json::AppendString(out, tool.description);
  out += R"(,"parameters":)";
  if (tool.parameters->is_object()) {
    json::AppendText(out, *tool.parameters);
  } else {
    out += R"({"type":"object","properties":{}})";
  }
  out += "}}";
}

bool AllPropertiesRequired(const json::Object& schema) {
  const json::Value* properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return false;
  const json::Value* required = schema.if_contains("required");
  for (const auto& [name, property] : properties->get_object()) {
    if (required == nullptr || !required->is_array()) return false;
    const json::Array& names = required->get_array();
    if (std::find(names.begin(), names.end(), json::Value(name)) == names.end()) return false;
  }
  return true;
}

// Whether OpenAI takes the schema with "strict": every object is closed and all of its
// properties are required. It answers 400 to others, which are sent without.
bool FitsStrict(const json::Value& schema) {
  if (const json::Array* elements = schema.if_array()) {
    return std::ranges::all_of(*elements, FitsStrict);
  }
  const json::Object* members = schema.if_object();
  if (members == nullptr) return true;
  const json::Value* type = members->if_contains("type");
  const bool is_object =
      members->contains("properties") || (type != nullptr && *type == json::Value("object"));
  if (is_object) {
    const json::Value* additional = members->if_contains("additionalProperties");
    const bool closed = additional != nullptr && *additional == json::Value(false);
    if (!closed || !AllPropertiesRequired(*members)) return false;
  }
  return std::ranges::all_of(*members, [](const auto& m) { return FitsStrict(m.value()); });
}

json::Value ResponseFormat(const json::Value& schema) {
  return json::Object{
      {"type", "json_schema"},
      {"json_schema",
       json::Object{{"name", "answer"}, {"strict", FitsStrict(schema)}, {"schema", schema}}}};
}

Code CodeOfStatus(int http_status) {
  switch (http_status) {
    case 401:
      return Code::kUnauthenticated;
    case 402:
      return Code::kFailedPrecondition;
    case 403:
      return Code::kPermissionDenied;
    case 429:
      return Code::kResourceExhausted;
    case 408:
    case 409:
    case 425:
      return Code::kUnavailable;
    default:
      return http_status >= 500 ? Code::kUnavailable : Code::kInvalidArgument;
  }
}

// The words of OpenAI, Azure, vLLM and OpenRouter in "code" and "type".
std::optional<Code> CodeOfWord(std::string_view word) {
  static constexpr std::pair<std::string_view, Code> kWords[] = {
      {"insufficient_quota", Code::kFailedPrecondition},
      {"billing", Code::kFailedPrecondition},
      {"rate_limit", Code::kResourceExhausted},
      {"too_many_requests", Code::kResourceExhausted},
      {"invalid_api_key", Code::kUnauthenticated},
      {"authentication", Code::kUnauthenticated},
      {"permission", Code::kPermissionDenied},
      {"context_length", Code::kInvalidArgument},
      {"invalid_request", Code::kInvalidArgument},
      {"BadRequest", Code::kInvalidArgument},
      {"not_found", Code::kInvalidArgument},
  };
  for (const auto& [part, code] : kWords) {
    if (word.contains(part)) return code;
  }
  return std::nullopt;
}

std::optional<Code> CodeOfMember(const json::Value& error, std::string_view key) {
  const json::Value* member = json::Find(error, key);
  if (member == nullptr) return std::nullopt;
  if (member->is_string()) return CodeOfWord(json::ToStringView(member->get_string()));
  const std::int64_t number = json::GetInt(error, key);
  if (number < 400 || number > 599) return std::nullopt;
  return CodeOfStatus(static_cast<int>(number));
}

// "code" is more precise than "type", which OpenAI fills with the class of error.
std::optional<Code> CodeOfError(const json::Value& error) {
  for (const std::string_view key : {"code", "status", "type"}) {
    if (const std::optional<Code> code = CodeOfMember(error, key)) return code;
  }
  return std::nullopt;
}

std::string Shortened(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  std::string valid = ValidText(text);
  if (valid.size() <= kMaxErrorText) return valid;
  return std::string(Utf8Prefix(valid, kMaxErrorText)) + "…";
}

// The server's words in an error object of any of the known shapes; empty if it has none.
std::string ErrorWords(const json::Value& value) {
  if (value.is_string()) return Shortened(json::ToStringView(value.get_string()));
  for (const std::string_view key : {"message", "detail", "error"}) {
    const json::Value* member = json::Find(value, key);
    if (member == nullptr || member->is_null()) continue;
    if (member->is_string()) return Shortened(json::ToStringView(member->get_string()));
    std::string words = ErrorWords(*member);
    return words.empty() ? Shortened(json::Serialize(*member)) : words;
  }
  return {};
}

// The object that describes the error within the answer.
const json::Value& ErrorObject(const json::Value& answer) {
  const json::Value* first = &answer;
  if (const json::Array* array = answer.if_array(); array != nullptr && !array->empty()) {
    first = &array->front();
  }
  const json::Value* error = json::Find(*first, "error");
  return error != nullptr && !error->is_null() ? *error : *first;
}

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(number) || number < 0 || number > 1e9) return std::nullopt;
  return number;
}

std::chrono::milliseconds RoundUp(double millis) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(millis)));
}

}  // namespace

// Written as it goes: the conversation and the tools are most of what a turn sends, and as a
// json::Object each of their texts would be copied once more.
std::string BuildRequest(const ChatRequest& request, const RequestFormat& format) {
  std::string out = R"({"model":)";
  json::AppendString(out, request.model.empty() ? format.default_model : request.model);
  out += R"(,"messages":)";
  AppendEach(out, request.messages, AppendMessage);
  out += R"(,"stream":true,"stream_options":{"include_usage":true})";
  if (!request.tools.empty()) {
    out += R"(,"tools":)";
    AppendEach(out, request.tools, AppendTool);
    if (request.require_tool) out += R"(,"tool_choice":"required")";
  }
  if (request.temperature) {
    out += R"(,"temperature":)";
    json::AppendText(out, *request.temperature);
  }
  if (request.max_output_tokens) {
    out += format.use_max_completion_tokens ? R"(,"max_completion_tokens":)" : R"(,"max_tokens":)";
    json::AppendText(out, *request.max_output_tokens);
  }
  if (request.response_schema) {
    out += R"(,"response_format":)";
    json::AppendText(out, ResponseFormat(*request.response_schema));
  }
  out += '}';
  return out;
}

Status ParseError(int http_status, std::string_view body) {
  Code code = CodeOfStatus(http_status);
  std::string words;
  const Result<json::Value> answer = json::Parse(body);
  if (answer) {
    const json::Value& error = ErrorObject(*answer);
    words = ErrorWords(error);
    // Of a rate limit and a refused request the words know more than the number does.
    if (http_status == 429 || http_status == 400) code = CodeOfError(error).value_or(code);
  } else {
    words = Shortened(body);
  }
  std::string message = fmt::format("the model's server answered HTTP {}", http_status);
  if (!words.empty()) message += ": " + words;
  return {code, std::move(message)};
}

std::optional<Status> FindError(const json::Value& event) {
  const json::Value* error = json::Find(event, "error");
  const bool is_error = (error != nullptr && !error->is_null()) ||
                        json::GetString(event, "object") == "error" || event.is_array();
  if (!is_error) return std::nullopt;
  const json::Value& object = ErrorObject(event);
  const std::string words = ErrorWords(object);
  return Status(CodeOfError(object).value_or(Code::kUnavailable),
                "the model's server reports: " + (words.empty() ? "an error" : words));
}

std::optional<std::chrono::milliseconds> ParseRetryAfter(const http::Headers& headers,
                                                         Timestamp now) {
  if (const auto millis = ParseNumber(headers.Get("retry-after-ms"))) return RoundUp(*millis);
  const std::string text(headers.Get("retry-after"));
  if (const auto seconds = ParseNumber(text)) return RoundUp(*seconds * 1000);
  std::tm parts{};
  // IMF-fixdate, the one form of HTTP dates that servers may still send (RFC 9110, 5.6.7).
  if (text.empty() || strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) {
    return std::nullopt;
  }
  const auto when = std::chrono::sys_seconds(std::chrono::seconds(timegm(&parts)));
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - now);
  return std::max(wait, std::chrono::milliseconds(0));
}

std::string RedactKey(std::string_view text, std::string_view api_key) {
  // Shorter "keys" are placeholders of local servers ("none"): no secret, but words.
  constexpr std::size_t kShortestKey = 5;
  constexpr std::string_view kReplacement = "[API key]";
  std::string out(text);
  if (api_key.size() < kShortestKey) return out;
  for (std::size_t at = out.find(api_key); at != std::string::npos; at = out.find(api_key, at)) {
    out.replace(at, api_key.size(), kReplacement);
    at += kReplacement.size();
  }
  const std::string_view prefix = api_key.substr(0, 3);
  for (std::size_t at = out.find(prefix); at != std::string::npos; at = out.find(prefix, at)) {
    const std::size_t end = std::min(out.find_first_of(" \t\r\n\"',;)", at), out.size());
    const std::string_view word = std::string_view(out).substr(at, end - at);
    if (word.contains('*') || word.contains("...")) out.replace(at, end - at, kReplacement);
    ++at;
  }
  return out;
}

}  // namespace baton::llm::openai
