// The tables of jobs, and their rows.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/status.h"
#include "storage/database.h"
#include "storage/migrations.h"
#include "workspace/jobs/job.h"

namespace baton::workspace::jobs::internal {

std::span<const storage::Migration> JobMigrations();

// What ReadJob() reads, in its order; further columns may follow.
inline constexpr const char* kJobColumns =
    "job_id, user_id, state, request, progress, error, created_at, started_at, ended_at";
inline constexpr std::size_t kJobColumnCount = 9;

// kDataLoss for a row that this program did not write.
Result<Job> ReadJob(const storage::Rows& rows, std::size_t row);

std::string EncodeRequest(const JobRequest& request);
std::string EncodeProgress(const JobProgress& progress);

}  // namespace baton::workspace::jobs::internal
