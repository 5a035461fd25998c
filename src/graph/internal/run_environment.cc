#include "graph/internal/run_environment.h"

#include <utility>

namespace baton::graph {

async::Task<Status> RunEnvironment::Emit(StreamEvent event) {
  if (!Wants(event.kind)) co_return Status();
  if (!broken.ok()) co_return broken;
  Status status = co_await options.listener->OnEvent(std::move(event));
  if (!status.ok() && broken.ok()) broken = status;
  co_return status;
}

std::optional<json::Value> RunEnvironment::TakeAnswer(const std::string& question_id) {
  const auto known = answers.find(question_id);
  if (known != answers.end()) return known->second;
  auto waiting = answers.extract("");
  if (waiting.empty()) return std::nullopt;
  json::Value answer = std::move(waiting.mapped());
  answers.emplace(question_id, answer);
  if (Status status = AddAnswers(); !status.ok() && broken.ok()) broken = std::move(status);
  return answer;
}

Status RunEnvironment::AddAnswers() {
  Result<TaskWrite> row = EncodeAnswers(answers);
  if (!row) return std::move(row).error();
  std::vector<TaskWrite> rows;
  rows.push_back(std::move(*row));
  journal->AddWrites("", answers_seq, std::move(rows));
  return {};
}

}  // namespace baton::graph
