// The state of a turn's graph, as every workflow keeps it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "agents/internal/source_list.h"
#include "agents/turn_scope.h"
#include "base/status.h"
#include "graph/channel.h"
#include "graph/node.h"
#include "graph/state_graph.h"
#include "json/json.h"
#include "llm/message.h"

namespace baton::agents {

// The channels of every workflow. A thread of the graph runs one turn.
//   messages     append  llm::Message: the history, the turn's message, then what the turn adds
//   answer       last    the text the user has been given so far; the whole of it at the end
//   sources      last    what the answer cites (SourceList::Cited); written with the last part
//   tools_used   set     names of the tools called, in the order of their first call
//   found        append  the numbered sources (SourceList)
//   tool_rounds  sum     how often tools have run
//   changes      append  {tool, outcome, detail} of calls that change the world, as they came out:
//                        "done", "failed", "refused" or, where nobody knows, "unknown"
//   structured_output        last  the answer as data (structured_output.h), if there is one
//   structured_output_error  last  why there is none, where there was to be one
graph::Channels TurnChannels();

// The scope the run was given. A run without a TurnScope is a bug.
TurnScope& ScopeOf(const graph::NodeContext& context);

// The agent's prompt with its variables filled in, then the surroundings.
std::string SystemPrompt(const AgentSpec& spec, const TurnScope& scope);

Result<std::vector<llm::Message>> MessagesIn(const json::Value& state);
Result<SourceList> SourcesIn(const json::Value& state);
std::string_view AnswerIn(const json::Value& state);
int ToolRoundsIn(const json::Value& state);

// A note to the model amid the turn. It goes as the user's, since not every provider takes another
// system message there, and says that it is none.
llm::Message NoteToModel(std::string_view text);
bool IsNoteToModel(const llm::Message& message);

// Whether the last message asks for tools: where the graph goes next.
bool WantsTools(const json::Value& state);

// `before` and `text` as the user reads them: with a blank line between, if both have text.
std::string JoinAnswer(std::string_view before, std::string_view text);
inline constexpr std::string_view kAnswerSeparator = "\n\n";

}  // namespace baton::agents
