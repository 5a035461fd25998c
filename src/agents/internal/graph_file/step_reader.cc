#include "agents/internal/graph_file/step_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/graph_file/keys.h"
#include "base/nearest_name.h"
#include "json/schema.h"

namespace baton::agents {
namespace {

constexpr std::array<std::string_view, 7> kStepKinds = {"model", "tool", "branch",  "ask",
                                                        "map",   "set",  "subgraph"};
constexpr double kHottest = 2.0;  // of all providers' scales, the widest
constexpr int kMostTokens = 1'000'000;
constexpr std::size_t kMaxWays = 50;
constexpr int kMaxNesting = 32;  // of conditions and values

}  // namespace

std::span<const std::string_view> StepKinds() { return kStepKinds; }

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr std::int64_t kYear = 365LL * 86'400'000;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 1) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, millis] : kUnits) {
    if (unit != name) continue;
    if (count > kYear / millis) return std::nullopt;
    return std::chrono::milliseconds(count * millis);
  }
  return std::nullopt;
}

void StepReader::Read(const YamlPart& part) {
  using Reading = void (StepReader::*)(const YamlPart&);
  constexpr std::array<Reading, kStepKinds.size()> kReadings = {
      &StepReader::ReadModel, &StepReader::ReadTool, &StepReader::ReadBranch,  &StepReader::ReadAsk,
      &StepReader::ReadMap,   &StepReader::ReadSet,  &StepReader::ReadSubgraph};
  const auto* const kind = std::ranges::find(kStepKinds, part.key);
  (this->*kReadings[static_cast<std::size_t>(kind - kStepKinds.begin())])(part);
}

void StepReader::ReadModel(const YamlPart& part) {
  ModelStep step;
  ReadKeys(
      yaml_, part,
      {{"prompt", false, [&](const YamlPart& p) { step.prompt = Template(p); }},
       {"system", false, [&](const YamlPart& p) { step.system = Template(p); }},
       {"history", false, [&](const YamlPart& p) { ReadHistory(p, step); }},
       {"model", false, [&](const YamlPart& p) { step.model = Name(p); }},
       {"temperature", false, [&](const YamlPart& p) { ReadTemperature(p, step); }},
       {"max_output_tokens", false,
        [&](const YamlPart& p) { step.max_output_tokens = yaml_.WholeNumber(p, 1, kMostTokens); }},
       {"schema", false, [&](const YamlPart& p) { step.schema = Schema(p); }},
       {"write", true, [&](const YamlPart& p) { step.write = Channel(p); }}});
  if (part.value.IsMap() && !step.prompt && !step.history) {
    yaml_.Mistake(part.key_place, "'model' needs a key 'prompt' or 'history'");
  }
  if (step.model.place == 0) step.model.place = part.key_place;
  node_.step = std::move(step);
}

void StepReader::ReadHistory(const YamlPart& part, ModelStep& step) { step.history = Path(part); }

void StepReader::ReadTemperature(const YamlPart& part, ModelStep& step) {
  const json::Value value = yaml_.ToJson(part);
  const double number = value.is_number() ? value.to_number<double>() : -1;
  if (number < 0 || number > kHottest) {
    yaml_.Mistake(part.place, "'temperature' must be a number, 0 to 2");
    return;
  }
  step.temperature = number;
}

void StepReader::ReadTool(const YamlPart& part) {
  ToolStep step;
  ReadKeys(yaml_, part,
           {{"tool", true, [&](const YamlPart& p) { step.tool = Name(p); }},
            {"arguments", false,
             [&](const YamlPart& p) {
               step.arguments = TemplatesOfMembers(p, 0, &step.argument_names);
             }},
            {"write", true, [&](const YamlPart& p) { step.write = Channel(p); }},
            {"sources", false, [&](const YamlPart& p) { step.sources = Channel(p); }}});
  node_.step = std::move(step);
}

void StepReader::ReadBranch(const YamlPart& part) {
  BranchStep step;
  const std::vector<YamlPart> ways = yaml_.Elements(part);
  for (std::size_t i = 0; i < ways.size() && i < kMaxWays; ++i) {
    ReadWay(ways[i], i + 1 == ways.size(), step);
  }
  if (ways.size() > kMaxWays) {
    yaml_.Mistake(ways[kMaxWays].place, fmt::format("more than {} ways", kMaxWays));
  } else if (part.value.IsSequence() && (step.ways.empty() || step.ways.back().condition)) {
    yaml_.Mistake(part.key_place,
                  "'branch' must close with '- else: NODE': where to go if nothing holds");
  }
  node_.step = std::move(step);
}

