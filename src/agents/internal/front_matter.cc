#include "agents/internal/front_matter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "agents/internal/output_schemas.h"
#include "agents/workflow.h"
#include "base/nearest_name.h"

namespace baton::agents {
namespace {

// The router reads them all for every message; a few good ones say more than many.
constexpr std::size_t kMaxExamples = 50;
// Kinds of document are few; an agent for all of them names none.
constexpr std::size_t kMaxKinds = 20;
// The most that OpenAI's API accepts in one request.
constexpr std::size_t kMaxTools = 128;

// Each is another tool for the model to weigh; an agent that asks everybody is a router.
constexpr std::size_t kMaxCallees = 10;

constexpr double kMaxTemperature = 2.0;  // of all providers' scales, the widest
constexpr int kMaxOutputTokens = 1'000'000;

constexpr std::array<std::string_view, 3> kPermissionNames = {"allow", "ask", "deny"};

bool IsName(std::string_view text) {
  const auto is_name_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         std::ranges::all_of(text, is_name_character);
}

template <typename Number>
std::optional<Number> ReadNumber(const YAML::Node& node) {
  // A quoted number is a text.
  if (!node.IsScalar() || node.Tag() == "!") return std::nullopt;
  const std::string& text = node.Scalar();
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> Views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

// Reads each key into the spec. Values are read in the order of Keys(), not of the file: what
// may stand under `parameters` depends on the workflow.
class FrontMatter {
 public:
  FrontMatter(std::size_t offset, const KnownNames& known, AgentSpec& spec, Mistakes& mistakes)
      : offset_(offset), known_(known), spec_(spec), mistakes_(mistakes) {}

  void Read(const YAML::Node& root);

 private:
  // A key with its value; the key's place stands in for a value that has none of its own.
  struct Entry {
    std::string key;
    YAML::Node value;
    std::size_t key_place = 0;
  };
  struct Key {
    std::string_view name;
    bool required = false;
    void (FrontMatter::*read)(const Entry&) = nullptr;
  };
  static std::span<const Key> Keys();

  void ReadName(const Entry& entry);
  void ReadTitle(const Entry& entry) { spec_.title = Text(entry); }
  void ReadDescription(const Entry& entry) { spec_.description = Text(entry); }
  void ReadWhen(const Entry& entry) { spec_.when = Text(entry); }
  void ReadExamples(const Entry& entry);
  void ReadEdits(const Entry& entry) { ReadKinds(entry, spec_.edits); }
  void ReadReads(const Entry& entry) { ReadKinds(entry, spec_.reads); }
  void ReadKinds(const Entry& entry, std::vector<std::string>& kinds);
  void ReadKeepsConversation(const Entry& entry);
  void ReadWorkflow(const Entry& entry);
  void ReadTools(const Entry& entry);
  void ReadAgents(const Entry& entry);
  void ReadHandOver(const Entry& entry);
  void ReadOutput(const Entry& entry);
  void ReadModel(const Entry& entry);
  void ReadParameters(const Entry& entry);

  void ReadGrant(const Entry& entry);
  void FindSchema(const Entry& entry, OutputSchema& output);
  void ReadParameter(const Entry& entry);
  void CheckNeededTools();

  std::size_t Place(const YAML::Mark& mark, std::size_t otherwise) const {
    return mark.pos < 0 ? otherwise : offset_ + static_cast<std::size_t>(mark.pos);
  }
  std::size_t Place(const Entry& entry) const {
    return entry.value.IsNull() ? entry.key_place : Place(entry.value.Mark(), entry.key_place);
  }
  std::vector<Entry> Entries(const YAML::Node& map, std::size_t place);
  std::vector<Entry> Elements(const Entry& list);
  std::string Text(const Entry& entry);

  const std::size_t offset_;
  const KnownNames& known_;
  AgentSpec& spec_;
  Mistakes& mistakes_;
  const Workflow* workflow_ = nullptr;
  std::size_t workflow_place_ = 0;
};

std::span<const FrontMatter::Key> FrontMatter::Keys() {
  static constexpr std::array<Key, 15> kKeys = {{
      {"name", true, &FrontMatter::ReadName},
      {"title", true, &FrontMatter::ReadTitle},
      {"description", true, &FrontMatter::ReadDescription},
      {"when", true, &FrontMatter::ReadWhen},
      {"examples", false, &FrontMatter::ReadExamples},
      {"edits", false, &FrontMatter::ReadEdits},
      {"reads", false, &FrontMatter::ReadReads},
      {"keeps_conversation", false, &FrontMatter::ReadKeepsConversation},
      {"workflow", true, &FrontMatter::ReadWorkflow},
      {"tools", false, &FrontMatter::ReadTools},
      {"agents", false, &FrontMatter::ReadAgents},
      {"hands_over", false, &FrontMatter::ReadHandOver},
      {"output", false, &FrontMatter::ReadOutput},
      {"model", false, &FrontMatter::ReadModel},
      {"parameters", false, &FrontMatter::ReadParameters},
  }};
  return kKeys;
}

void FrontMatter::Read(const YAML::Node& root) {
  std::map<std::string, Entry, std::less<>> entries;
  std::vector<std::string_view> names;
  for (const Key& key : Keys()) names.push_back(key.name);
  for (Entry& entry : Entries(root, offset_)) {
    if (std::ranges::find(names, entry.key) == names.end()) {
      mistakes_.Add(entry.key_place, fmt::format("unknown key '{}': {}", entry.key,
                                                 SuggestName(entry.key, "the keys are", names)));
      continue;
    }
    std::string key = entry.key;
    entries.emplace(std::move(key), std::move(entry));
  }
  for (const Key& key : Keys()) {
    if (const auto entry = entries.find(key.name); entry != entries.end()) {
      (this->*key.read)(entry->second);
    } else if (key.required) {
      mistakes_.Add(offset_, fmt::format("missing key '{}'", key.name));
    }
  }
  CheckNeededTools();
}

// The members of a map in the file's order. A key that occurs again is a mistake and left out.
std::vector<FrontMatter::Entry> FrontMatter::Entries(const YAML::Node& map, std::size_t place) {
  std::vector<Entry> entries;
  if (!map.IsMap()) {
    mistakes_.Add(place, "expected a list of 'key: value'");
    return entries;
  }
  std::set<std::string> seen;
  for (const auto& member : map) {
    const std::size_t key_place = Place(member.first.Mark(), place);
    if (!member.first.IsScalar()) {
      mistakes_.Add(key_place, "a key must be a plain text");
    } else if (!seen.insert(member.first.Scalar()).second) {
      mistakes_.Add(key_place, fmt::format("key '{}' occurs twice", member.first.Scalar()));
    } else {
      entries.push_back({member.first.Scalar(), member.second, key_place});
    }
  }
  return entries;
}

// The elements of a list, under the list's key.
std::vector<FrontMatter::Entry> FrontMatter::Elements(const Entry& list) {
  std::vector<Entry> elements;
  if (!list.value.IsSequence()) {
    mistakes_.Add(Place(list), fmt::format("'{}' must be a list", list.key));
    return elements;
  }
  for (const YAML::Node& element : list.value) {
    elements.push_back({list.key, element, Place(element.Mark(), Place(list))});
  }
  return elements;
}

std::string FrontMatter::Text(const Entry& entry) {
  if (entry.value.IsScalar()) {
    std::string text = entry.value.Scalar();
    if (text.find_first_not_of(" \t\n") != std::string::npos) return text;
  }
  mistakes_.Add(Place(entry), fmt::format("'{}' must be a text", entry.key));
  return {};
}

void FrontMatter::ReadName(const Entry& entry) {
  spec_.name = Text(entry);
  if (spec_.name.empty()) return;
  const std::filesystem::path file(spec_.file);
  if (!IsName(spec_.name)) {
    mistakes_.Add(Place(entry), fmt::format("name '{}': a small letter, then small letters, "
                                            "digits and '_'",
                                            spec_.name));
  } else if (file.extension() == ".md" && file.stem() != spec_.name) {
    mistakes_.Add(Place(entry), fmt::format("name '{}' must be the file's own, '{}'", spec_.name,
                                            file.stem().string()));
  }
}

void FrontMatter::ReadExamples(const Entry& entry) {
  for (const Entry& example : Elements(entry)) {
    if (spec_.examples.size() == kMaxExamples) {
      mistakes_.Add(Place(example), fmt::format("more than {} examples", kMaxExamples));
      return;
    }
    spec_.examples.push_back(Text(example));
  }
}

void FrontMatter::ReadKinds(const Entry& entry, std::vector<std::string>& kinds) {
  for (const Entry& kind : Elements(entry)) {
    if (kinds.size() == kMaxKinds) {
      mistakes_.Add(Place(kind), fmt::format("more than {} kinds of document", kMaxKinds));
      return;
    }
    kinds.push_back(Text(kind));
  }
}

void FrontMatter::ReadKeepsConversation(const Entry& entry) {
  const std::string text = Text(entry);
  if (text != "true" && text != "false") {
    mistakes_.Add(Place(entry), "'keeps_conversation' must be true or false");
  }
  spec_.keeps_conversation = text == "true";
}

void FrontMatter::ReadWorkflow(const Entry& entry) {
  spec_.workflow = Text(entry);
  if (spec_.workflow.empty()) return;
  workflow_ = FindWorkflow(spec_.workflow);
  workflow_place_ = Place(entry);
  if (workflow_ != nullptr) return;
  std::vector<std::string_view> names;
  for (const Workflow& workflow : Workflows()) names.push_back(workflow.name);
  mistakes_.Add(workflow_place_,
                fmt::format("unknown workflow '{}': {}", spec_.workflow,
                            SuggestName(spec_.workflow, "the workflows are", names)));
}

void FrontMatter::ReadTools(const Entry& entry) {
  for (const Entry& grant : Elements(entry)) {
    if (spec_.tools.size() == kMaxTools) {
      mistakes_.Add(Place(grant), fmt::format("more than {} tools", kMaxTools));
      return;
    }
    ReadGrant(grant);
  }
}

// "search_documents" or "create_file: ask".
void FrontMatter::ReadGrant(const Entry& entry) {
  ToolGrant grant;
  std::size_t place = Place(entry);
  if (entry.value.IsMap() && entry.value.size() == 1) {
    const std::vector<Entry> pair = Entries(entry.value, place);
    if (pair.empty()) return;
    grant.tool = pair[0].key;
    place = pair[0].key_place;
    const std::string permission = pair[0].value.IsScalar() ? pair[0].value.Scalar() : "";
    const auto* const found = std::ranges::find(kPermissionNames, permission);
    if (found == kPermissionNames.end()) {
      mistakes_.Add(Place(pair[0]),
                    fmt::format("unknown tool permission '{}': allow, ask or deny", permission));
    } else {
      grant.permission = static_cast<Permission>(found - kPermissionNames.begin());
    }
  } else if (entry.value.IsScalar()) {
    grant.tool = entry.value.Scalar();
  } else {
    mistakes_.Add(place, "a tool must be a name, or 'name: allow', 'name: ask' or 'name: deny'");
    return;
  }
  if (std::ranges::find(spec_.tools, grant.tool, &ToolGrant::tool) != spec_.tools.end()) {
    mistakes_.Add(place, fmt::format("tool '{}' occurs twice", grant.tool));
  } else if (known_.tools && std::ranges::find(*known_.tools, grant.tool) == known_.tools->end()) {
    mistakes_.Add(place,
                  fmt::format("unknown tool '{}': {}", grant.tool,
                              SuggestName(grant.tool, "the tools are", Views(*known_.tools))));
  }
  spec_.tools.push_back(std::move(grant));
}

// Whether there are such agents only the folder shows.
void FrontMatter::ReadAgents(const Entry& entry) {
  if (workflow_ != nullptr && workflow_->build_caller == nullptr) {
    mistakes_.Add(entry.key_place,
                  fmt::format("workflow '{}' calls no other agents: conversation and automation do",
                              workflow_->name));
  }
  for (const Entry& element : Elements(entry)) {
    std::string name = Text(element);
    if (spec_.agents.size() == kMaxCallees) {
      mistakes_.Add(Place(element), fmt::format("more than {} agents", kMaxCallees));
      return;
    }
    if (name == spec_.name) mistakes_.Add(Place(element), "an agent's own name");
    if (std::ranges::find(spec_.agents, name) != spec_.agents.end()) {
      mistakes_.Add(Place(element), fmt::format("agent '{}' occurs twice", name));
    }
    spec_.agents.push_back(std::move(name));
  }
}

// "to: data_formatting" and "when: …", both of which it needs. Whether there is such an agent
// only the folder shows.
void FrontMatter::ReadHandOver(const Entry& entry) {
  HandOver& hands_over = spec_.hands_over.emplace();
  for (const Entry& member : Entries(entry.value, Place(entry))) {
    if (member.key == "to") {
      hands_over.to = Text(member);
      if (hands_over.to == spec_.name) mistakes_.Add(Place(member), "an agent's own name");
    } else if (member.key == "when") {
      hands_over.when = Text(member);
    } else {
      mistakes_.Add(member.key_place, fmt::format("unknown key '{}': to and when", member.key));
    }
  }
  if (hands_over.to.empty() || hands_over.when.empty()) {
    mistakes_.Add(Place(entry), "'hands_over' needs 'to' and 'when'");
  }
}

void FrontMatter::ReadOutput(const Entry& entry) {
  if (workflow_ != nullptr) {
    const Status taken = CheckTakesOutput(*workflow_);
    if (!taken.ok()) mistakes_.Add(entry.key_place, taken.message());
  }
  OutputSchema& output = spec_.output.emplace();
  output.name = Text(entry);
  if (output.name.empty()) return;
  if (IsName(output.name)) return FindSchema(entry, output);
  mistakes_.Add(Place(entry), fmt::format("output '{}': a small letter, then small letters, digits "
                                          "and '_'",
                                          output.name));
}

void FrontMatter::FindSchema(const Entry& entry, OutputSchema& output) {
  if (!known_.outputs) return;
  const std::string file = (std::filesystem::path(spec_.file).parent_path() / kSchemasFolder /
                            fmt::format("{}.json", output.name))
                               .string();
  const auto found = known_.outputs->find(output.name);
  if (found == known_.outputs->end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, schema] : *known_.outputs) names.push_back(name);
    mistakes_.Add(Place(entry), fmt::format("output '{}': no such file {}: {}", output.name, file,
                                            SuggestName(output.name, "there are", names)));
  } else if (!found->second) {
    mistakes_.Add(Place(entry), fmt::format("output '{}': {}: {}", output.name, file,
                                            found->second.error().message()));
  } else {
    output.definition = *found->second;
  }
}

void FrontMatter::ReadModel(const Entry& entry) {
  spec_.model = Text(entry);
  if (spec_.model.empty() || !known_.models) return;
  if (std::ranges::find(*known_.models, spec_.model) != known_.models->end()) return;
  mistakes_.Add(Place(entry),
                fmt::format("unknown model '{}': {}", spec_.model,
                            SuggestName(spec_.model, "the models are", Views(*known_.models))));
}

void FrontMatter::ReadParameters(const Entry& entry) {
  for (const Entry& parameter : Entries(entry.value, Place(entry))) ReadParameter(parameter);
}

void FrontMatter::ReadParameter(const Entry& entry) {
  if (entry.key == "temperature") {
    spec_.temperature = ReadNumber<double>(entry.value);
    // Written so that a NaN fails.
    if (!(spec_.temperature.value_or(-1) >= 0 && *spec_.temperature <= kMaxTemperature)) {
      mistakes_.Add(Place(entry), "'temperature' must be a number, 0 to 2");
    }
    return;
  }
  std::vector<WorkflowParameter> known = {{"max_output_tokens", 0, 1, kMaxOutputTokens}};
  if (workflow_ != nullptr) {
    known.insert(known.end(), workflow_->parameters.begin(), workflow_->parameters.end());
  }
  const auto parameter = std::ranges::find(known, entry.key, &WorkflowParameter::name);
  if (parameter == known.end()) {
    if (workflow_ == nullptr) return;  // it may well be one of the workflow that was meant
    std::vector<std::string_view> names = {"temperature"};
    for (const WorkflowParameter& each : known) names.push_back(each.name);
    mistakes_.Add(entry.key_place,
                  fmt::format("unknown parameter '{}': {}", entry.key,
                              SuggestName(entry.key, "the parameters are", names)));
    return;
  }
  const std::optional<int> value = ReadNumber<int>(entry.value);
  if (!value || *value < parameter->least || *value > parameter->most) {
    mistakes_.Add(Place(entry), fmt::format("'{}' must be a whole number, {} to {}", entry.key,
                                            parameter->least, parameter->most));
  } else if (entry.key == "max_output_tokens") {
    spec_.max_output_tokens = value;
  } else {
    spec_.parameters[entry.key] = *value;
  }
}

void FrontMatter::CheckNeededTools() {
  if (workflow_ == nullptr) return;
  for (const std::string_view tool : workflow_->needs_tools) {
    if (FindGrant(spec_, tool) == nullptr) {
      mistakes_.Add(workflow_place_,
                    fmt::format("workflow '{}' needs tool '{}'", workflow_->name, tool));
    }
  }
}

}  // namespace

void ReadFrontMatter(std::string_view yaml, std::size_t offset, const KnownNames& known,
                     AgentSpec& spec, Mistakes& mistakes) {
  try {  // yaml-cpp reports by exception
    FrontMatter(offset, known, spec, mistakes).Read(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& e) {
    const std::size_t at = e.mark.pos < 0 ? 0 : static_cast<std::size_t>(e.mark.pos);
    mistakes.Add(offset + std::min(at, yaml.size()), "YAML: " + e.msg);
  }
}

}  // namespace baton::agents
