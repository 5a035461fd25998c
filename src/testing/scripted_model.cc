#include "testing/scripted_model.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "async/timeout.h"
#include "base/log.h"

namespace baton::testing {

void Gate::Open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  NotifyAll();
}

void Gate::NotifyAll() {
  for (const Waiter& waiter : waiters_) {
    boost::asio::post(waiter.executor, [signal = waiter.signal] { signal->NotifyAll(); });
  }
}

async::Task<Status> Gate::Pass() {
  {
    const std::lock_guard lock(mutex_);
    reached_ = true;
    NotifyAll();
  }
  co_return co_await WaitFor(open_);
}

async::Task<void> Gate::Reached() {
  const Status ignored_if_cancelled = co_await WaitFor(reached_);
  static_cast<void>(ignored_if_cancelled);
}

async::Task<Status> Gate::WaitFor(const bool& condition) {
  const async::Executor executor = co_await async::CurrentExecutor();
  const auto signal = std::make_shared<async::Signal>(executor);
  std::list<Waiter>::iterator self;
  {
    const std::lock_guard lock(mutex_);
    self = waiters_.insert(waiters_.end(), {executor, signal});
  }
  bool cancelled = false;
  for (bool met = false; !met && !cancelled;) {
    {
      const std::lock_guard lock(mutex_);
      met = condition;
    }
    // A notification is posted to this executor, so none is lost between the look and the wait.
    if (!met) cancelled = co_await signal->Wait() == async::WaitResult::kCancelled;
  }
  const std::lock_guard lock(mutex_);
  waiters_.erase(self);
  if (cancelled) co_return Fail(Code::kCancelled, "cancelled at a gate");
  co_return Status();
}

ScriptedTurn Says(std::string text) { return SaysInPieces({std::move(text)}); }

ScriptedTurn SaysInPieces(std::vector<std::string> pieces) {
  ScriptedTurn turn;
  for (std::string& piece : pieces) turn.pieces.push_back({std::move(piece), nullptr});
  return turn;
}

ScriptedTurn Calls(std::string tool, json::Object arguments, std::string id) {
  ScriptedTurn turn;
  turn.tool_calls.push_back({std::move(id), std::move(tool), std::move(arguments)});
  turn.finish_reason = llm::FinishReason::kToolCalls;
  return turn;
}

ScriptedTurn Fails(Status failure) {
  ScriptedTurn turn;
  turn.failure = std::move(failure);
  return turn;
}

ScriptedTurn BreaksOffAfter(std::vector<std::string> pieces) {
  ScriptedTurn turn = SaysInPieces(std::move(pieces));
  turn.failure = Status(Code::kUnavailable, "scripted: the stream broke off");
  return turn;
}

ScriptedChatModel::ScriptedChatModel(std::vector<ScriptedTurn> turns)
    : turns_(std::make_move_iterator(turns.begin()), std::make_move_iterator(turns.end())) {}

void ScriptedChatModel::Add(ScriptedTurn turn) {
  const std::lock_guard lock(mutex_);
  turns_.push_back(std::move(turn));
}

void ScriptedChatModel::AnswerOthers(std::function<ScriptedTurn(const llm::ChatRequest&)> answer) {
  const std::lock_guard lock(mutex_);
  answer_others_ = std::move(answer);
}

void ScriptedChatModel::SetHealth(Status health) {
  const std::lock_guard lock(mutex_);
  health_ = std::move(health);
}

std::vector<llm::ChatRequest> ScriptedChatModel::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedChatModel::unused_turns() const {
  const std::lock_guard lock(mutex_);
  return turns_.size();
}

Result<ScriptedTurn> ScriptedChatModel::NextTurn(const llm::ChatRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  const auto found = std::ranges::find_if(turns_, [&](const ScriptedTurn& turn) {
    return turn.matches == nullptr || turn.matches(request);
  });
  if (found != turns_.end()) {
    ScriptedTurn turn = std::move(*found);
    turns_.erase(found);
    return turn;
  }
  if (answer_others_) return answer_others_(request);
  const std::string last = request.messages.empty() ? "" : request.messages.back().content;
  Log(LogLevel::kError, "the scripted model has no turn for a request",
      {{"request", requests_.size()}, {"last_message", last}});
  return Fail(Code::kInternal, "scripted model: no turn for request {} ('{}')", requests_.size(),
              last);
}

async::Task<Result<llm::ChatResponse>> ScriptedChatModel::Chat(const llm::ChatRequest& request,
                                                               llm::TextSink* sink,
                                                               Deadline deadline) {
  return async::WithDeadline(Play(request, sink), deadline, "scripted");
}

async::Task<Result<llm::ChatResponse>> ScriptedChatModel::Play(const llm::ChatRequest& request,
                                                               llm::TextSink* sink) {
  Result<ScriptedTurn> turn = NextTurn(request);
  if (!turn) co_return Fail(std::move(turn).error());
  llm::ChatResponse response;
  response.message.role = llm::Role::kAssistant;
  for (const ScriptedPiece& piece : turn->pieces) {
    if (piece.gate != nullptr) BATON_CO_TRY(co_await piece.gate->Pass());
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "scripted: cancelled");
    response.message.content += piece.text;
    if (sink != nullptr) BATON_CO_TRY(co_await sink->OnText(piece.text));
  }
  if (!turn->failure.ok()) co_return Fail(turn->failure);
  response.message.tool_calls = std::move(turn->tool_calls);
  response.finish_reason = turn->finish_reason;
  response.usage = turn->usage;
  response.model = "scripted";
  co_return response;
}

async::Task<Status> ScriptedChatModel::CheckHealth(Deadline /*deadline*/) {
  const std::lock_guard lock(mutex_);
  co_return health_;
}

async::Task<Status> CollectingSink::OnText(std::string_view text) {
  pieces_.emplace_back(text);
  co_return Status();
}

std::string CollectingSink::text() const {
  std::string all;
  for (const std::string& piece : pieces_) all += piece;
  return all;
}

}  // namespace baton::testing
