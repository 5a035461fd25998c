#include "graph/internal/run_environment.h"

#include <algorithm>
#include <utility>

namespace baton::graph {

async::Task<Status> RunEnvironment::Emit(StreamEvent event) {
  if (!Wants(event.kind)) co_return Status();
  if (!broken.ok()) co_return broken;
  Status status = co_await options.listener->OnEvent(std::move(event));
  if (!status.ok()) Break(status);
  co_return status;
}

std::optional<json::Value> RunEnvironment::TakeAnswer(AskedQuestion& question) {
  const auto known = answers.find(question.id);
  if (known != answers.end()) return known->second.value;
  auto waiting = answers.extract("");
  if (waiting.empty()) return std::nullopt;
  std::optional<json::Value> taken;
  const Status fits = CheckAnswer(question, waiting.mapped().value, clock.Now());
  if (fits.ok()) {
    taken = waiting.mapped().value;
    answers.emplace(question.id, std::move(waiting.mapped()));
  } else {
    question.refused = fits.message();
  }
  if (Status status = AddAnswers(); !status.ok()) Break(std::move(status));
  return taken;
}

void RunEnvironment::ReleaseWithin(const std::string& task) {
  std::erase_if(own_states, [&](const auto& use) {
    return std::ranges::find(use.second.within, task) != use.second.within.end();
  });
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
