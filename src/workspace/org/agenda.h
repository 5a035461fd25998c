// What is due when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workspace/org/entry.h"

namespace baton::workspace::org {

struct AgendaEntry {
  enum class Kind { kScheduled, kDeadline, kEvent };
  Kind kind = Kind::kEvent;
  Day day;                    // under which it is shown
  std::optional<int> minute;  // of the day
  std::optional<int> end_minute;
  // Today's view of another day: above 0, a task that was due so many days ago; below 0, a
  // deadline that comes in so many.
  int days_late = 0;
  Item item;  // without its content
};

struct AgendaRange {
  Day first;
  Day last;  // included
  Day today;
};

// Without a "-3d" of its own a deadline is announced so many days ahead, as in Org.
inline constexpr int kDeadlineWarningDays = 14;
// Repeats of one stamp, and entries in all, that are listed.
inline constexpr int kMaxRepeats = 1000;
inline constexpr std::size_t kMaxAgendaEntries = 10'000;

// Appends what `file` has for the range: open tasks on the days they are scheduled or due, with
// their repeats; what is overdue and which deadlines come up, under today; and every active
// stamp in a title or text on its day, ranges on each of theirs. Left out: what is done (but not
// its stamps in text), what stands under a heading that begins with COMMENT or is tagged
// ARCHIVE, and diary expressions.
void CollectAgenda(const IndexedFile& file, const AgendaRange& range,
                   std::vector<AgendaEntry>& agenda);

// By day and time, what has no time last; then as in the files.
void SortAgenda(std::vector<AgendaEntry>& agenda);

}  // namespace baton::workspace::org
