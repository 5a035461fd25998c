#include "workspace/org/agenda.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace baton::workspace::org {
namespace {

using std::chrono::days;
using AgendaKind = AgendaEntry::Kind;

constexpr int kDaysOfWeek = 7;
constexpr int kDaysOfMonth = 31;
constexpr int kDaysOfYear = 366;

int DaysBetween(Day from, Day to) { return static_cast<int>((to - from).count()); }

// A number of repeats after which the stamp is surely not yet at `day`, so that a daily task
// of years ago is not counted up one by one.
int RepeatsBefore(const Stamp& stamp, Day day) {
  const int gap = DaysBetween(stamp.day, day);
  const int count = stamp.repeater->interval.count;
  if (gap <= 0) return 0;
  switch (stamp.repeater->interval.unit) {
    case TimeUnit::kHour:
      return std::max(0, (gap - 1) * 24 / count);
    case TimeUnit::kDay:
      return gap / count;
    case TimeUnit::kWeek:
      return gap / kDaysOfWeek / count;
    case TimeUnit::kMonth:
      return std::max(0, gap / kDaysOfMonth / count - 1);
    case TimeUnit::kYear:
      break;
  }
  return std::max(0, gap / kDaysOfYear / count - 1);
}

int WarningDays(const Stamp& stamp) {
  if (!stamp.warning) return kDeadlineWarningDays;
  const int count = stamp.warning->count;
  switch (stamp.warning->unit) {
    case TimeUnit::kHour:
      return 0;
    case TimeUnit::kDay:
      return count;
    case TimeUnit::kWeek:
      return count * kDaysOfWeek;
    case TimeUnit::kMonth:
      return count * kDaysOfMonth;
    case TimeUnit::kYear:
      break;
  }
  return count * kDaysOfYear;
}

Item WithoutContent(Item item) {
  item.content.clear();
  return item;
}

// The agenda of one heading.
class HeadingAgenda {
 public:
  HeadingAgenda(const IndexedFile& file, const Entry& entry, const AgendaRange& range,
                std::vector<AgendaEntry>& agenda)
      : range_(range), agenda_(agenda), item_(WithoutContent(DescribeEntry(file, entry))) {}

  void AddTask(AgendaKind kind, const Stamp& stamp) {
    const bool shows_today = range_.first <= range_.today && range_.today <= range_.last;
    const int late = DaysBetween(stamp.day, range_.today);
    if (InRange(stamp.day)) Add(kind, stamp, stamp.begin(), 0);
    if (shows_today && late > 0) AddToday(kind, stamp, late);
    const bool announced = kind == AgendaKind::kDeadline && late < 0 && stamp.day > range_.last;
    if (shows_today && announced && -late <= WarningDays(stamp)) AddToday(kind, stamp, late);
    if (stamp.repeats()) AddRepeats(kind, stamp, std::max(stamp.day, range_.today) + days(1));
  }

  void AddEvent(const Stamp& stamp, const Stamp* last) {
    const Day end = last == nullptr ? stamp.day : last->day;
    for (Day day = std::max(stamp.day, range_.first); day <= std::min(end, range_.last);
         day += days(1)) {
      Add(AgendaKind::kEvent, stamp, day + (stamp.begin() - stamp.day), 0);
    }
    if (last == nullptr && stamp.repeats()) {
      AddRepeats(AgendaKind::kEvent, stamp, stamp.day + days(1));
    }
  }

 private:
  bool InRange(Day day) const { return range_.first <= day && day <= range_.last; }

  // Repeats on `from` and later, within the range.
  void AddRepeats(AgendaKind kind, const Stamp& stamp, Day from) {
    from = std::max(from, range_.first);
    if (stamp.repeater->interval.unit == TimeUnit::kHour && !stamp.minute) return;
    int repeat = std::max(1, RepeatsBefore(stamp, from));
    for (int listed = 0; listed < kMaxRepeats; ++repeat) {
      const LocalMinute at = Later(stamp.begin(), stamp.repeater->interval, repeat);
      const Day day = std::chrono::floor<days>(at);
      if (day > range_.last) return;
      if (day < from) continue;
      Add(kind, stamp, at, 0);
      ++listed;
    }
  }

