#include "runs/run_record.h"

#include <array>
#include <utility>

namespace baton::runs {
namespace {

constexpr std::array<std::string_view, 5> kStateNames = {"running", "waiting", "completed",
                                                         "failed", "cancelled"};

// What the edge let in, made longer by JSON's escapes.
constexpr std::size_t kMaxStoredBytes = std::size_t{1} << 30U;

json::Object EditorToJson(const ActiveEditor& editor) {
  return {{"is_editable", editor.is_editable},
          {"filename", editor.filename},
          {"language", editor.language},
          {"content", editor.content},
          {"type", editor.type},
          {"title", editor.title},
          {"content_bytes", static_cast<std::int64_t>(editor.content_bytes)},
          {"document_id", editor.document_id},
          {"cursor", editor.cursor},
          {"selection_start", editor.selection_start},
          {"selection_end", editor.selection_end}};
}

ActiveEditor EditorFromJson(const json::Value& value) {
  ActiveEditor editor;
  editor.is_editable = json::GetBool(value, "is_editable");
  editor.filename = json::GetString(value, "filename");
  editor.language = json::GetString(value, "language");
  editor.content = json::GetString(value, "content");
  editor.type = json::GetString(value, "type");
  editor.title = json::GetString(value, "title");
  editor.content_bytes = static_cast<std::size_t>(json::GetInt(value, "content_bytes"));
  editor.document_id = json::GetString(value, "document_id");
  editor.cursor = json::GetInt(value, "cursor", -1);
  editor.selection_start = json::GetInt(value, "selection_start", -1);
  editor.selection_end = json::GetInt(value, "selection_end", -1);
  return editor;
}

}  // namespace

std::string_view RunStateName(RunState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

Result<RunState> ParseRunState(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<RunState>(i);
  }
  return Fail(Code::kDataLoss, "run state '{}': no such state", name);
}

bool HasEnded(RunState state) { return state != RunState::kRunning && state != RunState::kWaiting; }

std::string StoredRequest::Encode() const {
  json::Object object{
      {"query", query},
      {"persona",
       {{"ai_name", persona.ai_name}, {"style", persona.style}, {"timezone", persona.timezone}}}};
  if (editor) object["editor"] = EditorToJson(*editor);
  if (!granted.empty()) object["granted"] = json::Array(granted.begin(), granted.end());
  return json::Serialize(object);
}

Result<StoredRequest> StoredRequest::Decode(std::string_view text) {
  const Result<json::Value> value = json::Parse(text, {.max_bytes = kMaxStoredBytes});
  if (!value) return Fail(Code::kDataLoss, "stored request: {}", value.error().message());
  StoredRequest request;
  request.query = json::GetString(*value, "query");
  if (const json::Value* persona = json::Find(*value, "persona")) {
    request.persona.ai_name = json::GetString(*persona, "ai_name");
    request.persona.style = json::GetString(*persona, "style");
    request.persona.timezone = json::GetString(*persona, "timezone");
  }
  if (const json::Value* editor = json::Find(*value, "editor")) {
    request.editor = EditorFromJson(*editor);
  }
  if (const json::Value* granted = json::Find(*value, "granted");
      granted != nullptr && granted->is_array()) {
    for (const json::Value& name : granted->get_array()) {
      if (name.is_string()) request.granted.emplace_back(json::ToStringView(name.get_string()));
    }
  }
  return request;
}

std::string EncodeAnswers(const Answers& answers) {
  json::Object object;
  for (const auto& [id, answer] : answers) object[id] = answer;
  return json::Serialize(object);
}

Result<Answers> DecodeAnswers(std::string_view text) {
  const Result<json::Value> value =
      json::Parse(text, {.max_depth = 80, .max_bytes = kMaxStoredBytes});
  if (!value || !value->is_object()) {
    return Fail(Code::kDataLoss, "stored answers: not a JSON object");
  }
  Answers answers;
  for (const auto& [id, answer] : value->get_object()) answers.emplace(id, answer);
  return answers;
}

}  // namespace baton::runs
