#include "workspace/jobs/job.h"

#include <array>
#include <utility>

namespace baton::workspace::jobs {
namespace {

constexpr std::array<std::pair<JobKind, std::string_view>, 3> kJobKinds{{
    {JobKind::kImport, "import"},
    {JobKind::kCrawl, "crawl"},
    {JobKind::kFeeds, "feeds"},
}};

constexpr std::array<std::pair<JobState, std::string_view>, 5> kJobStates{{
    {JobState::kQueued, "queued"},
    {JobState::kRunning, "running"},
    {JobState::kCompleted, "completed"},
    {JobState::kFailed, "failed"},
    {JobState::kCancelled, "cancelled"},
}};

template <typename Names, typename Value>
std::string_view NameIn(const Names& names, Value value) {
  for (const auto& [each, name] : names) {
    if (each == value) return name;
  }
  return "unknown";
}

}  // namespace

std::string_view JobKindName(JobKind kind) { return NameIn(kJobKinds, kind); }
std::string_view JobStateName(JobState state) { return NameIn(kJobStates, state); }

Result<JobKind> ParseJobKind(std::string_view name) {
  for (const auto& [kind, known] : kJobKinds) {
    if (name == known) return kind;
  }
  return Fail(Code::kInvalidArgument, "job kind '{}' is none of import, crawl, feeds", name);
}

Result<JobState> ParseJobState(std::string_view name) {
  for (const auto& [state, known] : kJobStates) {
    if (name == known) return state;
  }
  return Fail(Code::kInvalidArgument,
              "job state '{}' is none of queued, running, completed, failed, cancelled", name);
}

}  // namespace baton::workspace::jobs
