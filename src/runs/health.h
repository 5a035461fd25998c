// Asking what the service depends on whether it works.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/status.h"
#include "runs/orchestrator.h"

namespace baton::runs {

struct Dependency {
  std::string name;       // "store" "tool_service" "model"
  bool required = false;  // without it the service is unhealthy, not merely degraded
  std::chrono::milliseconds timeout{2000};
  // Ok, or what is wrong. Cancelled at the timeout.
  std::function<async::Task<Status>(Deadline)> check;
};

// How long an answer is as good as a new one. Anybody may ask for health, and asking costs a
// write, a call and a request with the operator's key.
inline constexpr std::chrono::seconds kHealthKept{2};

// Asks dependencies, once for all who want to know at the same time.
//
// Lifetime: the questions run in `group`, since one that hangs outlives the answer; this and what
//           it is given outlive the group's tasks.
// Threads:  safe.
class HealthProbe {
 public:
  HealthProbe(async::TaskGroup& group, const std::vector<Dependency>& dependencies,
              const Clock& clock)
      : group_(group), dependencies_(dependencies), clock_(clock) {}

  // Asks all dependencies at once, each within its own timeout, unless that is being done or was
  // done less than kHealthKept ago; answers by `deadline` with what is known then:
  // kDeadlineExceeded for who has not answered. In the order given.
  // Called from any executor, the group's included.
  async::Task<std::vector<DependencyHealth>> Ask(Deadline deadline);

 private:
  class Answers;

  std::shared_ptr<Answers> Current();
  void Start(const std::shared_ptr<Answers>& answers);

  async::TaskGroup& group_;
  const std::vector<Dependency>& dependencies_;
  const Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<Answers> current_;  // guarded by mutex_; of the last questions, if any
};

// "healthy"; "degraded" if one that is not required fails; "unhealthy" if a required one does.
Health Summarize(const std::vector<Dependency>& dependencies,
                 const std::vector<DependencyHealth>& answers);

}  // namespace baton::runs
