// Which agent answers a message.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runs/agent_source.h"
#include "runs/orchestrator.h"

namespace baton::runs {

struct Routing {
  std::shared_ptr<const agents::Agent> agent;
  double confidence = 1;  // 0 to 1
  std::string reason;     // for the user: "asked for", "locked", "matches 'documents', 'notes'"
};

// Chooses by, in this order: the request's agent_type, its locked_agent, the message's words.
//
// Words: those of the message are compared with each agent's name, description, when-text and
// examples; a word counts the more the fewer agents have it. Requests for facts ("what do my
// notes say …?") count for the agent `research`. Nothing that fits: the agent `chat`.
//
// Threads: safe.
class Router {
 public:
  explicit Router(const AgentSource& agents) : agents_(agents) {}

  // kInvalidArgument for a name that is not an agent's: "agent 'x' is not known; known: chat,
  // research". kFailedPrecondition if there is no agent at all.
  Result<Routing> Route(const TurnRequest& request);

 private:
  struct Index;
  std::shared_ptr<const Index> CurrentIndex();
  Result<Routing> RouteByName(std::string_view name, std::string_view reason) const;
  Result<Routing> RouteByWords(std::string_view message);

  const AgentSource& agents_;
  std::mutex mutex_;
  std::shared_ptr<const Index> index_;  // guarded by mutex_; replaced when the agents change
};

}  // namespace baton::runs
