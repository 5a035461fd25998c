// What of a conversation decides who answers next.
#pragma once

#include <string>
#include <vector>

#include "runs/routing/situation.h"

namespace baton::runs {

struct ConversationState {
  std::string locked_agent;   // whom the conversation is kept for; empty: nobody
  std::string waiting_agent;  // whose question waits for an answer; empty: none does
  std::vector<routing::PastMessage> history;  // the newest messages, oldest first, long ones cut
};

}  // namespace baton::runs
