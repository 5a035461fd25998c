// The results of an eval as a person reads them.
#pragma once

#include <optional>
#include <string>

#include "main/terminal.h"
#include "runs/evals/eval_report.h"

namespace baton::app {

// One line, and below it what was not met.
void ShowQuestionResult(Terminal& out, const runs::evals::QuestionResult& result);

// How many passed, and what is otherwise than in `before`.
void ShowSummary(Terminal& out, const runs::evals::EvalReport& report,
                 const std::optional<runs::evals::EvalReport>& before);

}  // namespace baton::app
