#include "runs/conversation_store.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "base/utf8.h"
#include "runs/limits.h"
#include "runs/turn_check.h"

namespace baton::runs {
namespace {

using storage::Durability;
using storage::Rows;
using storage::Statement;

constexpr std::size_t kTitleBytesFromWords = 60;

constexpr std::string_view kConversationColumns =
    "conversation_id, title, titled_by, pinned, archived, parent_conversation_id, "
    "parent_message_id, created_at, updated_at";

Conversation ReadConversation(const Rows& rows, std::size_t row) {
  const auto text = [&](std::size_t column) { return std::string(rows.Text(row, column)); };
  return {.conversation_id = text(0),
          .title = text(1),
          .titled_by = text(2),
          .pinned = rows.Int(row, 3) != 0,
          .archived = rows.Int(row, 4) != 0,
          .parent_conversation_id = text(5),
          .parent_message_id = text(6),
          .created = text(7),
          .updated = text(8)};
}

Status NoSuchConversation(std::string_view conversation_id) {
  return Fail(Code::kNotFound, "there is no conversation '{}'", conversation_id);
}

// Where a page ends: "1|2026-01-01T00:00:00.000000Z|c_1", which is pinned, updated and the id.
struct PageEnd {
  std::int64_t pinned = 2;  // above every row
  std::string updated;
  std::string conversation_id;
};

Result<PageEnd> ParsePageEnd(std::string_view text) {
  if (text.empty()) return PageEnd{};
  const std::size_t second = text.find('|', 2);
  if (text.size() < 3 || (text[0] != '0' && text[0] != '1') || text[1] != '|' ||
      second == std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "page '{}' is none of a list of conversations", text);
  }
  return PageEnd{.pinned = text[0] - '0',
                 .updated = std::string(text.substr(2, second - 2)),
                 .conversation_id = std::string(text.substr(second + 1))};
}

std::string FormatPageEnd(const Conversation& last) {
  return fmt::format("{}|{}|{}", last.pinned ? 1 : 0, last.updated, last.conversation_id);
}

// The words of a query: what stands between blanks and has a letter or digit in it.
// A dash or an emoji alone is a word that SQLite finds nowhere and PostgreSQL leaves out.
bool HasLetter(std::string_view word) {
  const icu::UnicodeString text =
      icu::UnicodeString::fromUTF8({word.data(), static_cast<int>(word.size())});
  for (int i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    if (u_isalnum(text.char32At(i))) return true;
  }
  return false;
}

std::vector<std::string> WordsOf(std::string_view query) {
  std::vector<std::string> words;
  std::string word;
  bool tells = false;
  const auto finish = [&] {
    tells = tells || HasLetter(word);
    if (tells && words.size() < kMaxSearchWords) words.push_back(word);
    word.clear();
    tells = false;
  };
  for (const char c : query) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isspace(byte) != 0) {
      finish();
      continue;
    }
    if (c != '"') word += c;
    if (byte < 0x80) tells = tells || std::isalnum(byte) != 0;
  }
  finish();
  return words;
}

std::string Hex(std::string_view text) {
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return hex;
}

Statement SearchSqlite(const std::string& user_id, const std::vector<std::string>& words,
                       std::int64_t limit) {
  std::string match = fmt::format("owner : \"{}\" AND content : (", Hex(user_id));
  for (std::size_t i = 0; i < words.size(); ++i) {
    match += fmt::format("{}\"{}\"", i == 0 ? "" : " AND ", words[i]);
  }
  match += ')';
  return {.sql =
              "SELECT c.conversation_id, c.title, m.message_id, m.role, m.created_at, "
              "snippet(message_fts, 2, '', '', '…', 24) FROM message_fts "
              "JOIN messages m ON m.message_id = message_fts.message_id "
              "JOIN conversations c ON c.thread_id = m.thread_id "
              "WHERE message_fts MATCH $1 AND c.user_id = $2 "
              "ORDER BY message_fts.rank, m.message_id DESC LIMIT $3",
          .params = {match, user_id, limit}};
}

Statement SearchPostgres(const std::string& user_id, const std::vector<std::string>& words,
                         std::int64_t limit) {
  std::string query;
  for (const std::string& word : words) query += word + " ";
  return {.sql =
              "SELECT c.conversation_id, c.title, m.message_id, m.role, m.created_at, "
              "ts_headline('simple', left(m.content, 100000), q.words, "
              "'StartSel=\"\", StopSel=\"\", MinWords=8, MaxWords=24') FROM "
              "plainto_tsquery('simple', $1) AS q(words), messages m "
              "JOIN conversations c ON c.thread_id = m.thread_id "
              "WHERE to_tsvector('simple', left(m.content, 100000)) @@ q.words "
              "AND c.user_id = $2 "
              "ORDER BY ts_rank(to_tsvector('simple', left(m.content, 100000)), q.words) DESC, "
              "m.message_id DESC LIMIT $3",
          .params = {query, user_id, limit}};
}

