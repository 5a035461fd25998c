#include "workspace/org/edit.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "workspace/org/internal/heading_edit.h"
#include "workspace/org/internal/line_syntax.h"
#include "workspace/org/internal/splice.h"
#include "workspace/org/internal/statistics.h"

namespace baton::workspace::org {
namespace {

using internal::Splices;
using Kind = PlannedDate::Kind;

constexpr std::size_t kMaxTitleBytes = 2000;

const Heading& HeadingOf(const OrgFile& file, const Entry& entry) {
  return file.headings[static_cast<std::size_t>(entry.index)];
}

const ListItem& ItemOf(const OrgFile& file, const Entry& entry) {
  return file.items[static_cast<std::size_t>(entry.index)];
}

std::uint32_t LineBegin(const OrgFile& file, const Entry& entry) {
  const bool heading = entry.kind == Entry::Kind::kHeading;
  const std::uint32_t line = heading ? HeadingOf(file, entry).line : ItemOf(file, entry).line;
  return file.lines[line].span.begin;
}

// Whether "#+STARTUP:" has the word.
bool StartupSays(const OrgFile& file, std::string_view word) {
  return std::ranges::any_of(file.keywords, [&](const Keyword& keyword) {
    if (!internal::EqualsIgnoringCase(file.Text(keyword.key), "startup")) return false;
    const std::string padded = fmt::format(" {} ", file.Text(keyword.value));
    return padded.find(fmt::format(" {} ", word)) != std::string::npos;
  });
}

// The stamps that move when the task is done: those with a repeater in its planning and text.
std::vector<StampAt> RepeatingStamps(const OrgFile& file, const Heading& heading) {
  std::vector<StampAt> stamps;
  for (const PlannedDate& date : heading.planning) {
    if (date.kind == Kind::kClosed) continue;
    std::ranges::copy(date.stamps, std::back_inserter(stamps));
  }
  for (const StampAt& each : file.stamps) {
    if (heading.section.Contains(each.span)) stamps.push_back(each);
  }
  std::erase_if(stamps,
                [](const StampAt& each) { return !each.stamp.active || !each.stamp.repeats(); });
  return stamps;
}

Status MoveOn(const OrgFile& file, const Heading& heading, const std::vector<StampAt>& stamps,
              LocalMinute now, Splices& splices) {
  for (const StampAt& each : stamps) {
    Result<Stamp> next = NextRepeat(each.stamp, now);
    if (!next) return std::move(next).error();
    splices.Replace(each.span, MoveStampText(file.Text(each.span), each.stamp, *next));
  }
  internal::SetProperty(file, heading, "LAST_REPEAT", "[" + FormatMinute(now) + "]", splices);
  return {};
}

Stamp InactiveStamp(LocalMinute at) {
  const Day day = std::chrono::floor<std::chrono::days>(at);
  Stamp stamp{.active = false, .day = day};
  stamp.minute = static_cast<int>((at - day).count());
  return stamp;
}

Status ToggleHeading(const OrgFile& file, const Heading& heading, LocalMinute now,
                     Splices& splices) {
  const std::string_view word = file.Text(heading.keyword);
  const TodoSequence* sequence = file.todo.Find(word);
  if (word.empty() || sequence == nullptr) {
    return Fail(Code::kFailedPrecondition, "'{}' is no task: it has no state such as TODO",
                file.Text(heading.title));
  }
  if (file.todo.IsDone(word)) {
    internal::SetState(heading, sequence->open.front(), splices);
    internal::RemovePlanning(file, heading, Kind::kClosed, splices);
    return {};
  }
  const std::vector<StampAt> repeating = RepeatingStamps(file, heading);
  if (!repeating.empty()) {
    internal::SetState(heading, sequence->open.front(), splices);
    return MoveOn(file, heading, repeating, now, splices);
  }
  internal::SetState(heading, sequence->done.front(), splices);
  if (StartupSays(file, "logdone")) {
    internal::SetPlanning(file, heading, Kind::kClosed, InactiveStamp(now), splices);
  }
  return {};
}

Status ToggleBox(const OrgFile& file, const Entry& entry, Splices& splices) {
  const ListItem& item = ItemOf(file, entry);
  if (item.checkbox.empty()) {
    return Fail(Code::kFailedPrecondition, "'{}' has no checkbox", file.Text(item.text));
  }
  if (internal::HasSubBoxes(file, entry.index)) {
    return Fail(Code::kFailedPrecondition,
                "the box of '{}' follows from those below it: change these", file.Text(item.text));
  }
  const std::uint32_t mark = item.checkbox.begin + 1;
  const bool ticked = file.text[mark] == 'X' || file.text[mark] == 'x';
  splices.Replace({mark, mark + 1}, ticked ? " " : "X");
  return {};
}

Edited Finish(const Splices& splices, std::uint32_t line_begin) {
  return {.text = splices.Apply(), .at = splices.Moved(line_begin)};
}

// The text of the entry's first line as it is read back.
struct ReadBack {
  std::string title;
  std::string state;
  std::string scheduled;
  std::size_t tags = 0;
  std::size_t headings = 0;
  std::size_t items = 0;
};

Result<ReadBack> ReadAt(std::string text, std::uint32_t at) {
  Result<OrgFile> file = ParseOrgFile(std::move(text));
  if (!file) return Fail(std::move(file).error());
  const IndexedFile index = IndexEntries("", "", *std::move(file));
  const Entry* entry = index.AtLine(index.org.LineAt(at));
  if (entry == nullptr) return ReadBack();
  const Item item = DescribeEntry(index, *entry);
  return ReadBack{.title = item.title,
                  .state = item.state,
                  .scheduled = item.scheduled,
                  .tags = item.tags.size(),
                  .headings = index.org.headings.size(),
                  .items = index.org.items.size()};
}

std::string_view TrimBlanks(std::string_view text) {
  const internal::Range range = internal::TrimRange(text, {0, text.size()});
  return text.substr(range.begin, range.end - range.begin);
}

Status CheckTitle(std::string_view title) {
  if (title.empty()) return Fail(Code::kInvalidArgument, "the new text is empty");
  if (title.find_first_of("\r\n") != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "the new text has several lines: a title has one");
  }
  if (title.size() > kMaxTitleBytes) {
    return Fail(Code::kInvalidArgument, "the new text has {} bytes: the limit is {}", title.size(),
                kMaxTitleBytes);
  }
  return {};
}

// The active stamp in a list item's text that stands for its date.
const StampAt* DateOfItem(const OrgFile& file, const ListItem& item) {
  const auto found = std::ranges::find_if(file.stamps, [&](const StampAt& each) {
    return each.stamp.active && item.text.Contains(each.span);
  });
  return found == file.stamps.end() ? nullptr : &*found;
}

// The same as written, to the end of its range of days.
std::string_view DateTextOfItem(const OrgFile& file, const ListItem& item) {
  const StampAt* date = DateOfItem(file, item);
  if (date == nullptr) return {};
  const StampAt* last = date->opens_range && date != &file.stamps.back() ? date + 1 : date;
  return file.Text({date->span.begin, last->span.end});
}

void ReplaceTitle(const OrgFile& file, const Entry& entry, std::string_view title,
                  Splices& splices) {
  Span old;
  if (entry.kind == Entry::Kind::kHeading) {
    old = HeadingOf(file, entry).title;
  } else {
    const ListItem& item = ItemOf(file, entry);
    old = {item.text.begin, ItemTags(file, item).begin};
    while (old.end > old.begin && file.text[old.end - 1] == ' ') --old.end;
  }
  // Where there was no title, there may be no blanks around it either.
  std::string text(title);
  const auto is_blank = [&](std::uint32_t at) {
    return file.text[at] == ' ' || file.text[at] == '\t';
  };
  if (old.begin > 0 && !is_blank(old.begin - 1)) text.insert(0, " ");
  const bool word_follows = old.end < file.text.size() && file.text[old.end] == ':';
  if (old.empty() && word_follows) text += " ";
  splices.Replace(old, std::move(text));
}

// Appends a word to the first line of a list item, before its tags.
void AppendToItem(const OrgFile& file, const ListItem& item, std::string_view word,
                  Splices& splices) {
  const Span tags = ItemTags(file, item);
  if (!tags.empty()) {
    splices.Insert(tags.begin, fmt::format("{} ", word));
    return;
  }
  std::uint32_t end = item.text.end;
  if (item.text.empty()) end = std::max(item.checkbox.end, item.bullet.end);
  splices.Insert(end, fmt::format(" {}", word));
}

// kInvalidArgument if the entry is then anything but itself with another title; a list item's
// date, which stands in its text, may change but not go.
Result<Edited> Retitle(const OrgFile& file, const Entry& entry, std::string_view title,
                       const ReadBack& before) {
  Splices splices(file);
  ReplaceTitle(file, entry, title, splices);
  Edited edited = Finish(splices, LineBegin(file, entry));
  const Result<ReadBack> after = ReadAt(edited.text, edited.at);
  if (!after) return Fail(after.error());
  const bool undated = after->scheduled.empty() && !before.scheduled.empty();
  if (undated || after->title != title || after->state != before.state ||
      after->tags != before.tags || after->headings != before.headings ||
      after->items != before.items) {
    return Fail(Code::kInvalidArgument,
                "'{}' would be read as more than a title (a state, priority or tags)", title);
  }
  return edited;
}

}  // namespace

