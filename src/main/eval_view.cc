#include "main/eval_view.h"

#include <algorithm>

namespace baton::app {
namespace {

using runs::evals::EvalReport;
using runs::evals::JudgedExpectation;
using runs::evals::QuestionResult;

std::string Listed(const std::vector<std::string>& ids) {
  std::string listed;
  for (const std::string& id : ids) listed += (listed.empty() ? "" : ", ") + id;
  return listed;
}

void ShowIds(Terminal& out, std::string_view what, const std::vector<std::string>& ids,
             Style style) {
  if (!ids.empty()) out.WriteLine(fmt::format("  {:<16}{}", what, Listed(ids)), style);
}

}  // namespace

void ShowQuestionResult(Terminal& out, const QuestionResult& result) {
  const auto met = std::ranges::count_if(
      result.expectations, [](const JudgedExpectation& each) { return each.verdict.passed; });
  const bool passed = result.passed();
  out.WriteLine(
      fmt::format("{} {:<24} {:<20} {:>2}/{} {:>7.1f} s", passed ? "PASS" : "FAIL", result.id,
                  result.observed.agent, met, result.expectations.size(), result.seconds),
      passed ? Style::kGreen : Style::kRed);
  if (!result.observed.error.empty()) out.WriteLine("       " + result.observed.error);
  for (const JudgedExpectation& each : result.expectations) {
    if (each.verdict.passed) continue;
    out.WriteLine(
        fmt::format("       {}: {}\n         {}", each.kind, each.wanted, each.verdict.why));
  }
}

void ShowSummary(Terminal& out, const EvalReport& report, const std::optional<EvalReport>& before) {
  const std::size_t passed = report.passed();
  out.WriteLine(
      fmt::format("\n{} of {} passed, model {}", passed, report.questions.size(), report.model),
      Style::kBold);
  if (!before) return;
  const runs::evals::EvalDiff diff = Compare(*before, report);
  out.WriteLine(fmt::format("since {} with model {} ({} of {}){}", before->began, before->model,
                            before->passed(), before->questions.size(),
                            diff.empty() ? ": no difference" : ":"));
  ShowIds(out, "newly failing", diff.newly_failing, Style::kRed);
  ShowIds(out, "newly passing", diff.newly_passing, Style::kGreen);
  ShowIds(out, "new", diff.added, Style::kPlain);
  ShowIds(out, "gone", diff.gone, Style::kPlain);
}

}  // namespace baton::app
