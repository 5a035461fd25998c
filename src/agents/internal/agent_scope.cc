#include "agents/internal/agent_scope.h"

#include <utility>

#include "agents/turn_scope.h"
#include "base/check.h"

namespace baton::agents {
namespace {

// Passes on what happens, and not what is said.
class AsideListener final : public TurnListener {
 public:
  explicit AsideListener(std::unique_ptr<TurnListener> told) : told_(std::move(told)) {}

  async::Task<Status> OnStatus(std::string message) override {
    return told_->OnStatus(std::move(message));
  }
  async::Task<Status> OnContent(std::string_view, int, std::string_view) override {
    co_return Status();
  }
  async::Task<Status> OnToolCall(ToolEvent event) override {
    return told_->OnToolCall(std::move(event));
  }
  std::unique_ptr<TurnListener> Of(std::string agent) override {
    return std::make_unique<AsideListener>(told_->Of(std::move(agent)));
  }

 private:
  const std::unique_ptr<TurnListener> told_;
};

class AgentScope final : public TurnScope {
 public:
  AgentScope(const TurnScope& outer, std::string agent, Voice voice)
      : TurnScope(outer), own_listener_(outer.listener->Of(std::move(agent))) {
    if (voice == Voice::kAside) {
      own_listener_ = std::make_unique<AsideListener>(std::move(own_listener_));
    }
    listener = own_listener_.get();
  }

 private:
  std::unique_ptr<TurnListener> own_listener_;
};

}  // namespace

std::function<std::unique_ptr<graph::RunScope>(graph::RunScope*)> ScopeOfAgent(std::string agent,
                                                                               Voice voice) {
  return [agent = std::move(agent), voice](graph::RunScope* outer) {
    const auto* turn = dynamic_cast<const TurnScope*>(outer);
    BATON_CHECK(turn != nullptr, "an agent's graph runs with a TurnScope");
    return std::make_unique<AgentScope>(*turn, agent, voice);
  };
}

}  // namespace baton::agents