  void AddToday(AgendaKind kind, const Stamp& stamp, int late) {
    Add(kind, stamp, range_.today + (stamp.begin() - stamp.day), late);
  }

  void Add(AgendaKind kind, const Stamp& stamp, LocalMinute at, int late) {
    if (agenda_.size() >= kMaxAgendaEntries) return;
    const Day day = std::chrono::floor<days>(at);
    AgendaEntry entry{.kind = kind, .day = day, .days_late = late, .item = item_};
    if (stamp.minute) entry.minute = static_cast<int>((at - day).count());
    if (stamp.repeater && stamp.repeater->interval.unit == TimeUnit::kHour) {
      agenda_.push_back(std::move(entry));
      return;
    }
    entry.end_minute = stamp.end_minute;
    agenda_.push_back(std::move(entry));
  }

  const AgendaRange& range_;
  std::vector<AgendaEntry>& agenda_;
  const Item item_;
};

// Whether Org leaves the heading and all below it out of agendas.
bool IsHidden(const OrgFile& org, const Heading& heading) {
  const std::string_view title = org.Text(heading.title);
  if (title == "COMMENT" || title.starts_with("COMMENT ")) return true;
  const std::vector<std::string> tags = SplitTags(org.Text(heading.tags));
  return std::ranges::find(tags, "ARCHIVE") != tags.end();
}

void CollectHeading(const IndexedFile& file, const Entry& entry, const AgendaRange& range,
                    std::vector<AgendaEntry>& agenda) {
  const OrgFile& org = file.org;
  const Heading& heading = org.headings[static_cast<std::size_t>(entry.index)];
  const auto first = std::ranges::lower_bound(org.stamps, heading.section.begin, {},
                                              [](const StampAt& each) { return each.span.begin; });
  const bool has_events = first != org.stamps.end() && first->span.end <= heading.section.end;
  if (heading.planning.empty() && !has_events) return;
  HeadingAgenda own(file, entry, range, agenda);
  const bool done = org.todo.IsDone(org.Text(heading.keyword));
  for (const PlannedDate& date : heading.planning) {
    if (done || date.kind == PlannedDate::Kind::kClosed) continue;
    const bool scheduled = date.kind == PlannedDate::Kind::kScheduled;
    for (const StampAt& each : date.stamps) {
      if (!each.stamp.active) continue;
      own.AddTask(scheduled ? AgendaKind::kScheduled : AgendaKind::kDeadline, each.stamp);
    }
  }
  for (auto each = first; each != org.stamps.end() && each->span.end <= heading.section.end;
       ++each) {
    const Stamp* last = nullptr;
    const StampAt& opening = *each;
    if (opening.opens_range && each + 1 != org.stamps.end()) last = &(++each)->stamp;
    if (opening.stamp.active) own.AddEvent(opening.stamp, last);
  }
}

}  // namespace

void CollectAgenda(const IndexedFile& file, const AgendaRange& range,
                   std::vector<AgendaEntry>& agenda) {
  std::uint32_t hidden_end = 0;
  for (const Entry& entry : file.entries) {
    if (entry.kind != Entry::Kind::kHeading) continue;
    const Heading& heading = file.org.headings[static_cast<std::size_t>(entry.index)];
    if (heading.section.begin < hidden_end) continue;
    if (IsHidden(file.org, heading)) {
      hidden_end = heading.subtree.end;
      continue;
    }
    CollectHeading(file, entry, range, agenda);
  }
}

void SortAgenda(std::vector<AgendaEntry>& agenda) {
  std::vector<std::size_t> order(agenda.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t index) {
    constexpr int kNoTime = 24 * 60;
    return std::tuple(agenda[index].day, agenda[index].minute.value_or(kNoTime), index);
  });
  std::vector<AgendaEntry> sorted;
  sorted.reserve(agenda.size());
  for (const std::size_t index : order) sorted.push_back(std::move(agenda[index]));
  agenda = std::move(sorted);
}

}  // namespace baton::workspace::org
