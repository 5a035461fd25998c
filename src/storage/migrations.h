// Bringing a database's tables to the version this program knows.
#pragma once

#include <span>
#include <string_view>

#include "async/task.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::storage {

// One step forward. `sqlite` and `postgres` may hold several statements, separated by ';' (at a
// line's end, for the reader's sake); where both databases take the same text, `postgres` is
// empty. A ';' within quotes, comments, parentheses, a $tag$ body or the BEGIN … END of a
// CREATE TRIGGER does not separate.
struct Migration {
  int version;  // 1, 2, … without gaps within its component
  std::string_view name;
  std::string_view sqlite;  // for both, unless `postgres` is given; it gets no WITHOUT ROWID
  std::string_view postgres = {};
};

// Runs, in order, what the table baton_migrations(component, version, name, applied_at) does
// not list yet, each in a transaction of its own; two processes that start together do not
// run one twice. kFailedPrecondition if the database is newer than this program:
// "component 'runs' is at version 7, this program knows 5: start a newer baton".
async::Task<Status> Migrate(Database& database, std::string_view component,
                            std::span<const Migration> migrations);

}  // namespace baton::storage
