// One execution of a job.
#pragma once

#include "async/task.h"
#include "base/status.h"
#include "workspace/jobs/job_work.h"

namespace baton::workspace::jobs {

// Carries out a job that was claimed, keeps its lease meanwhile, and stores what became of it: it
// has ended, or, when this is cancelled (a shutdown) or it failed in a way that may pass, it is
// queued again behind its last step. kAborted if another process has it, which then decides.
async::Task<Status> CarryOut(JobStore& store, JobWork& work, ClaimedJob claimed,
                             OnJobProgress on_progress = {});

}  // namespace baton::workspace::jobs
