#include "runs/thread_effects.h"

#include <array>
#include <utility>
#include <vector>

#include "storage/migrations.h"

namespace baton::runs {
namespace {

using storage::Durability;
using storage::Statement;

// As run_effects, by the graph's thread.
constexpr std::array<storage::Migration, 1> kThreadEffectsMigrations{{
    {.version = 1, .name = "journal of effects", .sqlite = R"sql(
CREATE TABLE thread_effects (
  thread TEXT NOT NULL,
  call_key TEXT NOT NULL,
  tool TEXT NOT NULL,
  tries BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  begun_at TEXT NOT NULL,
  PRIMARY KEY (thread, call_key)
) WITHOUT ROWID;
)sql"},
}};

async::Task<Status> WriteOne(storage::Database& database, Statement statement,
                             Durability durability) {
  std::vector<Statement> batch;
  batch.push_back(std::move(statement));
  const auto written = co_await database.Write(std::move(batch), durability);
  co_return written ? Status() : written.error();
}

}  // namespace

async::Task<Result<std::unique_ptr<ThreadEffects>>> ThreadEffects::Open(storage::Database& database,
                                                                        const Clock& clock,
                                                                        std::string thread) {
  BATON_CO_TRY(co_await storage::Migrate(database, "thread_effects", kThreadEffectsMigrations));
  const auto rows = co_await database.Read(
      {.sql = "SELECT 1 FROM thread_effects WHERE thread = $1 LIMIT 1", .params = {thread}});
  if (!rows) co_return Fail(rows.error());
  co_return std::unique_ptr<ThreadEffects>(
      new ThreadEffects(database, clock, std::move(thread), !rows->rows.empty()));
}

async::Task<Result<tools::EffectRecord>> ThreadEffects::Find(std::string key) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT tries, outcome FROM thread_effects WHERE thread = $1 AND call_key = $2",
       .params = {thread_, key}});
  if (!rows) co_return Fail(rows.error());
  tools::EffectRecord record;
  if (rows->rows.empty()) co_return record;
  record.tries = static_cast<int>(rows->Int(0, 0));
  tries_[key] = record.tries;
  if (const std::string_view outcome = rows->Text(0, 1); !outcome.empty()) {
    BATON_CO_TRY(tools::DecodeOutcome(outcome, record.outcome));
  }
  co_return record;
}

async::Task<Status> ThreadEffects::Begin(std::string key, std::string tool) {
  const std::int64_t found = tries_[key];
  const std::string now = FormatTimestamp(clock_.Now());
  Statement statement =
      found == 0 ? Statement{.sql =
                                 "INSERT INTO thread_effects (thread, call_key, tool, tries, "
                                 "outcome, begun_at) VALUES ($1, $2, $3, 1, '', $4) "
                                 "ON CONFLICT (thread, call_key) DO NOTHING",
                             .params = {thread_, key, std::move(tool), now},
                             .min_rows = 1}
                 : Statement{.sql =
                                 "UPDATE thread_effects SET tries = tries + 1, outcome = '', "
                                 "begun_at = $4 "
                                 "WHERE thread = $1 AND call_key = $2 AND tries = $3",
                             .params = {thread_, key, found, now},
                             .min_rows = 1};
  has_records_ = true;  // also where nobody knows whether it was written
  Status written = co_await WriteOne(database_, std::move(statement), Durability::kFlushed);
  if (written.code() == Code::kAborted) {
    co_return Fail(Code::kAborted, "another run of thread '{}' makes this call", thread_);
  }
  if (written.ok()) tries_[key] = found + 1;
  co_return written;
}

async::Task<Status> ThreadEffects::End(std::string key, Result<tools::ToolResult> outcome) {
  co_return co_await WriteOne(database_,
                              {.sql = "UPDATE thread_effects SET outcome = $4 "
                                      "WHERE thread = $1 AND call_key = $2 AND tries = $3",
                               .params = {thread_, key, tries_[key], tools::EncodeOutcome(outcome)},
                               .min_rows = 1},
                              Durability::kBuffered);
}

async::Task<Status> ThreadEffects::Forget() {
  if (!has_records_) co_return Status();
  tries_.clear();
  co_return co_await WriteOne(
      database_, {.sql = "DELETE FROM thread_effects WHERE thread = $1", .params = {thread_}},
      Durability::kBuffered);
}

}  // namespace baton::runs
