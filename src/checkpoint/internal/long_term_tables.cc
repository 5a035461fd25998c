#include "checkpoint/internal/long_term_tables.h"

#include <array>

namespace baton::checkpoint::internal {
namespace {

// The index holds no copy of the words, so the triggers tell it what it is to forget.
constexpr std::string_view kSqliteItems = R"sql(
CREATE TABLE long_term_items (
  id INTEGER PRIMARY KEY,
  ns TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  ttl_us INTEGER,
  expires_us INTEGER,
  scopes TEXT NOT NULL,
  words TEXT NOT NULL,
  word_count INTEGER NOT NULL,
  UNIQUE (ns, key)
);
CREATE INDEX long_term_items_expiry ON long_term_items (expires_us) WHERE expires_us IS NOT NULL;
CREATE TABLE long_term_vectors (
  item_id INTEGER NOT NULL,
  place INTEGER NOT NULL,
  model TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (item_id, place)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE long_term_fts USING fts5(
  scopes, words, content='long_term_items', content_rowid='id', tokenize='ascii',
  detail=column, columnsize=0);
CREATE TRIGGER long_term_items_added AFTER INSERT ON long_term_items BEGIN
  INSERT INTO long_term_fts (rowid, scopes, words) VALUES (new.id, new.scopes, new.words);
END;
CREATE TRIGGER long_term_items_changed AFTER UPDATE OF words ON long_term_items BEGIN
  INSERT INTO long_term_fts (long_term_fts, rowid, scopes, words)
    VALUES ('delete', old.id, old.scopes, old.words);
  INSERT INTO long_term_fts (rowid, scopes, words) VALUES (new.id, new.scopes, new.words);
END;
CREATE TRIGGER long_term_items_removed AFTER DELETE ON long_term_items BEGIN
  INSERT INTO long_term_fts (long_term_fts, rowid, scopes, words)
    VALUES ('delete', old.id, old.scopes, old.words);
  DELETE FROM long_term_vectors WHERE item_id = old.id;
END;
)sql";

// Words come as they are to be found: the server's parser would cut and drop some.
constexpr std::string_view kPostgresItems = R"sql(
CREATE TABLE long_term_items (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ns TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  value TEXT NOT NULL,
  created_us BIGINT NOT NULL,
  updated_us BIGINT NOT NULL,
  ttl_us BIGINT,
  expires_us BIGINT,
  scopes TEXT NOT NULL,
  words TEXT NOT NULL,
  word_count BIGINT NOT NULL,
  terms TSVECTOR NOT NULL GENERATED ALWAYS AS (
    array_to_tsvector(string_to_array(scopes, ' ') || string_to_array(words, ' '))) STORED,
  UNIQUE (ns, key)
);
CREATE INDEX long_term_items_expiry ON long_term_items (expires_us) WHERE expires_us IS NOT NULL;
CREATE INDEX long_term_items_terms ON long_term_items USING gin (terms);
CREATE TABLE long_term_vectors (
  item_id BIGINT NOT NULL REFERENCES long_term_items (id) ON DELETE CASCADE,
  place BIGINT NOT NULL,
  model TEXT NOT NULL,
  vector BYTEA NOT NULL,
  PRIMARY KEY (item_id, place)
);
)sql";

constexpr std::array kLongTermMigrations = {
    storage::Migration{1, "items, their words and vectors", kSqliteItems, kPostgresItems},
};

}  // namespace

std::span<const storage::Migration> LongTermMigrations() { return kLongTermMigrations; }

}  // namespace baton::checkpoint::internal