Result<std::string> CheckTitle(std::string title) {
  if (title.empty() || title.size() > kMaxTitleBytes) {
    return Fail(Code::kInvalidArgument, "title: {} bytes, 1 to {} are possible", title.size(),
                kMaxTitleBytes);
  }
  const bool has_control = std::ranges::any_of(
      title, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (has_control || FindInvalidUtf8(title) != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "title: one line of UTF-8 text is possible");
  }
  return title;
}

// What belongs to a thread, messages first: their index goes with them.
std::vector<Statement> DeleteThreadRows(const std::string& thread_id, Timestamp now) {
  std::vector<Statement> batch;
  batch.push_back({.sql = "DELETE FROM deleted_runs WHERE deleted_at < $1",
                   .params = {FormatTimestamp(now - kDeletedRunsKept)}});
  batch.push_back({.sql = "INSERT INTO deleted_runs (run_id, deleted_at) "
                          "SELECT run_id, $2 FROM runs WHERE thread_id = $1",
                   .params = {thread_id, FormatTimestamp(now)}});
  for (const std::string_view table : {"run_log", "run_requests", "run_effects"}) {
    batch.push_back({.sql = fmt::format("DELETE FROM {} WHERE run_id IN "
                                        "(SELECT run_id FROM runs WHERE thread_id = $1)",
                                        table),
                     .params = {thread_id}});
  }
  for (const std::string_view table : {"messages", "conversation_locks", "runs", "conversations"}) {
    batch.push_back(
        {.sql = fmt::format("DELETE FROM {} WHERE thread_id = $1", table), .params = {thread_id}});
  }
  return batch;
}

}  // namespace

std::string TitleFromWords(std::string_view message) {
  std::string line;
  for (const char c : message) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
    if (line.size() > 2 * kTitleBytesFromWords) break;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() <= kTitleBytesFromWords) return line;
  // A character that the loop above has cut in two lies behind this.
  std::string title = line.substr(0, kTitleBytesFromWords);
  while (!title.empty() && FindInvalidUtf8(title) != std::string_view::npos) title.pop_back();
  if (const std::size_t blank = title.rfind(' '); blank > kTitleBytesFromWords / 2) {
    if (blank != std::string::npos) title.resize(blank);
  }
  return title + "…";
}

Statement TouchConversation(const RunRecord& run, std::string_view query, const std::string& now) {
  return {.sql =
              "INSERT INTO conversations (thread_id, user_id, conversation_id, title, "
              "titled_by, pinned, archived, parent_conversation_id, parent_message_id, "
              "created_at, updated_at) VALUES ($1, $2, $3, $4, 'words', 0, 0, '', '', $5, $5) "
              "ON CONFLICT (thread_id) DO UPDATE SET updated_at = excluded.updated_at",
          .params = {run.thread_id, run.user_id, run.conversation_id, TitleFromWords(query), now}};
}

async::Task<Result<ConversationPage>> ConversationStore::List(std::string user_id,
                                                              ConversationList list) {
  if (list.limit < 0 || list.limit > kMaxConversationPage) {
    co_return Fail(Code::kInvalidArgument, "limit is {}: 0 (for {}) to {} are possible", list.limit,
                   kDefaultConversationPage, kMaxConversationPage);
  }
  const Result<PageEnd> end = ParsePageEnd(list.after);
  if (!end) co_return Fail(end.error());
  const auto limit =
      static_cast<std::size_t>(list.limit == 0 ? kDefaultConversationPage : list.limit);
  const auto rows = co_await database_.Read(
      {.sql = fmt::format("SELECT {} FROM conversations WHERE user_id = $1 AND archived = $2 AND "
                          "(pinned < $3 OR (pinned = $3 AND (updated_at < $4 OR "
                          "(updated_at = $4 AND conversation_id < $5)))) "
                          "ORDER BY pinned DESC, updated_at DESC, conversation_id DESC LIMIT $6",
                          kConversationColumns),
       .params = {std::move(user_id), std::int64_t{list.archived ? 1 : 0}, end->pinned,
                  end->updated, end->conversation_id, static_cast<std::int64_t>(limit + 1)}});
  if (!rows) co_return Fail(rows.error());
  ConversationPage page;
  for (std::size_t row = 0; row < std::min(rows->rows.size(), limit); ++row) {
    page.conversations.push_back(ReadConversation(*rows, row));
  }
  if (rows->rows.size() > limit) page.next = FormatPageEnd(page.conversations.back());
  co_return page;
}