Result<Edited> ToggleEntry(const OrgFile& file, const Entry& entry, LocalMinute now) {
  Splices splices(file);
  BATON_TRY(entry.kind == Entry::Kind::kHeading
                ? ToggleHeading(file, HeadingOf(file, entry), now, splices)
                : ToggleBox(file, entry, splices));
  return internal::UpdateStatistics(Finish(splices, LineBegin(file, entry)));
}

Result<Edited> SetEntryTitle(const OrgFile& file, const Entry& entry, std::string_view title) {
  const std::string_view trimmed = TrimBlanks(title);
  BATON_TRY(CheckTitle(trimmed));
  const Result<ReadBack> before = ReadAt(file.text, LineBegin(file, entry));
  if (!before) return Fail(before.error());
  Result<Edited> edited = Retitle(file, entry, trimmed, *before);
  if (edited || before->scheduled.empty() || entry.kind == Entry::Kind::kHeading) return edited;
  const std::string_view date = DateTextOfItem(file, ItemOf(file, entry));
  return Retitle(file, entry, fmt::format("{} {}", trimmed, date), *before);
}

Result<Edited> ScheduleEntry(const OrgFile& file, const Entry& entry, const Stamp& stamp) {
  Stamp active = stamp;
  active.active = true;
  Splices splices(file);
  if (entry.kind == Entry::Kind::kHeading) {
    internal::SetPlanning(file, HeadingOf(file, entry), Kind::kScheduled, active, splices);
  } else if (const StampAt* old = DateOfItem(file, ItemOf(file, entry))) {
    splices.Replace(old->span, ReplaceStampText(file.Text(old->span), active));
  } else {
    AppendToItem(file, ItemOf(file, entry), FormatStamp(active), splices);
  }
  return Finish(splices, LineBegin(file, entry));
}

