#include "workspace/org/internal/heading_edit.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "workspace/org/internal/line_syntax.h"

namespace baton::workspace::org::internal {
namespace {

std::string IndentOfLine(const OrgFile& file, std::uint32_t line_begin) {
  const std::string_view text = file.LineText(file.LineAt(line_begin));
  return std::string(text.substr(0, std::min(text.find_first_not_of(" \t"), text.size())));
}

std::string_view PlanningWord(PlannedDate::Kind kind) {
  constexpr std::array<std::string_view, 3> kWords = {"SCHEDULED:", "DEADLINE:", "CLOSED:"};
  return kWords[static_cast<std::size_t>(kind)];
}

const PlannedDate* FindPlanned(const Heading& heading, PlannedDate::Kind kind) {
  const auto found = std::ranges::find(heading.planning, kind, &PlannedDate::kind);
  return found == heading.planning.end() ? nullptr : &*found;
}

// Where the line's text ends: before its line end and the blanks there.
std::uint32_t TextEnd(const OrgFile& file, Span line) {
  std::uint32_t end = line.end;
  while (end > line.begin &&
         std::string_view(" \t\r\n").find(file.text[end - 1]) != std::string_view::npos) {
    --end;
  }
  return end;
}

// The stamp, or range of days, that is the date. What else follows the keyword, further stamps
// included, is somebody's text.
Span PlannedStamps(const PlannedDate& date) {
  if (date.stamps.empty()) return {date.keyword.end, date.keyword.end};
  const bool range = date.stamps.front().opens_range && date.stamps.size() > 1;
  return {date.stamps.front().span.begin, date.stamps[range ? 1 : 0].span.end};
}

bool IsBlankAt(const OrgFile& file, std::uint32_t at) {
  return file.text[at] == ' ' || file.text[at] == '\t';
}

bool IsBlankBetween(const OrgFile& file, Span span) {
  return file.Text(span).find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Takes a part out of the planning line, with the blanks before it or, at the line's begin, those
// behind it: the indent stays.
void RemoveFromPlanning(const OrgFile& file, Span line, Span part, Splices& splices) {
  if (IsBlankBetween(file, {line.begin, part.begin})) {
    while (part.end < line.end && IsBlankAt(file, part.end)) ++part.end;
    // The text left over must not become a heading.
    const bool stars =
        part.begin == line.begin && part.end < line.end && file.text[part.end] == '*';
    splices.Replace(part, stars ? " " : "");
    return;
  }
  while (part.begin > line.begin && IsBlankAt(file, part.begin - 1)) --part.begin;
  splices.Replace(part, "");
}

}  // namespace

std::string HeadIndent(const OrgFile& file, const Heading& heading) {
  if (!heading.planning_line.empty()) return IndentOfLine(file, heading.planning_line.begin);
  if (heading.properties < 0) return {};
  return IndentOfLine(file, file.drawers[static_cast<std::size_t>(heading.properties)].span.begin);
}

void SetPlanning(const OrgFile& file, const Heading& heading, PlannedDate::Kind kind,
                 const Stamp& stamp, Splices& splices) {
  const std::string text = FormatStamp(stamp);
  const std::string dated = fmt::format("{} {}", PlanningWord(kind), text);
  if (const PlannedDate* date = FindPlanned(heading, kind)) {
    const Span old = PlannedStamps(*date);
    splices.Replace(old, old.empty() ? " " + text : ReplaceStampText(file.Text(old), stamp));
  } else if (!heading.planning_line.empty()) {
    splices.Insert(TextEnd(file, heading.planning_line), " " + dated);
  } else {
    splices.InsertLines(file.lines[heading.line].span.end, {HeadIndent(file, heading) + dated});
  }
}

void RemovePlanning(const OrgFile& file, const Heading& heading, PlannedDate::Kind kind,
                    Splices& splices) {
  const PlannedDate* date = FindPlanned(heading, kind);
  if (date == nullptr) return;
  const Span line = heading.planning_line;
  const Span stamp = PlannedStamps(*date);
  const bool apart = !IsBlankBetween(file, {date->keyword.end, stamp.begin});
  const Span first{date->keyword.begin, apart ? date->keyword.end : stamp.end};
  if (!apart && IsBlankBetween(file, {line.begin, first.begin}) &&
      IsBlankBetween(file, {first.end, line.end})) {
    splices.Replace(line, "");
    return;
  }
  RemoveFromPlanning(file, line, first, splices);
  if (apart) RemoveFromPlanning(file, line, stamp, splices);
}

void SetProperty(const OrgFile& file, const Heading& heading, std::string_view key,
                 std::string_view value, Splices& splices) {
  const std::string line = fmt::format("{}:{}: {}", HeadIndent(file, heading), key, value);
  if (heading.properties < 0) {
    const std::string indent = HeadIndent(file, heading);
    splices.InsertLines(heading.head.end, {indent + ":PROPERTIES:", line, indent + ":END:"});
    return;
  }
  const Drawer& drawer = file.drawers[static_cast<std::size_t>(heading.properties)];
  for (const Property& property : drawer.properties) {
    if (!EqualsIgnoringCase(file.Text(property.key), key)) continue;
    const bool empty = property.value.empty();
    splices.Replace(property.value, empty ? fmt::format(" {}", value) : std::string(value));
    return;
  }
  const std::size_t end_line = file.LineAt(drawer.span.end - 1);
  const std::string indent = IndentOfLine(file, drawer.span.begin);
  splices.InsertLines(file.lines[end_line].span.begin,
                      {fmt::format("{}:{}: {}", indent, key, value)});
}

void SetState(const Heading& heading, std::string_view word, Splices& splices) {
  splices.Replace(heading.keyword, std::string(word));
}

void SetTags(const OrgFile& file, const Heading& heading, const std::vector<std::string>& tags,
             Splices& splices) {
  if (!heading.tags.empty()) {
    splices.Replace(heading.tags, JoinTags(tags));
  } else {
    const std::uint32_t end =
        std::max(TextEnd(file, file.lines[heading.line].span), heading.stars.end);
    splices.Insert(end, " " + JoinTags(tags));
  }
}

std::string JoinTags(const std::vector<std::string>& tags) {
  std::string out = ":";
  for (const std::string& tag : tags) out += tag + ":";
  return out;
}

}  // namespace baton::workspace::org::internal