void StepReader::ReadWay(const YamlPart& part, bool last, BranchStep& step) {
  YamlPart way = part;
  way.key = "way";
  BranchStep::Way read;
  const YAML::Node closing = part.value.IsMap() ? part.value["else"] : YAML::Node();
  if (part.value.IsMap() && closing.IsDefined()) {
    ReadKeys(yaml_, way, {{"else", true, [&](const YamlPart& p) { read.to = Targets(p); }}});
    if (!last) yaml_.Mistake(part.place, "'else' must be the last way of a branch");
  } else {
    read.condition.emplace();
    ReadKeys(yaml_, way,
             {{"if", true, [&](const YamlPart& p) { read.condition = Condition(p); }},
              {"to", true, [&](const YamlPart& p) { read.to = Targets(p); }}});
  }
  step.ways.push_back(std::move(read));
}

void StepReader::ReadAsk(const YamlPart& part) {
  AskStep step;
  std::optional<YamlPart> schema;
  ReadKeys(yaml_, part,
           {{"question", true, [&](const YamlPart& p) { step.question = Template(p); }},
            {"choices", false, [&](const YamlPart& p) { ReadChoices(p, step); }},
            {"schema", false,
             [&](const YamlPart& p) {
               schema = p;
               step.answer_schema = Schema(p);
             }},
            {"expires", false,
             [&](const YamlPart& p) {
               step.expires = p.value.IsScalar() ? ParseDuration(p.value.Scalar()) : std::nullopt;
               if (!step.expires) {
                 yaml_.Mistake(p.place, "'expires' must be a time such as 30s, 5m, 2h or 7d");
               }
             }},
            {"write", true, [&](const YamlPart& p) { step.write = Channel(p); }}});
  if (schema && !step.choices.empty()) {
    yaml_.Mistake(schema->key_place, "'schema' and 'choices': one of them says what an answer is");
  } else if (!step.choices.empty()) {
    step.answer_schema = json::Object{{"enum", step.choices}};
  }
  node_.step = std::move(step);
}

void StepReader::ReadChoices(const YamlPart& part, AskStep& step) {
  for (const YamlPart& choice : yaml_.Elements(part)) {
    if (choice.value.IsScalar()) {
      step.choices.push_back(ScalarToJson(choice.value));
    } else {
      yaml_.Mistake(choice.place, "a choice must be a text or a number");
    }
  }
  if (part.value.IsSequence() && step.choices.empty()) {
    yaml_.Mistake(part.place, "'choices' needs at least one");
  }
}

void StepReader::ReadMap(const YamlPart& part) {
  MapStep step;
  ReadKeys(yaml_, part,
           {{"over", true, [&](const YamlPart& p) { step.over = Path(p); }},
            {"do", true,
             [&](const YamlPart& p) {
               step.node = Name(p);
               node_.targets.push_back(step.node);
             }},
            {"as", false,
             [&](const YamlPart& p) {
               const NameUse name = Name(p);
               if (!name.name.empty()) step.element = name.name;
             }},
            {"with", false,
             [&](const YamlPart& p) {
               step.with = TemplatesOfMembers(p);
               step.names = std::get<ValueTemplate::Members>(step.with.form).names;
             }},
            {"empty", false, [&](const YamlPart& p) {
               step.empty = Name(p);
               node_.targets.push_back(*step.empty);
             }}});
  node_.step = std::move(step);
}

void StepReader::ReadSet(const YamlPart& part) {
  SetStep step;
  const std::vector<YamlPart> values = yaml_.Members(part);
  for (const YamlPart& value : values) {
    const NameUse channel{value.key, value.key_place};
    node_.writes.push_back(channel);
    step.values.emplace_back(channel, TemplateOfValue(value));
  }
  if (part.value.IsMap() && values.empty()) {
    yaml_.Mistake(part.key_place, "'set' needs at least one 'channel: value'");
  }
  node_.step = std::move(step);
}

void StepReader::ReadSubgraph(const YamlPart& part) {
  node_.step = SubgraphStep{{yaml_.Text(part), part.place}};
}

NameUse StepReader::Name(const YamlPart& part) { return {yaml_.Text(part), part.place}; }

NameUse StepReader::Channel(const YamlPart& part) {
  NameUse channel = Name(part);
  if (!channel.name.empty()) node_.writes.push_back(channel);
  return channel;
}

std::vector<NameUse> StepReader::Targets(const YamlPart& part) {
  std::vector<NameUse> targets;
  if (part.value.IsSequence()) {
    for (const YamlPart& target : yaml_.Elements(part)) targets.push_back(Name(target));
    if (targets.empty()) yaml_.Mistake(part.place, fmt::format("'{}' names no node", part.key));
  } else {
    targets.push_back(Name(part));
  }
  std::ranges::copy_if(targets, std::back_inserter(node_.targets),
                       [](const NameUse& use) { return !use.name.empty(); });
  return targets;
}

json::Pointer StepReader::Path(const YamlPart& part) {
  const std::string text = yaml_.Text(part);
  if (text.empty()) return {};
  Result<json::Pointer> path = json::Pointer::Parse(text);
  if (!path || path->tokens().empty()) {
    yaml_.Mistake(part.place, path ? "the path names nothing" : path.error().message());
    return {};
  }
  node_.paths.push_back({*path, part.place});
  return *std::move(path);
}

