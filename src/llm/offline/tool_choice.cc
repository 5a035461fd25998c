#include "llm/offline/tool_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "llm/offline/arguments.h"
#include "llm/offline/schema_shape.h"
#include "llm/offline/small_talk.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

// How much a shared word tells, by where the tool has it.
constexpr double kNameWeight = 3;
constexpr double kParameterWeight = 1.5;
constexpr double kDescriptionWeight = 1;
// What a message holds that only some tools take.
constexpr double kUrlBonus = 6;
constexpr double kPathBonus = 3;
constexpr double kMentionBonus = 2;
// What a search tool is worth for a message that asks for something.
constexpr double kSearchBonus = 1.5;

// The words of a tool, each with the weight of the best place it stands in.
using ToolWords = std::map<std::string, double>;

void AddWords(std::string_view text, double weight, ToolWords& words) {
  for (const std::string& stem : AllStems(text)) {
    double& mine = words[stem];
    mine = std::max(mine, weight);
  }
}

const json::Object* PropertiesOf(const json::Object& schema) {
  const json::Value* properties = schema.if_contains("properties");
  return properties == nullptr ? nullptr : properties->if_object();
}

ToolWords WordsOf(const ToolSpec& tool, const json::Object& schema) {
  ToolWords words;
  AddWords(tool.name, kNameWeight, words);
  AddWords(tool.description, kDescriptionWeight, words);
  const json::Object* properties = PropertiesOf(schema);
  if (properties == nullptr) return words;
  for (const auto& [name, property] : *properties) {
    AddWords(name, kParameterWeight, words);
    AddWords(json::GetString(property, "description"), kDescriptionWeight / 2, words);
  }
  return words;
}

bool HasParameterLike(const json::Object& schema, std::string_view part) {
  const json::Object* properties = PropertiesOf(schema);
  return properties != nullptr && std::ranges::any_of(*properties, [&](const auto& property) {
           return std::string_view(property.key()).contains(part);
         });
}

bool MentionsEnum(const json::Object& schema, std::string_view message) {
  const json::Object* properties = PropertiesOf(schema);
  return properties != nullptr && std::ranges::any_of(*properties, [&](const auto& property) {
           const json::Value* values = json::Find(property.value(), "enum");
           return values != nullptr && values->is_array() &&
                  MentionedValue(values->get_array(), message).has_value();
         });
}

bool Searches(const ToolSpec& tool, const json::Object& schema) {
  const bool takes_query = HasParameterLike(schema, "query") ||
                           HasParameterLike(schema, "question") || HasParameterLike(schema, "text");
  const std::vector<std::string> stems = AllStems(tool.name + " " + tool.description);
  return takes_query && std::ranges::any_of(stems, [](const std::string& stem) {
           return stem == "search" || stem == "find" || stem == "look" || stem == "retriev";
         });
}

// Whether the message names a file and little else. "What does a.md say about backups?" is a
// question to search for all the same.
bool IsAboutPath(std::string_view message) {
  const std::string_view path = FindPath(message);
  if (path.empty()) return false;
  const std::size_t at = static_cast<std::size_t>(path.data() - message.data());
  const std::string rest =
      fmt::format("{} {}", message.substr(0, at), message.substr(at + path.size()));
  return TopicStems(rest).size() <= 1;
}

double Bonus(const ToolSpec& tool, const json::Object& schema, std::string_view message) {
  double bonus = Searches(tool, schema) ? kSearchBonus : 0;
  if (!FindUrl(message).empty() && HasParameterLike(schema, "url")) bonus += kUrlBonus;
  if (IsAboutPath(message) && HasParameterLike(schema, "path")) bonus += kPathBonus;
  if (MentionsEnum(schema, message)) bonus += kMentionBonus;
  return bonus;
}

struct Option {
  const ToolSpec* tool = nullptr;
  json::Object schema;
  ToolWords words;
  double score = 0;
};

