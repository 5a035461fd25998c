// LocalOrchestrator's part with turns that are sent again.
#include <string>
#include <utility>

#include "async/signal.h"
#include "runs/idempotency_key.h"
#include "runs/local_orchestrator.h"

namespace baton::runs {
namespace {

// Routing and one write: five seconds of looking whether a run has been admitted are enough.
constexpr int kMaxAdmissionLooks = 500;
constexpr std::chrono::milliseconds kAdmissionLookInterval{10};

// Who has answered a question, if a turn that has a key: the name its run would have.
std::string ChatBy(const std::string& run_id) { return "chat " + run_id; }

}  // namespace

// The run's name follows from the key, so that there can be one of them only. Who comes while the
// first is being admitted waits until it can be joined.
async::Task<LocalOrchestrator::OpenedStream> LocalOrchestrator::BeginOnce(TurnRequest request) {
  const std::string run_id =
      RunIdForKey(request.user_id, request.conversation_id, request.idempotency_key);
  const TurnRequest first{.user_id = request.user_id,
                          .conversation_id = request.conversation_id,
                          .resume = true,
                          .run_id = run_id,
                          .from_seq = request.from_seq};
  OpenedStream stream = co_await Join(first);
  if (!stream && stream.error().code() == Code::kNotFound) {
    // It may have been the answer to a question: the run it let go on is its run.
    auto answered = co_await permission_store_.RunAnsweredBy(request.user_id, ChatBy(run_id));
    if (!answered) co_return Fail(std::move(answered).error());
    if (!answered->empty()) {
      TurnRequest that = first;
      that.run_id = *std::move(answered);
      co_return co_await Join(std::move(that));
    }
    BATON_CO_TRY(co_await store_.CheckNotDeleted(run_id));
  }
  for (int i = 0; i < kMaxAdmissionLooks; ++i) {
    if (stream || stream.error().code() != Code::kNotFound) co_return stream;
    OpenedStream begun = co_await BeginOrAnswer(request, run_id, /*stays=*/true);
    if (begun) co_return begun;
    const bool admits_it_now = begun.error().code() == Code::kAlreadyExists;
    if (admits_it_now) {
      const auto waited = co_await async::SleepUntil(Deadline::In(kAdmissionLookInterval));
      if (waited == async::WaitResult::kCancelled) co_return begun;
    }
    stream = co_await Join(first);
    if (!stream && !admits_it_now) co_return begun;
  }
  co_return stream;
}

// A text may be the answer to what a run has asked.
async::Task<LocalOrchestrator::OpenedStream> LocalOrchestrator::BeginOrAnswer(TurnRequest request,
                                                                              std::string run_id,
                                                                              bool stays) {
  if (IsRewind(request)) co_return co_await Begin(std::move(request), std::move(run_id), stays);
  auto answer = co_await desk_.ReadChat(request);
  if (!answer) co_return Fail(std::move(answer).error());
  if (*answer) {
    (*answer)->idempotency_key = request.idempotency_key;
    co_return co_await Join(**std::move(answer), stays ? ChatBy(run_id) : "chat");
  }
  co_return co_await Begin(std::move(request), std::move(run_id), stays);
}

}  // namespace baton::runs
