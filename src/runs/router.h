// Which agent answers a message.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/blocking_pool.h"
#include "async/task.h"
#include "base/status.h"
#include "runs/agent_source.h"
#include "runs/conversation_state.h"
#include "runs/orchestrator.h"
#include "runs/routing/knowledge.h"
#include "runs/routing/model_router.h"
#include "runs/routing/offline_router.h"

namespace baton::runs {

struct Routing {
  std::shared_ptr<const agents::Agent> agent;
  double confidence = 1;  // 0 to 1
  std::string reason;     // for the user: "asked for", "locked", "matches 'documents', 'notes'"
  std::string decided_by = "request";  // "request" "lock" "question" "model" "offline"
  std::vector<routing::Alternative> alternatives;
  // Whom the conversation is kept for from now on; empty: for nobody any more. Without a value
  // that stays as it is.
  std::optional<std::string> lock;
};

struct RouterOptions {
  routing::Knowledge knowledge;
  bool ask_model = true;  // where there is a real one; the offline router otherwise
  // The model has been asked for this long when the offline router decides instead.
  std::chrono::milliseconds model_patience{2000};
  routing::OnModelUsage on_usage = {};
};

// Chooses by, in this order:
//   1. the request's agent_type;
//   2. what the message asks about locks, the request's locked_agent, the conversation's lock;
//   3. a question of an agent that waits for an answer, unless the message is surely another's;
//   4. the message with its surroundings: what is open, the page, the conversation. A real model
//      behind the alias `fast` is asked; without one, or if it fails or is slow, the offline
//      router decides (routing/offline_router.h), which is learned from the agents' files anew
//      when they change.
//
// An agent that keeps the conversation locks it for itself when 4 chooses it.
//
// Lifetime: agents and models outlive it, and it every Route().
// Threads:  safe. Learning happens on a thread of its own.
class Router {
 public:
  Router(const AgentSource& agents, const llm::ModelCatalog& models, RouterOptions options = {});

  // Whether Route() looks at the conversation: not where the request names the agent.
  static bool NeedsConversation(const TurnRequest& request);

  // kInvalidArgument for a name that is not an agent's: "agent 'x' is not known; known: chat,
  // research". kFailedPrecondition if there is no agent at all. Both arguments outlive the call.
  async::Task<Result<Routing>> Route(const TurnRequest& request,
                                     const ConversationState& conversation);

  // Learns ahead of the first message.
  async::Task<void> Prepare();

 private:
  using AgentList = std::vector<std::shared_ptr<const agents::Agent>>;
  struct Learned {
    AgentList agents;
    std::shared_ptr<const routing::OfflineRouter> router;
  };

  Result<Routing> RouteByName(std::string_view name, std::string_view reason,
                              std::string_view decided_by) const;
  Result<std::optional<Routing>> RouteByLock(const TurnRequest& request,
                                             const ConversationState& conversation) const;
  async::Task<Result<Routing>> RouteByMessage(const TurnRequest& request,
                                              const ConversationState& conversation);
  async::Task<std::optional<routing::Decision>> AskModel(const AgentList& agents,
                                                         const routing::Situation& situation) const;
  async::Task<Learned> Current();
  bool IsCurrent(const AgentList& agents, Learned& out);

  const AgentSource& agents_;
  const RouterOptions options_;
  const routing::ModelRouter model_;
  async::BlockingPool learning_;
  std::mutex mutex_;
  Learned learned_;  // guarded by mutex_
};

}  // namespace baton::runs
