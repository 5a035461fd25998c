// A conversation in the terminal: turns, and the questions that runs ask.
#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "main/chat_view.h"
#include "main/questions.h"
#include "main/settings.h"
#include "runs/orchestrator.h"

namespace baton::app {

// The command with which the conversation goes on, as it can be pasted into a shell: with those
// of --user and --server that are not the default.
std::string CommandToGoOn(const Settings& settings, std::string_view conversation_id);

struct ConversationOptions {
  std::string id;
  std::string user;
  std::string agent;  // empty: the router decides
  bool json = false;
  std::string go_on;  // CommandToGoOn(); empty: there is nothing to go on with
};

// The message from which a turn goes on, at most one; none: the newest.
struct TurnFrom {
  std::string edit_message_id;
  std::string base_message_id;
  bool regenerate = false;
};

// Lifetime: `orchestrator` and `in`, where the person's lines come from, outlive it.
// Threads:  one; lines are read blocking.
class Conversation {
 public:
  Conversation(runs::Orchestrator& orchestrator, std::istream& in, ConversationOptions options);

  // One turn, with the questions it asks. False if it failed, or waits for an answer that the
  // person has not given; the reason has been told.
  async::Task<bool> Turn(std::string query, bool resume, TurnFrom from = {});

  // Whether there is something to go on with, and the person has not been told yet how.
  bool leads_on() const { return leads_on_; }

  // A line of the person's; empty at the end of input.
  std::optional<std::string> Ask(const std::string& prompt);

 private:
  using Answers = std::map<std::string, std::string>;

  runs::TurnRequest NewRequest() const;
  std::string HintFor(const Status& status, bool answered) const;
  std::optional<std::string> AskUntilAnswered(const Question& question);
  std::optional<Answers> AskAll(const std::vector<Question>& questions);

  runs::Orchestrator& orchestrator_;
  std::istream& in_;
  const ConversationOptions options_;
  ChatView view_;
  bool leads_on_ = false;
};

}  // namespace baton::app
