// What a turn tells its agent: the conversation, the person, what is open on the screen.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agents/open_document.h"
#include "base/clock.h"
#include "json/json.h"
#include "runs/run_record.h"

namespace baton::runs {

// The graph's input: {"messages": [history …, this turn's message]}.
json::Value BuildGraphInput(const std::vector<ConversationMessage>& history,
                            std::string_view query);

// For the prompt's {{…}}: user_name, ai_name, today (UTC), timezone, persona_style. What the
// persona leaves open has a default.
std::map<std::string, std::string> BuildVariables(std::string_view user_id, const Persona& persona,
                                                  Timestamp now);

// The open file as the model is shown it, cut to kMaxEditorBytesInPrompt; empty without one.
std::string BuildSurroundings(const std::optional<ActiveEditor>& editor);

// What is shown, a paragraph each.
std::string JoinSurroundings(std::string shown, std::string_view more);

// The same file for agents that change it: whole, with cursor and selection.
// `edits`: the kinds of document that the agent edits; empty: all. It may edit one whose kind
// nobody has said.
std::optional<agents::OpenDocument> BuildDocument(const std::optional<ActiveEditor>& editor,
                                                  const std::vector<std::string>& edits);

}  // namespace baton::runs