async::Task<Result<Conversation>> ConversationStore::Get(std::string user_id,
                                                         std::string conversation_id) {
  const auto rows = co_await database_.Read(
      {.sql = fmt::format("SELECT {} FROM conversations WHERE thread_id = $1 AND user_id = $2",
                          kConversationColumns),
       .params = {ThreadId(user_id, conversation_id), user_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return Fail(NoSuchConversation(conversation_id));
  co_return ReadConversation(*rows, 0);
}

async::Task<Result<std::vector<PlacedMessage>>> ConversationStore::ReadMessages(
    std::string user_id, std::string conversation_id, std::int64_t after) {
  const Result<Conversation> there = co_await Get(user_id, conversation_id);
  if (!there) co_return Fail(there.error());
  const auto rows = co_await database_.Read(
      {.sql = "SELECT position, message_id, run_id, role, content, agent, sources, created_at FROM "
              "(SELECT messages.*, SUM(bytes) OVER (ORDER BY position) AS total FROM messages "
              "WHERE thread_id = $1 AND position > $2 ORDER BY position LIMIT $3) AS page "
              "WHERE total <= $4 OR position = (SELECT MIN(position) FROM messages "
              "WHERE thread_id = $1 AND position > $2) ORDER BY position",
       .params = {ThreadId(user_id, conversation_id), after, kMaxMessagePage,
                  kMaxMessagePageBytes}});
  if (!rows) co_return Fail(rows.error());
  std::vector<PlacedMessage> messages;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(rows->Text(row, column)); };
    messages.push_back(
        {.position = rows->Int(row, 0),
         .message = {text(1), text(2), text(3), text(4), text(5), text(6), text(7)}});
  }
  co_return messages;
}

async::Task<Result<std::vector<MessageMatch>>> ConversationStore::Search(std::string user_id,
                                                                         std::string query,
                                                                         int limit) {
  if (limit < 0 || limit > kMaxConversationPage) {
    co_return Fail(Code::kInvalidArgument, "limit is {}: 0 (for {}) to {} are possible", limit,
                   kDefaultConversationPage, kMaxConversationPage);
  }
  if (query.size() > kMaxFieldBytes || FindInvalidUtf8(query) != std::string_view::npos ||
      query.contains('\0')) {
    co_return Fail(Code::kInvalidArgument, "query: up to {} bytes of UTF-8 text are possible",
                   kMaxFieldBytes);
  }
  const std::vector<std::string> words = WordsOf(query);
  if (words.empty()) co_return Fail(Code::kInvalidArgument, "query has no word to search for");
  const std::int64_t rows_wanted = limit == 0 ? kDefaultConversationPage : limit;
  const auto rows = co_await database_.Read(database_.dialect() == storage::Dialect::kPostgres
                                                ? SearchPostgres(user_id, words, rows_wanted)
                                                : SearchSqlite(user_id, words, rows_wanted));
  if (!rows) co_return Fail(rows.error());
  std::vector<MessageMatch> matches;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(rows->Text(row, column)); };
    matches.push_back({text(0), text(1), text(2), text(3), text(4), text(5)});
  }
  co_return matches;
}

async::Task<Result<Conversation>> ConversationStore::Change(std::string user_id,
                                                            std::string conversation_id,
                                                            ConversationChange change) {
  Statement update{.sql = "UPDATE conversations SET user_id = user_id",
                   .params = {ThreadId(user_id, conversation_id), user_id}};
  const auto set = [&update](std::string_view assignment, storage::SqlValue value) {
    update.params.push_back(std::move(value));
    update.sql += fmt::format(", {} = ${}", assignment, update.params.size());
  };
  if (change.title) {
    Result<std::string> title = CheckTitle(*std::move(change.title));
    if (!title) co_return Fail(std::move(title).error());
    set("title", *std::move(title));
    set("titled_by", std::string("user"));
  }
  if (change.pinned) set("pinned", std::int64_t{*change.pinned ? 1 : 0});
  if (change.archived) set("archived", std::int64_t{*change.archived ? 1 : 0});
  update.sql += " WHERE thread_id = $1 AND user_id = $2";
  std::vector<Statement> batch;
  batch.push_back(std::move(update));
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (!written) co_return Fail(written.error());
  co_return co_await Get(std::move(user_id), std::move(conversation_id));
}

