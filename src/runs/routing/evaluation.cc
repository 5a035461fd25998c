#include "runs/routing/evaluation.h"

#include <time.h>

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "runs/routing/offline_router.h"

namespace baton::runs::routing {
namespace {

// Of this thread: what else the machine does is no property of the router.
double CpuMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

bool SameMessage(const RoutedExample& a, const RoutedExample& b) {
  return a.situation.query == b.situation.query &&
         a.situation.editor_type == b.situation.editor_type && a.agent == b.agent;
}

// `knowledge` without what is judged: to know the answers is no skill.
Knowledge Without(Knowledge knowledge, const std::vector<RoutedExample>& rows) {
  std::erase_if(knowledge.examples, [&](const RoutedExample& known) {
    return std::ranges::any_of(rows,
                               [&](const RoutedExample& row) { return SameMessage(known, row); });
  });
  return knowledge;
}

void Count(bool exact, bool acceptable, Score& score) {
  ++score.rows;
  score.exact += exact ? 1 : 0;
  score.acceptable += acceptable ? 1 : 0;
}

std::string ToRow(const std::string& name, const Score& score) {
  return fmt::format("| {} | {} | {} | {} | {:.1f} % |\n", name, score.rows, score.exact,
                     score.acceptable, score.rows == 0 ? 0 : 100.0 * score.acceptable / score.rows);
}

class Report {
 public:
  void Judge(const OfflineRouter& router, const RoutedExample& row) {
    const double begin = CpuMilliseconds();
    const Decision decision = router.Decide(row.situation);
    const double milliseconds = CpuMilliseconds() - begin;
    slowest_ = std::max(slowest_, milliseconds);
    total_time_ += milliseconds;
    const bool exact = decision.agent == row.agent;
    const bool acceptable = exact || std::ranges::find(row.also, decision.agent) != row.also.end();
    Count(exact, acceptable, whole_);
    Count(exact, acceptable, by_kind_[row.kind]);
    Count(exact, acceptable, by_agent_[row.agent]);
    if (acceptable) return;
    mistakes_ += fmt::format("| {} | {} | {} | {} | {:.2f} | {} |\n", row.id, row.situation.query,
                             row.agent, decision.agent, decision.confidence, decision.reason);
  }
  const Score& score() const { return whole_; }
  void Trained(double milliseconds) { training_ = std::max(training_, milliseconds); }

  std::string ToMarkdown() const {
    const std::string head = "| | rows | exact | acceptable | |\n| --- | --- | --- | --- | --- |\n";
    std::string text = head + ToRow("all", whole_);
    for (const auto& [kind, count] : by_kind_) text += ToRow(kind, count);
    text += "\n" + head;
    for (const auto& [agent, count] : by_agent_) text += ToRow(agent, count);
    text +=
        "\n| row | message | agent | chosen | confidence | because |\n"
        "| --- | --- | --- | --- | --- | --- |\n" +
        mistakes_;
    text += fmt::format(
        "\nLearning took {:.0f} ms of CPU time at most, a decision {:.3f} ms on "
        "average and {:.3f} ms at most.\n",
        training_, whole_.rows == 0 ? 0 : total_time_ / whole_.rows, slowest_);
    return text;
  }

 private:
  Score whole_;
  std::map<std::string, Score> by_kind_;
  std::map<std::string, Score> by_agent_;
  std::string mistakes_;
  double training_ = 0;
  double slowest_ = 0;
  double total_time_ = 0;
};

}  // namespace

Evaluation Evaluate(const std::vector<agents::AgentSpec>& agents, const Knowledge& knowledge,
                    const std::vector<RoutedExample>& rows, std::size_t folds) {
  const Knowledge base = Without(knowledge, rows);
  const std::size_t parts = std::max<std::size_t>(folds, 1);
  Report report;
  for (std::size_t fold = 0; fold < parts; ++fold) {
    Knowledge learned = base;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (parts > 1 && i % parts != fold) learned.examples.push_back(rows[i]);
    }
    const double begin = CpuMilliseconds();
    const OfflineRouter router = OfflineRouter::Learn(agents, learned);
    report.Trained(CpuMilliseconds() - begin);
    for (std::size_t i = fold; i < rows.size(); i += parts) report.Judge(router, rows[i]);
  }
  return {.score = report.score(), .report = report.ToMarkdown()};
}

}  // namespace baton::runs::routing
