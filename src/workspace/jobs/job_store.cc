#include "workspace/jobs/job_store.h"

#include <utility>

#include <fmt/format.h>

#include "storage/migrations.h"
#include "workspace/jobs/internal/job_tables.h"

namespace baton::workspace::jobs {
namespace {

using internal::kJobColumns;
using storage::Durability;
using storage::Statement;

// Looked at for one claim: others may be quicker with the first.
constexpr int kCandidates = 10;

std::unexpected<Status> NoSuchJob(const std::string& job_id) {
  return Fail(Code::kNotFound, "job '{}': no such job", job_id);
}

std::vector<Statement> Batch(Statement statement) {
  std::vector<Statement> batch;
  batch.push_back(std::move(statement));
  return batch;
}

Statement ForgetPages(const std::string& job_id) {
  return {"DELETE FROM job_pages WHERE job_id = $1", {job_id}};
}

}  // namespace

async::Task<Status> JobStore::Migrate() {
  return storage::Migrate(database_, "jobs", internal::JobMigrations());
}

async::Task<Status> JobStore::Add(Job job, std::string host, std::string owner) {
  const std::string now = Now();
  const bool claimed = !owner.empty();
  std::vector<storage::SqlValue> params = {
      job.id,
      job.user_id,
      std::string(JobKindName(job.request.kind)),
      std::string(JobStateName(claimed ? JobState::kRunning : JobState::kQueued)),
      internal::EncodeRequest(job.request),
      internal::EncodeProgress(job.progress),
      std::move(host),
      std::move(owner),
      std::int64_t{claimed ? 1 : 0},
      claimed ? LeaseEnd() : std::string(),
      now,
      claimed ? now : std::string(),
      kMaxOpenJobs};
  const auto added = co_await database_.Write(
      Batch({"INSERT INTO jobs (job_id, user_id, kind, state, request, progress, cursor, host,"
             " owner, token, lease_until, crashes, due_at, cancelling, error, created_at,"
             " started_at, ended_at)"
             " SELECT $1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10, 0, $11, 0, '', $11, $12, ''"
             " WHERE (SELECT count(*) FROM jobs WHERE user_id = $2"
             " AND state IN ('queued', 'running')) < $13",
             std::move(params), 1}),
      Durability::kFlushed);
  if (added) co_return Status();
  if (added.error().code() != Code::kAborted) co_return added.error();
  co_return Fail(Code::kResourceExhausted,
                 "{} jobs of yours are queued or running: wait for some of them, or cancel them",
                 kMaxOpenJobs);
}

async::Task<Result<Job>> JobStore::Find(std::string user_id, std::string job_id) {
  const auto rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM jobs WHERE user_id = $1 AND job_id = $2", kJobColumns),
       {user_id, job_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return NoSuchJob(job_id);
  co_return internal::ReadJob(*rows, 0);
}

async::Task<Result<std::vector<Job>>> JobStore::List(std::string user_id,
                                                     std::optional<JobState> state,
                                                     std::int64_t limit) {
  const auto rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM jobs WHERE user_id = $1 AND ($2 = '' OR state = $2)"
                   " ORDER BY job_id DESC LIMIT $3",
                   kJobColumns),
       {user_id, state ? std::string(JobStateName(*state)) : std::string(), limit}});
  if (!rows) co_return Fail(rows.error());
  std::vector<Job> jobs;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    auto job = internal::ReadJob(*rows, row);
    if (!job) co_return Fail(std::move(job).error());
    jobs.push_back(*std::move(job));
  }
  co_return jobs;
}

async::Task<Result<std::optional<ClaimedJob>>> JobStore::ClaimNext(std::string owner,
                                                                   std::string host) {
  const auto candidates = co_await database_.Read(
      // The states as the index of open jobs has them: those that ended stay for weeks.
      {"SELECT j.job_id, j.token FROM jobs AS j"
       " WHERE j.state IN ('queued', 'running') AND (j.state = 'queued' AND j.due_at <= $1"
       " OR j.state = 'running' AND j.lease_until < $1) AND j.host IN ('', $2)"
       " AND NOT EXISTS (SELECT 1 FROM jobs AS o WHERE o.user_id = j.user_id AND o.kind = j.kind"
       " AND o.state = 'running' AND o.lease_until >= $1 AND o.job_id <> j.job_id)"
       " ORDER BY j.job_id LIMIT $3",
       {Now(), std::move(host), std::int64_t{kCandidates}}});
  if (!candidates) co_return Fail(candidates.error());
  for (std::size_t row = 0; row < candidates->rows.size(); ++row) {
    auto claimed =
        co_await TryClaim(std::string(candidates->Text(row, 0)), candidates->Int(row, 1), owner);
    if (!claimed || *claimed) co_return claimed;
  }
  co_return std::nullopt;
}

