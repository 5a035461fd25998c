// LocalOrchestrator's part with what a turn begins from.
#include <utility>

#include "runs/local_orchestrator.h"
#include "runs/turn_check.h"

namespace baton::runs {

async::Task<Result<Routing>> LocalOrchestrator::ChooseAgent(const TurnRequest& request,
                                                            const std::optional<Rewind>& rewind) {
  ConversationState conversation;
  if (Router::NeedsConversation(request)) {
    const std::string thread_id = ThreadId(request.user_id, request.conversation_id);
    auto stored = co_await (rewind ? store_.LoadConversation(thread_id, rewind->keep)
                                   : store_.LoadConversation(thread_id));
    if (!stored) co_return Fail(std::move(stored).error());
    conversation = *std::move(stored);
  }
  co_return co_await router_.Route(request, conversation);
}

// Where the turn goes on from an earlier message: from which, and with which question. What is
// under way belongs to what would leave the conversation: its user ends it first.
async::Task<Result<std::optional<Rewind>>> LocalOrchestrator::GoBack(TurnRequest& request) {
  if (!IsRewind(request)) co_return std::nullopt;
  Result<Rewind> rewind = co_await FindRewind(database_, services_.ids, request);
  if (!rewind) co_return Fail(std::move(rewind).error());
  if (request.regenerate) request.query = rewind->query;
  co_return *std::move(rewind);
}

}  // namespace baton::runs
