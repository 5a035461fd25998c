#include "workspace/jobs/feeds_job.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace baton::workspace::jobs {

Status FeedsWork::Check(const std::string& user_id, JobRequest& request) const {
  static_cast<void>(request);  // there is nothing to choose
  return feeds::CheckFeedWriter(user_id);
}

async::Task<Status> FeedsWork::Run(const JobSteps& steps) {
  const std::string& user_id = steps.job().user_id;
  auto cards = co_await feeds_.store().List(user_id, feeds::FeedScope::kAll);
  if (!cards) co_return std::move(cards).error();
  std::ranges::sort(*cards, {}, &feeds::FeedCard::id);
  const auto begin = std::ranges::upper_bound(*cards, steps.cursor(), {}, &feeds::FeedCard::id);
  JobProgress progress = steps.job().progress;
  progress.total = progress.done + (cards->end() - begin);
  for (auto card = begin; card != cards->end(); ++card) {
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "refresh: cancelled");
    const auto report = co_await feeds_.Refresh(user_id, card->id, Deadline::Never());
    ++progress.done;
    progress.current = card->name;
    if (report) {
      progress.added += report->new_articles;
      progress.unchanged += report->unchanged ? 1 : 0;
    } else if (report.error().code() == Code::kCancelled) {
      co_return report.error();
    } else {
      ++progress.skipped;
      AddNote(progress, fmt::format("{}: {}", card->name, report.error().message()));
    }
    BATON_CO_TRY(co_await steps.Save(card->id, progress));
  }
  co_return Status();
}

}  // namespace baton::workspace::jobs
