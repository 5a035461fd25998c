// What the offline router learns from beside the agents' files: routed messages and cues.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runs/routing/situation.h"

namespace baton::runs::routing {

// A message whose agent is known. One JSON object a line:
//
//   {"id": "w-1", "query": "and on Friday?", "agent": "weather", "also": ["chat"],
//    "context": {"editor_type": "fiction", "page": "editor", "locked_agent": "wargaming",
//                "history": [{"role": "user", "content": "…"},
//                            {"role": "assistant", "content": "…", "agent": "weather"}]},
//    "kind": "followup"}
//
// Only `query` is required; `agent` where the row is to be learned or judged. `also` are agents
// that would be acceptable, `kind` is for reports.
struct RoutedExample {
  std::string id;
  std::string agent;
  std::vector<std::string> also;
  std::string kind;
  Situation situation;
};

// Words of one field, such as those of weather. A message with one of them has the cue; what a
// cue means for which agent is learned. An entry is up to four words, or the beginning of a
// word with '*' behind it.
struct Cue {
  std::string name;
  std::vector<std::string> entries;
};

struct Knowledge {
  std::vector<RoutedExample> examples;
  std::vector<Cue> cues;
};

// kInvalidArgument says what is wrong with the line, as "'query' must be a text".
Result<RoutedExample> ParseExample(std::string_view json_line);

// Reads every *.jsonl of the folder as examples, in the order of their names, and cues.json,
// an object {"name": ["entry", …]}. A folder that does not exist yields nothing.
// kInvalidArgument names file and line.
Result<Knowledge> LoadKnowledge(const std::filesystem::path& folder);

}  // namespace baton::runs::routing
