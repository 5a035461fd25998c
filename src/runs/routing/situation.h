// What is known of a message when its agent is chosen.
#pragma once

#include <string>
#include <vector>

namespace baton::runs::routing {

// One earlier message of the conversation.
struct PastMessage {
  std::string role;  // "user" "assistant" "system"
  std::string content;
  std::string agent;  // of an assistant's message; empty: not known
};

// A message and what surrounds it. Agents are named without "_agent".
struct Situation {
  std::string query;
  std::string editor_type;           // kind of the open document: "fiction", "outline", …
  bool editor_open = false;          // a document may be open whose kind is not known
  std::string page;                  // "chat" "documents" "editor" "org" "rss"; empty: not known
  std::vector<PastMessage> history;  // oldest first; the newest few are enough
  std::string locked_agent;          // whom the conversation is kept for; empty: nobody
};

}  // namespace baton::runs::routing
