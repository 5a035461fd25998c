// Asking what the service depends on whether it works.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "base/deadline.h"
#include "base/status.h"
#include "runs/orchestrator.h"

namespace baton::runs {

struct Dependency {
  std::string name;       // "store" "tool_service" "model"
  bool required = false;  // without it the service is unhealthy, not merely degraded
  std::chrono::milliseconds timeout{2000};
  // Ok, or what is wrong. May be asked several times at once; cancelled at the timeout.
  std::function<async::Task<Status>(Deadline)> check;
};

// Asks all `dependencies` at once, each within its own timeout, and answers by `deadline` with
// what is known then: kDeadlineExceeded for who has not answered. In the order given.
//
// The questions run in `group`, since one that hangs outlives the answer; `dependencies`
// outlive the group's tasks.
// Threads: called from any executor, the group's included.
async::Task<std::vector<DependencyHealth>> AskDependencies(
    async::TaskGroup& group, const std::vector<Dependency>& dependencies, Deadline deadline);

// "healthy"; "degraded" if one that is not required fails; "unhealthy" if a required one does.
Health Summarize(const std::vector<Dependency>& dependencies,
                 const std::vector<DependencyHealth>& answers);

}  // namespace baton::runs
