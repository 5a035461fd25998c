#include "runs/health.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "async/timeout.h"
#include "runs/wakeup.h"

namespace baton::runs {
namespace {

// What is known so far, shared by who asks and those that answer, perhaps too late.
class HealthAnswers {
 public:
  HealthAnswers(std::size_t count, async::Executor home)
      : answers_(count), missing_(count), complete_(std::move(home)) {}

  void Set(std::size_t index, Status status) {
    const std::lock_guard lock(mutex_);
    answers_[index] = std::move(status);
    if (--missing_ == 0 && waiting_) complete_->Raise();
  }

  // The waiter's executor may be gone afterwards: its wakeup goes first.
  std::vector<std::optional<Status>> Take() {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    complete_.reset();
    return answers_;
  }

  async::Task<void> Wait(Deadline deadline) {
    if (!answers_.empty()) co_await complete_->Wait(deadline);
  }

 private:
  std::mutex mutex_;
  std::vector<std::optional<Status>> answers_;  // guarded by mutex_
  std::size_t missing_;                         // guarded by mutex_
  bool waiting_ = true;                         // guarded by mutex_
  std::optional<Wakeup> complete_;              // reset on the waiter's executor, under mutex_
};

struct Nothing {};

async::Task<Result<Nothing>> AskOne(const Dependency& dependency, Deadline deadline) {
  BATON_CO_TRY(co_await dependency.check(deadline));
  co_return Nothing{};
}

async::Task<void> AskAndTell(const Dependency& dependency, Deadline deadline, std::size_t index,
                             std::shared_ptr<HealthAnswers> answers) {
  const Result<Nothing> answer =
      co_await async::WithDeadline(AskOne(dependency, deadline), deadline, dependency.name);
  answers->Set(index, answer ? Status() : answer.error());
}

}  // namespace

async::Task<std::vector<DependencyHealth>> AskDependencies(
    async::TaskGroup& group, const std::vector<Dependency>& dependencies, Deadline deadline) {
  const auto answers =
      std::make_shared<HealthAnswers>(dependencies.size(), co_await async::CurrentExecutor());
  boost::asio::post(group.executor(), [&group, &dependencies, deadline, answers] {
    for (std::size_t i = 0; i < dependencies.size(); ++i) {
      if (group.cancel_reason() != CancelReason::kNone) {  // joined, perhaps: nothing new
        answers->Set(i, Status(Code::kUnavailable, "the server is shutting down"));
        continue;
      }
      const Deadline own = Deadline::In(dependencies[i].timeout).Earlier(deadline);
      group.Spawn(AskAndTell(dependencies[i], own, i, answers));
    }
  });
  co_await answers->Wait(deadline);
  const std::vector<std::optional<Status>> known = answers->Take();
  std::vector<DependencyHealth> health;
  health.reserve(dependencies.size());
  for (std::size_t i = 0; i < dependencies.size(); ++i) {
    health.push_back(
        {dependencies[i].name,
         known[i] ? *known[i]
                  : Status(Code::kDeadlineExceeded, dependencies[i].name + ": no answer in time")});
  }
  co_return health;
}

Health Summarize(const std::vector<Dependency>& dependencies,
                 const std::vector<DependencyHealth>& answers) {
  Health health{.status = "healthy"};
  for (std::size_t i = 0; i < dependencies.size(); ++i) {
    const Status& status = answers[i].status;
    health.details[dependencies[i].name] = status.ok() ? "ok" : status.ToString();
    if (status.ok()) continue;
    if (dependencies[i].required) {
      health.status = "unhealthy";
    } else if (health.status == "healthy") {
      health.status = "degraded";
    }
  }
  return health;
}

}  // namespace baton::runs
