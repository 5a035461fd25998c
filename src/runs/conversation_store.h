// The conversations of a user: what there is, found again, kept in order, branched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "runs/run_record.h"
#include "storage/database.h"

namespace baton::runs {

struct Conversation {
  std::string conversation_id;
  std::string title;
  std::string titled_by;  // "words" "model" "user"
  bool pinned = false;
  bool archived = false;
  // Of a branch: where it comes from. Both stay when the parent is deleted.
  std::string parent_conversation_id;
  std::string parent_message_id;  // the last message that both have
  std::string created;            // ISO 8601
  std::string updated;            // of the newest message of the user's
};

struct ConversationList {
  bool archived = false;  // those, instead of the others
  int limit = 0;          // 0: kDefaultConversationPage
  std::string after;      // the page's `next`; empty: the first one
};

// Pinned ones first, then what was written in last.
struct ConversationPage {
  std::vector<Conversation> conversations;
  std::string next;  // empty: there are no more
};

struct ConversationChange {
  std::optional<std::string> title;
  std::optional<bool> pinned;
  std::optional<bool> archived;
};

// A message with its place, from 1, in its conversation.
struct PlacedMessage {
  std::int64_t position = 0;
  ConversationMessage message;
};

struct MessageMatch {
  std::string conversation_id;
  std::string title;  // of the conversation
  std::string message_id;
  std::string role;
  std::string created;
  std::string excerpt;  // around the words
};

// What the admission of a turn says of its conversation: there it is, from now on, with the first
// words of `query` as its title, or it has been written in once more.
storage::Statement TouchConversation(const RunRecord& run, std::string_view query,
                                     const std::string& now);

// The first words of a message, as a title: one line, at most 60 bytes and a "…".
std::string TitleFromWords(std::string_view message);

// Rows are written by RunStore's admissions; this reads and arranges them. Its tables are brought
// up by RunStore::Migrate().
//
// Lifetime: what it is given outlives it.
// Threads:  safe; calls resume on the executor of their caller.
// Errors:   kNotFound for a conversation or message that is not there or is another user's, the
//           two alike; kInvalidArgument for values that cannot be; those of storage::Database.
class ConversationStore {
 public:
  ConversationStore(storage::Database& database, graph::CheckpointStore& checkpoints,
                    const Clock& clock, IdGenerator& ids)
      : database_(database), checkpoints_(checkpoints), clock_(clock), ids_(ids) {}

  async::Task<Result<ConversationPage>> List(std::string user_id, ConversationList list);
  async::Task<Result<Conversation>> Get(std::string user_id, std::string conversation_id);

  // The messages after a position, oldest first; at most kMaxMessagePage of them.
  async::Task<Result<std::vector<PlacedMessage>>> ReadMessages(std::string user_id,
                                                               std::string conversation_id,
                                                               std::int64_t after);

  // Messages with all words of `query`, the best first. Nothing in it is an operator.
  async::Task<Result<std::vector<MessageMatch>>> Search(std::string user_id, std::string query,
                                                        int limit);

  // What agents have answered since then, in one conversation or, without a name, in all of the
  // user's: the newest first, at most kMaxRecentAnswers, without those above
  // kMaxRecentAnswerBytes (conversation_answers.cc).
  async::Task<Result<std::vector<ConversationMessage>>> RecentAnswers(std::string user_id,
                                                                      std::string conversation_id,
                                                                      Timestamp since);

  // Yields the conversation as it is then. A title given here stays.
  async::Task<Result<Conversation>> Change(std::string user_id, std::string conversation_id,
                                           ConversationChange change);

  // With its messages, runs and stream logs. kFailedPrecondition while a run is under way.
  async::Task<Status> Delete(std::string user_id, std::string conversation_id);

  // A new conversation with copies of the messages up to `message_id` (empty: all). `new_id`
  // empty: a new name. kAlreadyExists if the name is taken.
  async::Task<Result<Conversation>> Branch(std::string user_id, std::string conversation_id,
                                           std::string message_id, std::string new_id);

 private:
  async::Task<Status> ExplainRefusedDelete(std::string user_id, std::string conversation_id);

  storage::Database& database_;
  graph::CheckpointStore& checkpoints_;
  const Clock& clock_;
  IdGenerator& ids_;
};

}  // namespace baton::runs