async::Task<Status> ConversationStore::Delete(std::string user_id, std::string conversation_id) {
  const std::string thread_id = ThreadId(user_id, conversation_id);
  const auto runs = co_await database_.Read(
      {.sql = "SELECT run_id FROM runs WHERE thread_id = $1", .params = {thread_id}});
  if (!runs) co_return runs.error();
  std::vector<Statement> batch;
  // First its row, which admissions touch first as well: one of the two comes before the other.
  batch.push_back({.sql = "UPDATE conversations SET archived = archived "
                          "WHERE thread_id = $1 AND user_id = $2",
                   .params = {thread_id, user_id},
                   .min_rows = 1});
  batch.push_back({.sql = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM runs WHERE thread_id = $1 "
                          "AND state IN ('running', 'queued'))",
                   .params = {thread_id},
                   .min_rows = 1});
  std::ranges::move(DeleteThreadRows(thread_id, clock_.Now()), std::back_inserter(batch));
  // What was allowed in this conversation is not for another of the same id. The audit stays.
  for (const std::string_view table : {"permission_questions", "permission_grants"}) {
    batch.push_back({.sql = fmt::format("DELETE FROM {} WHERE user_id = $1 AND "
                                        "conversation_id = $2",
                                        table),
                     .params = {user_id, conversation_id}});
  }
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (!written && written.error().code() == Code::kAborted) {
    co_return co_await ExplainRefusedDelete(std::move(user_id), std::move(conversation_id));
  }
  if (!written) co_return written.error();
  for (std::size_t row = 0; row < runs->rows.size(); ++row) {
    const RunRecord run{.run_id = std::string(runs->Text(row, 0)), .thread_id = thread_id};
    BATON_CO_TRY(co_await checkpoints_.DeleteThread(run.graph_thread()));
  }
  co_return Status();
}

async::Task<Status> ConversationStore::ExplainRefusedDelete(std::string user_id,
                                                            std::string conversation_id) {
  const Result<Conversation> there = co_await Get(std::move(user_id), conversation_id);
  if (!there) co_return there.error();
  co_return Fail(Code::kFailedPrecondition,
                 "conversation '{}' has a run under way: cancel it, or wait for its end, and "
                 "delete then",
                 conversation_id);
}

async::Task<Result<Conversation>> ConversationStore::Branch(std::string user_id,
                                                            std::string conversation_id,
                                                            std::string message_id,
                                                            std::string new_id) {
  if (new_id.empty()) new_id = ids_.New("c");
  BATON_CO_TRY(CheckConversationId(new_id));
  const Result<Conversation> parent = co_await Get(user_id, conversation_id);
  if (!parent) co_return Fail(parent.error());
  const std::string from = ThreadId(user_id, conversation_id);
  const auto last = co_await database_.Read(
      {.sql = "SELECT position, message_id FROM messages WHERE thread_id = $1 AND "
              "($2 = '' OR message_id = $2) ORDER BY position DESC LIMIT 1",
       .params = {from, message_id}});
  if (!last) co_return Fail(last.error());
  if (last->rows.empty()) {
    co_return Fail(Code::kNotFound, "conversation '{}' has no message '{}'", conversation_id,
                   message_id);
  }
  const std::string to = ThreadId(user_id, new_id);
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<Statement> batch;
  batch.push_back({.sql = "INSERT INTO conversations (thread_id, user_id, conversation_id, title, "
                          "titled_by, pinned, archived, parent_conversation_id, "
                          "parent_message_id, created_at, updated_at) "
                          "VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $8)",
                   .params = {to, user_id, new_id, parent->title, parent->titled_by,
                              conversation_id, std::string(last->Text(0, 1)), now}});
  // Names of their own, so that a message's name leads to one conversation.
  batch.push_back({.sql = "INSERT INTO messages (thread_id, position, message_id, run_id, role, "
                          "content, bytes, agent, sources, created_at) SELECT $2, position, "
                          "$3 || '.' || CAST(position AS TEXT), '', role, content, bytes, agent, "
                          "sources, created_at FROM messages WHERE thread_id = $1 AND "
                          "position <= $4",
                   .params = {from, to, ids_.New("msg"), last->Int(0, 0)},
                   .min_rows = 1});
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (!written && written.error().code() == Code::kAlreadyExists) {
    co_return Fail(Code::kAlreadyExists, "there is a conversation '{}' already", new_id);
  }
  if (!written) co_return Fail(written.error());
  co_return co_await Get(std::move(user_id), std::move(new_id));
}

}  // namespace baton::runs
