#include "runs/routing/knowledge.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "json/json.h"

namespace baton::runs::routing {
namespace {

// A line longer than this is no message.
constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20U;

std::string WithoutSuffix(std::string_view agent) {
  constexpr std::string_view kSuffix = "_agent";
  if (agent.ends_with(kSuffix)) agent.remove_suffix(kSuffix.size());
  return std::string(agent);
}

// A text member that may be missing or null.
Status ReadText(const json::Value& object, std::string_view key, std::string& out) {
  const json::Value* value = json::Find(object, key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) return Fail(Code::kInvalidArgument, "'{}' must be a text", key);
  out = json::ToStringView(value->get_string());
  return {};
}

Status ReadHistory(const json::Value& context, Situation& situation) {
  const json::Value* history = json::Find(context, "history");
  if (history == nullptr || history->is_null()) return {};
  if (!history->is_array()) return {Code::kInvalidArgument, "'history' must be a list"};
  for (const json::Value& entry : history->get_array()) {
    if (!entry.is_object()) {
      return {Code::kInvalidArgument, "a message of 'history' must be an object"};
    }
    PastMessage message;
    BATON_TRY(ReadText(entry, "role", message.role));
    BATON_TRY(ReadText(entry, "content", message.content));
    BATON_TRY(ReadText(entry, "agent", message.agent));
    message.agent = WithoutSuffix(message.agent);
    situation.history.push_back(std::move(message));
  }
  return {};
}

Status ReadContext(const json::Value& row, Situation& situation) {
  const json::Value* context = json::Find(row, "context");
  if (context == nullptr || context->is_null()) return {};
  if (!context->is_object()) return {Code::kInvalidArgument, "'context' must be an object"};
  BATON_TRY(ReadText(*context, "editor_type", situation.editor_type));
  BATON_TRY(ReadText(*context, "page", situation.page));
  BATON_TRY(ReadText(*context, "locked_agent", situation.locked_agent));
  situation.locked_agent = WithoutSuffix(situation.locked_agent);
  situation.editor_open = !situation.editor_type.empty();
  return ReadHistory(*context, situation);
}

Status ReadAlso(const json::Value& row, std::vector<std::string>& also) {
  const json::Value* list = json::Find(row, "also");
  if (list == nullptr || list->is_null()) return {};
  if (!list->is_array()) return {Code::kInvalidArgument, "'also' must be a list"};
  for (const json::Value& agent : list->get_array()) {
    if (!agent.is_string()) return {Code::kInvalidArgument, "'also' must be a list of texts"};
    also.push_back(WithoutSuffix(json::ToStringView(agent.get_string())));
  }
  return {};
}

Status ReadExamples(const std::filesystem::path& file, std::vector<RoutedExample>& out) {
  std::ifstream in(file);
  if (!in) return Fail(Code::kUnavailable, "{}: cannot be read", file.string());
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    Result<RoutedExample> example = ParseExample(line);
    if (example && example->agent.empty()) {
      example = Fail(Code::kInvalidArgument, "'agent' is missing");
    }
    if (!example) {
      return Fail(Code::kInvalidArgument, "{}:{}: {}", file.string(), number,
                  example.error().message());
    }
    out.push_back(*std::move(example));
  }
  return {};
}

Status ReadCues(const std::filesystem::path& file, std::vector<Cue>& out) {
  std::ifstream in(file);
  if (!in) return {};
  std::stringstream text;
  text << in.rdbuf();
  const Result<json::Value> value = json::Parse(text.str());
  if (!value) return Fail(Code::kInvalidArgument, "{}: {}", file.string(), value.error().message());
  if (!value->is_object()) {
    return Fail(Code::kInvalidArgument, "{}: must be an object", file.string());
  }
  for (const auto& [name, entries] : value->get_object()) {
    Cue cue{.name = name, .entries = {}};
    for (const json::Value& entry : entries.is_array() ? entries.get_array() : json::Array()) {
      if (entry.is_string()) cue.entries.emplace_back(json::ToStringView(entry.get_string()));
    }
    if (!entries.is_array() || cue.entries.size() != entries.get_array().size()) {
      return Fail(Code::kInvalidArgument, "{}: '{}' must be a list of texts", file.string(),
                  cue.name);
    }
    out.push_back(std::move(cue));
  }
  return {};
}

}  // namespace

Result<RoutedExample> ParseExample(std::string_view json_line) {
  Result<json::Value> row = json::Parse(json_line, {.max_bytes = kMaxLineBytes});
  if (!row) return Fail(std::move(row).error());
  if (!row->is_object()) return Fail(Code::kInvalidArgument, "not a JSON object");
  RoutedExample example;
  const json::Value* query = json::Find(*row, "query");
  if (query == nullptr) return Fail(Code::kInvalidArgument, "'query' is missing");
  BATON_TRY(ReadText(*row, "query", example.situation.query));
  BATON_TRY(ReadText(*row, "agent", example.agent));
  BATON_TRY(ReadText(*row, "kind", example.kind));
  if (const json::Value* id = json::Find(*row, "id"); id != nullptr && id->is_number()) {
    example.id = json::Serialize(*id);
  } else {
    BATON_TRY(ReadText(*row, "id", example.id));
  }
  example.agent = WithoutSuffix(example.agent);
  BATON_TRY(ReadAlso(*row, example.also));
  BATON_TRY(ReadContext(*row, example.situation));
  return example;
}

Result<Knowledge> LoadKnowledge(const std::filesystem::path& folder) {
  Knowledge knowledge;
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  while (!error && entries != std::filesystem::directory_iterator()) {
    if (entries->path().extension() == ".jsonl") files.push_back(entries->path());
    entries.increment(error);
  }
  std::ranges::sort(files);
  for (const std::filesystem::path& file : files) {
    BATON_TRY(ReadExamples(file, knowledge.examples));
  }
  BATON_TRY(ReadCues(folder / "cues.json", knowledge.cues));
  return knowledge;
}

}  // namespace baton::runs::routing
