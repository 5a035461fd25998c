#include "agents/internal/turn_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "agents/prompt_template.h"
#include "base/check.h"

namespace baton::agents {
namespace {

constexpr std::string_view kNoteMark = "(From the system.) ";

Result<json::Value> UnionOfNames(json::Value current, const json::Value& written) {
  if (!current.is_array() || !written.is_array()) {
    return Fail(Code::kInvalidArgument, "channel 'tools_used': a write must be a list of names");
  }
  json::Array& names = current.get_array();
  for (const json::Value& name : written.get_array()) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return current;
}

}  // namespace

graph::Channels TurnChannels() {
  using graph::ChannelKind;
  graph::Channels channels;
  channels["messages"].kind = ChannelKind::kAppend;
  channels["answer"].kind = ChannelKind::kLastValue;
  channels["sources"].kind = ChannelKind::kLastValue;
  channels["found"].kind = ChannelKind::kAppend;
  channels["tool_rounds"].kind = ChannelKind::kSum;
  channels["changes"].kind = ChannelKind::kAppend;
  channels["tools_used"] = {
      .kind = ChannelKind::kReducer, .initial = json::Value(json::Array()), .reduce = UnionOfNames};
  channels["structured_output"].kind = ChannelKind::kLastValue;
  channels["structured_output_error"].kind = ChannelKind::kLastValue;
  return channels;
}

llm::Message NoteToModel(std::string_view text) {
  return {.role = llm::Role::kUser, .content = fmt::format("{}{}", kNoteMark, text)};
}

bool IsNoteToModel(const llm::Message& message) {
  return message.role == llm::Role::kUser && message.content.starts_with(kNoteMark);
}

TurnScope& ScopeOf(const graph::NodeContext& context) {
  auto* scope = dynamic_cast<TurnScope*>(context.scope());
  BATON_CHECK(scope != nullptr, "an agent's graph runs with a TurnScope");
  return *scope;
}

std::string SystemPrompt(const AgentSpec& spec, const TurnScope& scope) {
  std::string prompt = FillTemplate(spec.prompt, scope.variables);
  if (!scope.surroundings.empty()) prompt += "\n\n" + scope.surroundings;
  return prompt;
}

Result<std::vector<llm::Message>> MessagesIn(const json::Value& state) {
  std::vector<llm::Message> messages;
  const json::Value* list = json::Find(state, "messages");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    return Fail(Code::kInvalidArgument, "turn: 'messages' must be a list that is not empty");
  }
  messages.reserve(list->get_array().size());
  for (const json::Value& element : list->get_array()) {
    Result<llm::Message> message = llm::ParseMessage(element);
    if (!message) return Fail(std::move(message).error().Annotate("turn"));
    messages.push_back(*std::move(message));
  }
  return messages;
}

Result<SourceList> SourcesIn(const json::Value& state) {
  const json::Value* found = json::Find(state, "found");
  return SourceList::Parse(found == nullptr || !found->is_array() ? json::Array()
                                                                  : found->get_array());
}

std::string_view AnswerIn(const json::Value& state) { return json::GetString(state, "answer"); }

int ToolRoundsIn(const json::Value& state) {
  return static_cast<int>(json::GetInt(state, "tool_rounds"));
}

bool WantsTools(const json::Value& state) {
  const json::Value* messages = json::Find(state, "messages");
  if (messages == nullptr || !messages->is_array() || messages->get_array().empty()) return false;
  const json::Value* calls = json::Find(messages->get_array().back(), "tool_calls");
  return calls != nullptr && calls->is_array() && !calls->get_array().empty();
}

std::string JoinAnswer(std::string_view before, std::string_view text) {
  std::string joined(before);
  if (!before.empty() && !text.empty()) joined += kAnswerSeparator;
  joined += text;
  return joined;
}

}  // namespace baton::agents
