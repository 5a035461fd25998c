#include "workspace/web/internal/host_pacer.h"

#include <algorithm>

#include "async/signal.h"

namespace baton::workspace::web::internal {

namespace {
// Hosts remembered before those whose turn has passed are dropped.
constexpr std::size_t kManyHosts = 1000;
}  // namespace

void HostPacer::DropPast(Clock::time_point now) {
  if (next_turn_.size() < kManyHosts) return;
  std::erase_if(next_turn_, [now](const auto& entry) { return entry.second <= now; });
}

async::Task<Status> HostPacer::AwaitTurn(std::string host, std::chrono::milliseconds pause,
                                         Deadline deadline) {
  Clock::time_point turn = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    DropPast(turn);
    Clock::time_point& next = next_turn_[host];
    turn = std::max(turn, next);
    if (!deadline.IsNever() && turn >= deadline.when()) {
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(turn - Clock::now());
      Status late =
          Fail(Code::kDeadlineExceeded, "{} may be asked again in {} ms only, which is too late",
               host, wait.count());
      co_return std::move(late).With(std::string(kNoTurnInTime), "true");
    }
    next = turn + pause;
  }
  if (turn <= Clock::now()) co_return Status();
  if (co_await async::SleepUntil(Deadline::At(turn)) == async::WaitResult::kCancelled) {
    co_return Fail(Code::kCancelled, "waiting for a turn at {}: cancelled", host);
  }
  co_return Status();
}

void HostPacer::Postpone(const std::string& host, std::chrono::milliseconds pause) {
  const std::lock_guard lock(mutex_);
  Clock::time_point& next = next_turn_[host];
  next = std::max(next, Clock::now() + pause);
}

}  // namespace baton::workspace::web::internal
