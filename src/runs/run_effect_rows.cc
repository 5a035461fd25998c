// RunStore's part with the journal of effects.
#include <utility>

#include "runs/run_store.h"

namespace baton::runs {
namespace {

using storage::Durability;
using storage::Statement;

// Locks the run's row, so that on every database a claim and a write of the activation before
// it come one after the other.
Statement GuardOnly(const RunFence& fence, std::string now) {
  return {.sql =
              "UPDATE runs SET updated_at = $3 "
              "WHERE run_id = $1 AND attempt = $2 AND state = 'running'",
          .params = {fence.run_id, fence.attempt, std::move(now)},
          .min_rows = 1};
}

}  // namespace

async::Task<Result<std::map<std::string, tools::EffectRecord>>> RunStore::LoadEffects(
    std::string run_id) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT call_key, tries, outcome FROM run_effects WHERE run_id = $1",
       .params = {run_id}});
  if (!rows) co_return Fail(rows.error());
  std::map<std::string, tools::EffectRecord> records;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    tools::EffectRecord record{.tries = static_cast<int>(rows->Int(row, 1))};
    if (const std::string_view outcome = rows->Text(row, 2); !outcome.empty()) {
      Status decoded = tools::DecodeOutcome(outcome, record.outcome);
      if (!decoded.ok()) co_return Fail(std::move(decoded).Annotate("run " + run_id));
    }
    records.emplace(rows->Text(row, 0), std::move(record));
  }
  co_return records;
}

async::Task<Status> RunStore::BeginEffect(const RunFence& fence, std::string key,
                                          std::string tool) {
  Batch batch;
  batch.push_back(GuardOnly(fence, Now()));
  batch.push_back({.sql = "INSERT INTO run_effects (run_id, call_key, tool, tries, outcome, "
                          "begun_at) VALUES ($1, $2, $3, 1, '', $4) "
                          "ON CONFLICT (run_id, call_key) DO UPDATE SET "
                          "tries = run_effects.tries + 1, outcome = '', "
                          "begun_at = excluded.begun_at",
                   .params = {fence.run_id, std::move(key), std::move(tool), Now()}});
  // Before the call, and with it the checkpoints that lead to it: they were written earlier.
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Status> RunStore::EndEffect(const RunFence& fence, std::string key,
                                        std::string outcome) {
  Batch batch;
  batch.push_back(GuardOnly(fence, Now()));
  batch.push_back({.sql = "UPDATE run_effects SET outcome = $3 "
                          "WHERE run_id = $1 AND call_key = $2",
                   .params = {fence.run_id, std::move(key), std::move(outcome)},
                   .min_rows = 1});
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

}  // namespace baton::runs
