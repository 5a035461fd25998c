// A question of an eval file, asked.
#pragma once

#include <string>

#include "async/task.h"
#include "llm/chat_model.h"
#include "runs/evals/eval_file.h"
#include "runs/evals/eval_report.h"
#include "runs/orchestrator.h"

namespace baton::runs::evals {

// Who is asked, on whose behalf, and who judges. All of it outlives the call.
struct Examination {
  Orchestrator& orchestrator;
  llm::ChatModel& judge;
  std::string user_id;
  std::string conversation_id;
};

// Asks the question's turns one after the other and judges the last. What the agent asks for
// permission is answered as the question says; any other question of the agent's, and a turn that
// fails, is an error of the result. On cancellation the result has the error.
async::Task<QuestionResult> AskQuestion(Examination examination, EvalQuestion question);

}  // namespace baton::runs::evals
