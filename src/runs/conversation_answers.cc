// ConversationStore: what has been answered lately.
#include <utility>

#include "runs/conversation_store.h"
#include "runs/limits.h"

namespace baton::runs {

async::Task<Result<std::vector<ConversationMessage>>> ConversationStore::RecentAnswers(
    std::string user_id, std::string conversation_id, Timestamp since) {
  if (!conversation_id.empty()) BATON_CO_TRY(co_await Get(user_id, conversation_id));
  const auto rows = co_await database_.Read(
      {.sql = "SELECT m.message_id, m.run_id, m.role, m.content, m.agent, m.sources, m.created_at "
              "FROM conversations c JOIN messages m ON m.thread_id = c.thread_id "
              "WHERE c.user_id = $1 AND ($2 = '' OR c.conversation_id = $2) "
              "AND m.role = 'assistant' AND m.created_at >= $3 AND m.bytes <= $4 "
              "ORDER BY m.created_at DESC, m.message_id DESC LIMIT $5",
       .params = {user_id, conversation_id, FormatTimestamp(since), kMaxRecentAnswerBytes,
                  kMaxRecentAnswers}});
  if (!rows) co_return Fail(rows.error());
  std::vector<ConversationMessage> answers;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(rows->Text(row, column)); };
    answers.push_back({text(0), text(1), text(2), text(3), text(4), text(5), text(6)});
  }
  co_return answers;
}

}  // namespace baton::runs
