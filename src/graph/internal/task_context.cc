#include "graph/internal/task_context.h"

#include <algorithm>
#include <utility>

#include "graph/internal/ids.h"

namespace baton::graph {

async::Task<Result<json::Value>> TaskContext::Interrupt(Question question) {
  frame_.SignOfLife(task_);
  RunEnvironment& environment = frame_.environment;
  if (!environment.keeps()) {
    co_return Fail(Code::kFailedPrecondition,
                   "node '{}' asks, and this run has no store to wait in", node_name());
  }
  AskedQuestion asked;
  // The calls of an error handler are counted apart from its node's.
  const std::string task = task_.handling ? frame_.IdOf(task_) + ":error" : frame_.IdOf(task_);
  asked.id = question.key.empty() ? QuestionId(task, calls_++) : QuestionId(task, question.key);
  asked.payload = std::move(question.payload);
  asked.answer_schema = question.answer_schema;
  const AskedQuestion* before = AskedBefore(asked.id);
  if (std::optional<json::Value> answer = environment.TakeAnswer(asked)) {
    asked.earlier = before == nullptr;
    task_.answered.push_back(std::move(asked));
    co_return *answer;
  }
  const Timestamp now = environment.clock.Now();
  if (before != nullptr) {
    if (before->expires && *before->expires <= now) {
      task_.told_expired = true;
      co_return Fail(Code::kDeadlineExceeded, "question '{}' expired without an answer", asked.id);
    }
    asked.expires = before->expires;
    if (asked.refused.empty()) asked.refused = before->refused;
  } else {
    BATON_CO_TRY(CheckQuestion(question));
    if (question.expires) asked.expires = now + *question.expires;
  }
  task_.questions.push_back(std::move(asked));
  co_return Fail(Code::kAborted, "node '{}' waits for an answer", node_name());
}

const AskedQuestion* TaskContext::AskedBefore(const std::string& id) const {
  const auto found = std::find_if(task_.asked_before.begin(), task_.asked_before.end(),
                                  [&](const AskedQuestion& question) { return question.id == id; });
  return found == task_.asked_before.end() ? nullptr : &*found;
}

async::Task<Status> TaskContext::Emit(json::Value event) {
  frame_.SignOfLife(task_);
  co_return co_await reporter_.ReportCustom(task_, std::move(event));
}

async::Task<Status> TaskContext::EmitMessage(json::Value message) {
  frame_.SignOfLife(task_);
  co_return co_await reporter_.ReportStreamed(task_, std::move(message));
}

}  // namespace baton::graph