TextTemplate StepReader::Template(const YamlPart& part) {
  const std::string text = yaml_.Text(part);
  TextTemplate::Reading reading = TextTemplate::Parse(text);
  const auto place = [&](std::size_t offset) {
    const std::size_t end = std::min(text.find("}}", offset), text.find('\n', offset));
    return yaml_.PlaceOf(part, std::string_view(text).substr(offset, end - offset));
  };
  for (PathUse& use : reading.paths) node_.paths.push_back({use.path, place(use.place)});
  for (TemplateMistake& mistake : reading.mistakes) {
    yaml_.Mistake(place(mistake.offset), std::move(mistake.message));
  }
  return std::move(reading.result);
}

ValueTemplate StepReader::TemplateOfValue(const YamlPart& part, int depth) {
  if (depth > kMaxNesting) {
    yaml_.Mistake(part.place, fmt::format("nested deeper than {} levels", kMaxNesting));
    return {};
  }
  if (part.value.IsSequence()) {
    ValueTemplate::List list;
    for (const YamlPart& element : yaml_.Elements(part)) {
      list.push_back(TemplateOfValue(element, depth + 1));
    }
    return {std::move(list)};
  }
  if (part.value.IsMap()) {
    return TemplatesOfMembers(part, depth);
  }
  json::Value value = part.value.IsScalar() ? ScalarToJson(part.value) : json::Value();
  if (!value.is_string() || value.get_string().find("{{") == std::string_view::npos) {
    return {std::move(value)};
  }
  return {Template(part)};
}

ValueTemplate StepReader::TemplatesOfMembers(const YamlPart& part, int depth,
                                             std::vector<NameUse>* names) {
  ValueTemplate::Members members;
  for (const YamlPart& member : yaml_.Members(part)) {
    if (names != nullptr) names->push_back({member.key, member.key_place});
    members.names.push_back(member.key);
    members.values.push_back(TemplateOfValue(member, depth + 1));
  }
  return {std::move(members)};
}

std::optional<json::Value> StepReader::Schema(const YamlPart& part) {
  json::Value definition = yaml_.ToJson(part);
  if (!definition.is_object()) {
    yaml_.Mistake(part.place, "'schema' must be a map: a JSON Schema");
    return std::nullopt;
  }
  if (const Result<json::Schema> schema = json::Schema::Compile(definition); !schema) {
    yaml_.Mistake(part.place, "'schema': " + schema.error().message());
    return std::nullopt;
  }
  return definition;
}

StateCondition StepReader::Condition(const YamlPart& part, int depth) {
  constexpr std::string_view kShape =
      "a condition is {path: /name, eq: VALUE}, {all: […]}, {any: […]} or {not: …}";
  if (depth > kMaxNesting || !part.value.IsMap()) {
    yaml_.Mistake(part.place, std::string(kShape));
    return {};
  }
  if (part.value["path"].IsDefined()) return Comparison(part);
  const std::vector<YamlPart> members = yaml_.Members(part);
  StateCondition condition;
  if (members.size() == 1 && (members[0].key == "all" || members[0].key == "any")) {
    condition.kind =
        members[0].key == "all" ? StateCondition::Kind::kAll : StateCondition::Kind::kAny;
    for (const YamlPart& each : yaml_.Elements(members[0])) {
      condition.parts.push_back(Condition(each, depth + 1));
    }
  } else if (members.size() == 1 && members[0].key == "not") {
    condition.kind = StateCondition::Kind::kNot;
    condition.parts.push_back(Condition(members[0], depth + 1));
  } else {
    yaml_.Mistake(part.place, std::string(kShape));
  }
  return condition;
}

StateCondition StepReader::Comparison(const YamlPart& part) {
  constexpr std::array<std::string_view, 7> kNames = {"path", "eq", "ne", "gt", "gte", "lt", "lte"};
  StateCondition condition;
  json::Pointer path;
  const std::vector<YamlPart> members = yaml_.Members(part);
  for (const YamlPart& member : members) {
    if (member.key == "path") path = Path(member);
  }
  for (const YamlPart& member : members) {
    if (member.key == "path") continue;
    const std::optional<graph::Comparison> comparison = graph::ParseComparison(member.key);
    if (!comparison) {
      yaml_.Mistake(member.key_place, fmt::format("unknown operator '{}': {}", member.key,
                                                  SuggestName(member.key, "the operators are",
                                                              std::span(kNames).subspan(1))));
      continue;
    }
    graph::Condition each{path, *comparison, yaml_.ToJson(member)};
    if (const Status status = graph::CheckCondition(each); !status.ok()) {
      yaml_.Mistake(member.place, status.message());
      continue;
    }
    condition.comparisons.push_back(std::move(each));
  }
  if (members.size() < 2) {
    yaml_.Mistake(part.place, "the condition compares with nothing: add 'eq: VALUE'");
  }
  return condition;
}

}  // namespace baton::agents
