// Files and folders into the database that the settings mean.
#pragma once

#include "base/status.h"
#include "main/command_line.h"
#include "main/settings.h"
#include "workspace/importer.h"

namespace baton::app {

// For the user of the settings, with a progress bar where standard error is a terminal. kCancelled
// after Ctrl-C: what was imported by then stays.
Result<workspace::ImportReport> ImportPaths(const Settings& settings, const ImportCommand& command);

}  // namespace baton::app