void ScoreOptions(std::string_view message, std::vector<Option>& options) {
  const std::vector<std::string> all = AllStems(message);
  const std::set<std::string> stems(all.begin(), all.end());
  for (const std::string& stem : stems) {
    const auto with = std::ranges::count_if(
        options, [&](const Option& option) { return option.words.contains(stem); });
    if (with == 0) continue;
    const double weight =
        std::log(1 + static_cast<double>(options.size()) / static_cast<double>(with));
    for (Option& option : options) {
      const auto found = option.words.find(stem);
      if (found != option.words.end()) option.score += weight * found->second;
    }
  }
  for (Option& option : options) option.score += Bonus(*option.tool, option.schema, message);
}

std::vector<Option> RankedOptions(const std::vector<ToolSpec>& tools, std::string_view message) {
  std::vector<Option> options;
  for (const ToolSpec& tool : tools) {
    json::Object schema = Flatten(*tool.parameters, *tool.parameters);
    ToolWords words = WordsOf(tool, schema);
    options.push_back({&tool, std::move(schema), std::move(words), 0});
  }
  ScoreOptions(message, options);
  // By score, then in the order the tools were given: they lie in one array.
  std::ranges::sort(options, [](const Option& a, const Option& b) {
    return a.score != b.score ? a.score > b.score : a.tool < b.tool;
  });
  return options;
}

bool NeedsTool(const Evidence& evidence) {
  if (TopicStems(evidence.query).empty()) return false;
  if (ClassifyTalk(evidence.question).talk != Talk::kNone) return false;
  return !FindEarlierStatement(evidence.question, evidence.earlier).has_value();
}

// Unique in the conversation, and the same when a turn is repeated.
std::string NextCallId(const ChatRequest& request) {
  std::size_t calls = 0;
  for (const Message& message : request.messages) calls += message.tool_calls.size();
  return fmt::format("call_offline_{}", calls + 1);
}

// The one document that `text` gives the id of: "document_id: doc_1"; empty if it is not one.
std::string_view OnlyDocumentId(std::string_view text) {
  constexpr std::string_view kLabel = "document_id: ";
  const std::size_t at = text.find(kLabel);
  if (at == std::string_view::npos || text.find(kLabel, at + 1) != std::string_view::npos)
    return {};
  const std::string_view rest = text.substr(at + kLabel.size());
  return rest.substr(0, rest.find_first_of(" \t\r\n"));
}

bool TakesOnlyDocumentId(const ToolSpec& tool) {
  const json::Value* required = json::Find(*tool.parameters, "required");
  return required != nullptr && required->is_array() && required->get_array().size() == 1 &&
         required->get_array()[0] == json::Value("document_id");
}

}  // namespace

std::optional<ToolCall> ChooseNextTool(const ChatRequest& request) {
  const std::vector<Message>& messages = request.messages;
  if (messages.size() < 2 || messages.back().role != Role::kTool) return std::nullopt;
  const std::vector<ToolCall>& calls = messages[messages.size() - 2].tool_calls;
  if (calls.size() != 1 || !calls.front().name.starts_with("find_")) return std::nullopt;
  const std::string_view id = OnlyDocumentId(messages.back().content);
  const auto reader = std::ranges::find_if(request.tools, [](const ToolSpec& tool) {
    return tool.name.starts_with("get_") && TakesOnlyDocumentId(tool);
  });
  if (id.empty() || reader == request.tools.end()) return std::nullopt;
  return ToolCall{NextCallId(request), reader->name, json::Object{{"document_id", id}}};
}

std::optional<ToolCall> ChooseTool(const ChatRequest& request, const Evidence& evidence) {
  if (request.tools.empty()) return std::nullopt;
  if (!request.require_tool && !NeedsTool(evidence)) return std::nullopt;
  const Ask ask{.message = evidence.question, .query = evidence.query};
  const std::vector<Option> options = RankedOptions(request.tools, evidence.question);
  for (const Option& option : options) {
    if (option.score <= 0 && !request.require_tool) break;
    std::optional<json::Object> arguments = FillArguments(*option.tool, ask);
    if (arguments) return ToolCall{NextCallId(request), option.tool->name, *std::move(arguments)};
  }
  if (!request.require_tool) return std::nullopt;
  const ToolSpec& best = *options.front().tool;
  return ToolCall{NextCallId(request), best.name, MinimalArguments(best)};
}

}  // namespace baton::llm::offline