Result<Edited> TagEntry(const OrgFile& file, const Entry& entry,
                        const std::vector<std::string>& tags) {
  if (tags.empty()) return Fail(Code::kInvalidArgument, "no tags are given");
  if (tags.size() > kMaxTags) {
    return Fail(Code::kInvalidArgument, "{} tags: at most {}", tags.size(), kMaxTags);
  }
  const bool heading = entry.kind == Entry::Kind::kHeading;
  const Span old = heading ? HeadingOf(file, entry).tags : ItemTags(file, ItemOf(file, entry));
  std::vector<std::string> all = SplitTags(file.Text(old));
  const std::size_t before = all.size();
  for (const std::string& tag : tags) {
    Result<std::string> clean = CleanTag(tag);
    if (!clean) return Fail(std::move(clean).error());
    if (std::ranges::find(all, *clean) == all.end()) all.push_back(*std::move(clean));
  }
  Splices splices(file);
  if (all.size() == before) return Finish(splices, LineBegin(file, entry));
  if (heading) {
    internal::SetTags(file, HeadingOf(file, entry), all, splices);
  } else if (!old.empty()) {
    splices.Replace(old, internal::JoinTags(all));
  } else if (ItemOf(file, entry).text.empty()) {
    return Fail(Code::kFailedPrecondition, "a list item without text cannot have tags");
  } else {
    splices.Insert(ItemOf(file, entry).text.end, " " + internal::JoinTags(all));
  }
  return Finish(splices, LineBegin(file, entry));
}

Result<std::string> CleanTag(std::string_view tag) {
  std::string_view bare = TrimBlanks(tag);
  while (bare.starts_with(':')) bare.remove_prefix(1);
  while (bare.ends_with(':')) bare.remove_suffix(1);
  std::string clean(bare);
  std::ranges::replace(clean, ' ', '_');
  std::ranges::replace(clean, '-', '_');
  const std::string line = "x :" + clean + ":";
  const auto read = internal::TrailingTags(line);
  const bool one = read && read->begin == 2 && clean.find(':') == std::string::npos;
  if (clean.empty() || !one || clean.size() > kMaxTitleBytes) {
    return Fail(Code::kInvalidArgument, "'{}' is no tag: letters, digits, _ @ # % can be in one",
                tag);
  }
  return clean;
}

Edited AppendText(const OrgFile& file, std::string_view text) {
  const std::string lines = internal::WithLineEnds(text, file.line_end());
  std::string out = file.text;
  const bool begins_line = internal::BeginsLine(file, static_cast<std::uint32_t>(out.size()));
  if (!begins_line) out += file.line_end();
  const auto at = static_cast<std::uint32_t>(out.size());
  out += lines;
  if (!lines.empty() && !lines.ends_with('\n')) out += file.line_end();
  return {.text = std::move(out), .at = at};
}

}  // namespace baton::workspace::org
