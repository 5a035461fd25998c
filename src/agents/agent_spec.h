// An agent as its file describes it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"

namespace baton::agents {

enum class Permission { kAllow, kAsk, kDeny };

struct ToolGrant {
  std::string tool;
  std::optional<Permission> permission;  // empty: whoever keeps permissions decides by the effect
};

// To whom an agent's answer is given to go on with, within the turn.
struct HandOver {
  std::string to;    // another agent's name
  std::string when;  // what must be true of the user's message
};

// What an agent's answer is also given as: the file schemas/NAME.json beside the agent's.
struct OutputSchema {
  std::string name;
  json::Value definition;  // a JSON Schema of an object; null: not looked for
};

// An agent file is Markdown with YAML front matter:
//
//   ---
//   name: research                  # ^[a-z][a-z0-9_]*$, the file's own name
//   title: Research
//   description: Answers from your documents, with citations.
//   when: Questions that need facts from documents or several sources.
//   examples:
//     - What do my notes say about backups?
//   edits: [fiction]                # kinds of document: for messages while one is open
//   reads: [fiction]                # the same, of an agent that leaves it as it is
//   keeps_conversation: true        # once chosen it answers until the user lets it go
//   workflow: research              # which graph runs it
//   tools:                          # a name alone: by the tool's effect (docs/permissions.md)
//     - search_documents
//     - create_file: ask
//   agents: [weather]               # others that it asks, as tools: ask_weather
//   hands_over:                     # another agent goes on with the answer
//     to: data_formatting
//     when: They want it as a table.
//   output: weather                 # the answer as data too, of schemas/weather.json
//   model: default                  # an alias of the model catalog
//   parameters: {temperature: 0.2, max_output_tokens: 2000, max_rounds: 2}
//   ---
//   The prompt, in Markdown. {{user_name}}, {{ai_name}}, {{today}}, {{timezone}} and
//   {{persona_style}} are filled in for each turn.
struct AgentSpec {
  std::string name;
  std::string title;
  std::string description;
  std::string when;
  std::vector<std::string> examples;
  std::vector<std::string> edits;
  std::vector<std::string> reads;
  bool keeps_conversation = false;
  std::string workflow;
  std::vector<ToolGrant> tools;
  std::vector<std::string> agents;
  std::optional<HandOver> hands_over;
  std::optional<OutputSchema> output;
  std::string model = "default";
  std::optional<double> temperature;
  std::optional<int> max_output_tokens;
  json::Object parameters;  // the workflow's own, e.g. max_rounds
  std::string prompt;
  std::string file;  // where it was read
};

// A mistake in an agent file. Line and column count from 1.
struct AgentFileError {
  int line = 1;
  int column = 1;
  std::string message;
};

// The JSON Schemas of a folder's schemas/, by name: what the file holds, or what is wrong with it.
using OutputSchemas = std::map<std::string, Result<json::Value>, std::less<>>;

// The names an agent file may use. Empty optional: not known, not checked.
struct KnownNames {
  std::optional<std::vector<std::string>> tools;
  std::optional<std::vector<std::string>> models;
  std::optional<OutputSchemas> outputs;
};

// Reads an agent file. kInvalidArgument lists every mistake, one a line:
// "agents/chat.md:7:12: unknown tool permission 'alow': allow, ask or deny".
// Unknown keys are mistakes.
Result<AgentSpec> ParseAgentFile(std::string_view text, std::string_view file_name,
                                 const KnownNames& known = {});

}  // namespace baton::agents
