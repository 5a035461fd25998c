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

struct Nothing {};

async::Task<Result<Nothing>> AskOne(const Dependency& dependency, Deadline deadline) {
  BATON_CO_TRY(co_await dependency.check(deadline));
  co_return Nothing{};
}

}  // namespace

// What is known so far, shared by those who ask and those that answer, perhaps too late.
class HealthProbe::Answers {
 public:
  Answers(std::size_t count, const Clock& clock)
      : clock_(clock), answers_(count), missing_(count), complete_at_(clock.Now()) {}

  void Set(std::size_t index, Status status) {
    const std::lock_guard lock(mutex_);
    answers_[index] = std::move(status);
    if (--missing_ > 0) return;
    complete_at_ = clock_.Now();
    for (Wakeup* waiter : waiters_) waiter->Raise();
  }

  // Under way, or answered just now. A clock that was set back makes nothing last longer.
  bool IsFresh() const {
    const std::lock_guard lock(mutex_);
    const auto age = clock_.Now() - complete_at_;
    return missing_ > 0 || (age >= age.zero() && age < kHealthKept);
  }

  // Until all is known, or the deadline.
  async::Task<std::vector<std::optional<Status>>> Wait(Deadline deadline) {
    Wakeup complete(co_await async::CurrentExecutor());
    const Waiter waiter(*this, complete);
    if (!IsComplete()) co_await complete.Wait(deadline);
    co_return Known();
  }

 private:
  // Gone before its wakeup is: whoever raises that holds the mutex.
  class Waiter {
   public:
    Waiter(Answers& answers, Wakeup& wakeup) : answers_(answers), wakeup_(wakeup) {
      const std::lock_guard lock(answers_.mutex_);
      answers_.waiters_.push_back(&wakeup_);
    }
    ~Waiter() {
      const std::lock_guard lock(answers_.mutex_);
      std::erase(answers_.waiters_, &wakeup_);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   private:
    Answers& answers_;
    Wakeup& wakeup_;
  };

  bool IsComplete() const {
    const std::lock_guard lock(mutex_);
    return missing_ == 0;
  }

  std::vector<std::optional<Status>> Known() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<std::optional<Status>> answers_;  // guarded by mutex_
  std::size_t missing_;                         // guarded by mutex_
  Timestamp complete_at_;                       // guarded by mutex_
  std::vector<Wakeup*> waiters_;                // guarded by mutex_
};

async::Task<std::vector<DependencyHealth>> HealthProbe::Ask(Deadline deadline) {
  const std::shared_ptr<Answers> answers = Current();
  const std::vector<std::optional<Status>> known = co_await answers->Wait(deadline);
  std::vector<DependencyHealth> health;
  health.reserve(dependencies_.size());
  for (std::size_t i = 0; i < dependencies_.size(); ++i) {
    const std::string& name = dependencies_[i].name;
    health.push_back({name, known[i]
                                ? *known[i]
                                : Status(Code::kDeadlineExceeded, name + ": no answer in time")});
  }
  co_return health;
}

std::shared_ptr<HealthProbe::Answers> HealthProbe::Current() {
  const std::lock_guard lock(mutex_);
  if (current_ == nullptr || !current_->IsFresh()) {
    current_ = std::make_shared<Answers>(dependencies_.size(), clock_);
    Start(current_);
  }
  return current_;
}

void HealthProbe::Start(const std::shared_ptr<Answers>& answers) {
  const auto ask = [](const Dependency& dependency, std::size_t index,
                      std::shared_ptr<Answers> tell) -> async::Task<void> {
    const Deadline deadline = Deadline::In(dependency.timeout);
    const Result<Nothing> answer =
        co_await async::WithDeadline(AskOne(dependency, deadline), deadline, dependency.name);
    tell->Set(index, answer ? Status() : answer.error());
  };
  boost::asio::post(group_.executor(), [this, answers, ask] {
    for (std::size_t i = 0; i < dependencies_.size(); ++i) {
      if (group_.cancel_reason() != CancelReason::kNone) {  // joined, perhaps: nothing new
        answers->Set(i, Status(Code::kUnavailable, "the server is shutting down"));
        continue;
      }
      group_.Spawn(ask(dependencies_[i], i, answers));
    }
  });
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