async::Task<Result<ClaimedJob>> JobStore::Claim(std::string user_id, std::string job_id,
                                                std::string owner) {
  const auto rows = co_await database_.Read(
      {"SELECT state, token, lease_until FROM jobs WHERE user_id = $1 AND job_id = $2",
       {user_id, job_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return NoSuchJob(job_id);
  const auto state = ParseJobState(rows->Text(0, 0));
  if (!state || HasEnded(*state)) {
    co_return Fail(Code::kFailedPrecondition, "job '{}' is {}", job_id, rows->Text(0, 0));
  }
  const bool free = *state == JobState::kQueued || rows->Text(0, 2) < Now();
  std::optional<ClaimedJob> claimed;
  if (free) {
    auto tried = co_await TryClaim(job_id, rows->Int(0, 1), std::move(owner));
    if (!tried) co_return Fail(std::move(tried).error());
    claimed = *std::move(tried);
  }
  if (!claimed) co_return Fail(Code::kAborted, "job '{}': another process has it", job_id);
  co_return *std::move(claimed);
}

// Nothing if another process was quicker.
async::Task<Result<std::optional<ClaimedJob>>> JobStore::TryClaim(std::string job_id,
                                                                  std::int64_t token,
                                                                  std::string owner) {
  const auto rows = co_await database_.Write(
      Batch({fmt::format(
                 "UPDATE jobs SET state = 'running', owner = $3, token = token + 1,"
                 " lease_until = $4,"
                 " crashes = crashes + CASE WHEN state = 'running' THEN 1 ELSE 0 END,"
                 " started_at = CASE WHEN started_at = '' THEN $5 ELSE started_at END, error = ''"
                 " WHERE job_id = $1 AND token = $2 AND state IN ('queued', 'running')"
                 " RETURNING {}, cursor, token, crashes, cancelling",
                 kJobColumns),
             {std::move(job_id), token, std::move(owner), LeaseEnd(), Now()},
             1}),
      Durability::kFlushed);
  if (!rows && rows.error().code() == Code::kAborted) co_return std::nullopt;
  if (!rows) co_return Fail(rows.error());
  const storage::Rows& row = rows->front();
  auto job = internal::ReadJob(row, 0);
  if (!job) co_return Fail(std::move(job).error());
  const std::size_t next = internal::kJobColumnCount;
  co_return ClaimedJob{.job = *std::move(job),
                       .cursor = std::string(row.Text(0, next)),
                       .token = row.Int(0, next + 1),
                       .crashes = row.Int(0, next + 2),
                       .cancelling = row.Int(0, next + 3) != 0};
}

async::Task<Result<bool>> JobStore::Renew(const ClaimedJob& claimed) {
  const auto rows = co_await database_.Write(
      Batch({"UPDATE jobs SET lease_until = $3 WHERE job_id = $1 AND token = $2"
             " AND state = 'running' RETURNING cancelling",
             {claimed.job.id, claimed.token, LeaseEnd()},
             1}),
      Durability::kBuffered);
  if (!rows) co_return Fail(rows.error());
  co_return rows->front().Int(0, 0) != 0;
}

storage::Statement JobStore::StepOf(const ClaimedJob& claimed, const std::string& cursor,
                                    const JobProgress& progress) const {
  return {
      "UPDATE jobs SET cursor = $3, progress = $4, lease_until = $5, crashes = 0"
      " WHERE job_id = $1 AND token = $2 AND state = 'running'",
      {claimed.job.id, claimed.token, cursor, internal::EncodeProgress(progress), LeaseEnd()},
      1};
}

async::Task<Status> JobStore::End(const ClaimedJob& claimed, JobState state, std::string error) {
  std::vector<Statement> batch = Batch(
      {"UPDATE jobs SET state = $3, error = $4, ended_at = $5, owner = '',"
       " token = token + 1 WHERE job_id = $1 AND token = $2 AND state = 'running'",
       {claimed.job.id, claimed.token, std::string(JobStateName(state)), std::move(error), Now()},
       1});
  batch.push_back(ForgetPages(claimed.job.id));
  BATON_CO_TRY(co_await database_.Write(std::move(batch), Durability::kFlushed));
  co_return Status();
}

async::Task<Status> JobStore::Release(const ClaimedJob& claimed, std::string error, bool failed,
                                      std::chrono::seconds delay) {
  // The row's own count: a step since the claim has set it back.
  constexpr std::string_view kIsLast = "$4 = 1 AND crashes + 1 >= $7";
  std::vector<Statement> batch = Batch(
      {fmt::format("UPDATE jobs SET state = CASE WHEN {0} THEN 'failed' ELSE 'queued' END,"
                   " ended_at = CASE WHEN {0} THEN $6 ELSE '' END,"
                   " error = $3, crashes = crashes + $4, due_at = $5, owner = '',"
                   " token = token + 1 WHERE job_id = $1 AND token = $2 AND state = 'running'",
                   kIsLast),
       {claimed.job.id, claimed.token, std::move(error), std::int64_t{failed ? 1 : 0},
        FormatTimestamp(clock_.Now() + delay), Now(), kMaxJobCrashes},
       1});
  batch.push_back(
      {"DELETE FROM job_pages WHERE job_id = $1 AND EXISTS"
       " (SELECT 1 FROM jobs WHERE job_id = $1 AND state = 'failed')",
       {claimed.job.id}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), Durability::kFlushed));
  co_return Status();
}

async::Task<Result<Job>> JobStore::Cancel(std::string user_id, std::string job_id) {
  // One statement: between two, another process might claim what the first has found queued.
  std::vector<Statement> batch =
      Batch({"UPDATE jobs SET cancelling = 1,"
             " ended_at = CASE WHEN state = 'queued' THEN $3 ELSE ended_at END,"
             " token = CASE WHEN state = 'queued' THEN token + 1 ELSE token END,"
             " state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END"
             " WHERE user_id = $1 AND job_id = $2 AND state IN ('queued', 'running')",
             {user_id, job_id, Now()}});
  batch.push_back(
      {"DELETE FROM job_pages WHERE job_id IN (SELECT job_id FROM jobs"
       " WHERE user_id = $1 AND job_id = $2 AND state = 'cancelled')",
       {user_id, job_id}});
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (!written) co_return Fail(written.error());
  co_return co_await Find(std::move(user_id), std::move(job_id));
}

async::Task<Status> JobStore::DeleteEnded(Timestamp before) {
  BATON_CO_TRY(co_await database_.Write(
      Batch({"DELETE FROM jobs WHERE ended_at <> '' AND ended_at < $1", {FormatTimestamp(before)}}),
      Durability::kBuffered));
  co_return Status();
}

}  // namespace baton::workspace::jobs
