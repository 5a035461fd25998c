// Files and folders into the database that the settings mean.
#pragma once

#include "base/status.h"
#include "main/command_line.h"
#include "main/settings.h"
#include "workspace/jobs/job.h"

namespace baton::app {

// For the user of the settings, with a progress bar where standard error is a terminal. The job has
// ended: after Ctrl-C as cancelled, and what was imported by then stays.
Result<workspace::jobs::Job> ImportPaths(const Settings& settings, const ImportCommand& command);

}  // namespace baton::app
