// A model as the judge of an answer.
#pragma once

#include <string>

#include "async/task.h"
#include "base/deadline.h"
#include "llm/chat_model.h"
#include "runs/evals/expectation.h"

namespace baton::runs::evals {

// Asks `model`, which outlives the call, whether `criterion` is true of `answer`, as data:
// {"pass", "why"}. What keeps it from judging is no pass, with the reason; so is the offline
// model, which cannot judge.
async::Task<Verdict> Judge(llm::ChatModel& model, std::string question, std::string answer,
                           std::string criterion, Deadline deadline);

}  // namespace baton::runs::evals
