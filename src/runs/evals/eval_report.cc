#include "runs/evals/eval_report.h"

#include <algorithm>
#include <utility>

namespace baton::runs::evals {
namespace {

json::Value QuestionAsJson(const QuestionResult& result) {
  json::Array expectations;
  for (const JudgedExpectation& each : result.expectations) {
    expectations.push_back(json::Object{{"kind", each.kind},
                                        {"wanted", each.wanted},
                                        {"passed", each.verdict.passed},
                                        {"why", each.verdict.why}});
  }
  json::Array tools;
  for (const std::string& tool : result.observed.tools) tools.emplace_back(tool);
  return json::Object{{"id", result.id},
                      {"ask", result.ask},
                      {"agent", result.observed.agent},
                      {"passed", result.passed()},
                      {"answer", result.observed.answer},
                      {"tools", std::move(tools)},
                      {"sources", result.observed.sources},
                      {"error", result.observed.error},
                      {"seconds", result.seconds},
                      {"expectations", std::move(expectations)}};
}

Result<QuestionResult> ParseQuestionResult(const json::Value& value) {
  auto id = json::RequireString(value, "id", "question");
  if (!id) return Fail(std::move(id).error());
  QuestionResult result{.id = *std::move(id)};
  result.observed.error = json::GetString(value, "error");
  const json::Value* expectations = json::Find(value, "expectations");
  if (expectations == nullptr || !expectations->is_array()) {
    return Fail(Code::kInvalidArgument, "question '{}': no 'expectations'", result.id);
  }
  for (const json::Value& each : expectations->get_array()) {
    result.expectations.push_back(
        {.kind = std::string(json::GetString(each, "kind")),
         .wanted = std::string(json::GetString(each, "wanted")),
         .verdict = {.passed = json::GetBool(each, "passed"), .why = {}}});
  }
  return result;
}

const QuestionResult* Find(const EvalReport& report, const std::string& id) {
  const auto found = std::ranges::find(report.questions, id, &QuestionResult::id);
  return found == report.questions.end() ? nullptr : &*found;
}

}  // namespace

bool QuestionResult::passed() const {
  return observed.error.empty() &&
         std::ranges::all_of(expectations,
                             [](const JudgedExpectation& each) { return each.verdict.passed; });
}

std::size_t EvalReport::passed() const {
  return static_cast<std::size_t>(std::ranges::count_if(questions, &QuestionResult::passed));
}

json::Value ToJson(const EvalReport& report) {
  json::Array questions;
  for (const QuestionResult& each : report.questions) questions.push_back(QuestionAsJson(each));
  return json::Object{{"file", report.file},
                      {"model", report.model},
                      {"began", report.began},
                      {"passed", report.passed()},
                      {"failed", report.questions.size() - report.passed()},
                      {"questions", std::move(questions)}};
}

Result<EvalReport> ParseEvalReport(const json::Value& value) {
  EvalReport report{.file = std::string(json::GetString(value, "file")),
                    .model = std::string(json::GetString(value, "model")),
                    .began = std::string(json::GetString(value, "began"))};
  const json::Value* questions = json::Find(value, "questions");
  if (questions == nullptr || !questions->is_array()) {
    return Fail(Code::kInvalidArgument, "not the results of an eval: no 'questions'");
  }
  for (const json::Value& each : questions->get_array()) {
    auto result = ParseQuestionResult(each);
    if (!result) return Fail(std::move(result).error());
    report.questions.push_back(*std::move(result));
  }
  return report;
}

bool EvalDiff::empty() const {
  return newly_failing.empty() && newly_passing.empty() && added.empty() && gone.empty();
}

EvalDiff Compare(const EvalReport& before, const EvalReport& now) {
  EvalDiff diff;
  for (const QuestionResult& each : now.questions) {
    const QuestionResult* earlier = Find(before, each.id);
    if (earlier == nullptr) {
      diff.added.push_back(each.id);
    } else if (earlier->passed() != each.passed()) {
      (each.passed() ? diff.newly_passing : diff.newly_failing).push_back(each.id);
    }
  }
  for (const QuestionResult& each : before.questions) {
    if (Find(now, each.id) == nullptr) diff.gone.push_back(each.id);
  }
  return diff;
}

}  // namespace baton::runs::evals
