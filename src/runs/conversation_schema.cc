#include "runs/conversation_schema.h"

#include <array>

namespace baton::runs {
namespace {

// conversations: a row from a conversation's first message on. `titled_by` is who gave the title:
// "words" (of the first message), "model" (conversation_titles.h) or "user". A branch names what it
// was branched from. Conversations from before this table are taken in from their runs.
//
// Full-text search differs: SQLite has an FTS5 table, fed by triggers, where `owner` is the user
// in hexadecimal, so that one user's search reads one user's entries; PostgreSQL an index over the
// text itself. Both take the first 100,000 characters: a tsvector holds no more than 1 MiB.
constexpr storage::Migration kConversations{.version = 1,
                                            .name = "conversations and their search",
                                            .sqlite = R"sql(
CREATE TABLE conversations (
  thread_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  title TEXT NOT NULL,
  titled_by TEXT NOT NULL,
  pinned BIGINT NOT NULL,
  archived BIGINT NOT NULL,
  parent_conversation_id TEXT NOT NULL,
  parent_message_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX conversations_of_user ON conversations (user_id, updated_at);
INSERT INTO conversations SELECT thread_id, MIN(user_id), MIN(conversation_id),
  COALESCE((SELECT substr(content, 1, 60) FROM messages WHERE messages.thread_id = runs.thread_id
    AND role = 'user' ORDER BY position LIMIT 1), ''),
  'words', 0, 0, '', '', MIN(created_at), MAX(created_at) FROM runs GROUP BY thread_id;
CREATE INDEX messages_by_id ON messages (message_id);
CREATE VIRTUAL TABLE message_fts USING fts5(owner, message_id, content,
  tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO message_fts (owner, message_id, content)
  SELECT hex(substr(thread_id, 1, instr(thread_id, ':') - 1)), message_id,
    substr(content, 1, 100000) FROM messages;
CREATE TRIGGER messages_indexed AFTER INSERT ON messages BEGIN
  INSERT INTO message_fts (owner, message_id, content) VALUES (
    hex(substr(NEW.thread_id, 1, instr(NEW.thread_id, ':') - 1)), NEW.message_id,
    substr(NEW.content, 1, 100000));
END;
CREATE TRIGGER messages_unindexed AFTER DELETE ON messages BEGIN
  DELETE FROM message_fts WHERE message_id = OLD.message_id AND rowid IN (
    SELECT rowid FROM message_fts WHERE message_fts MATCH
      'message_id : "' || OLD.message_id || '"');
END;
)sql",
                                            .postgres = R"sql(
CREATE TABLE conversations (
  thread_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  title TEXT NOT NULL,
  titled_by TEXT NOT NULL,
  pinned BIGINT NOT NULL,
  archived BIGINT NOT NULL,
  parent_conversation_id TEXT NOT NULL,
  parent_message_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE INDEX conversations_of_user ON conversations (user_id, updated_at);
INSERT INTO conversations SELECT thread_id, MIN(user_id), MIN(conversation_id),
  COALESCE((SELECT substr(content, 1, 60) FROM messages WHERE messages.thread_id = runs.thread_id
    AND role = 'user' ORDER BY position LIMIT 1), ''),
  'words', 0, 0, '', '', MIN(created_at), MAX(created_at) FROM runs GROUP BY thread_id;
CREATE INDEX messages_by_id ON messages (message_id);
CREATE INDEX messages_words ON messages USING GIN (to_tsvector('simple', left(content, 100000)));
)sql"};

// queued_runs: messages that were accepted while another run of their conversation was under way,
// as runs in state 'queued'. They begin in the order of `place`.
constexpr storage::Migration kQueue{.version = 2, .name = "queued runs", .sqlite = R"sql(
CREATE TABLE queued_runs (
  thread_id TEXT NOT NULL,
  place BIGINT NOT NULL,
  run_id TEXT NOT NULL,
  PRIMARY KEY (thread_id, place)
) WITHOUT ROWID;
)sql"};

constexpr std::array kMigrations = {kConversations, kQueue};

}  // namespace

std::span<const storage::Migration> ConversationMigrations() { return kMigrations; }

}  // namespace baton::runs
