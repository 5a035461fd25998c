#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "workspace/org/edit.h"
#include "workspace/org/internal/heading_edit.h"
#include "workspace/org/internal/line_syntax.h"
#include "workspace/org/internal/splice.h"

namespace baton::workspace::org {
namespace {

constexpr std::size_t kMaxEntryBytes = std::size_t{256} << 10U;
constexpr std::array<std::string_view, 5> kEntryKinds = {"todo", "checkbox", "event", "contact",
                                                         "plain"};
// Below a heading or behind a bullet: so a line of text cannot become a heading.
constexpr std::string_view kTextIndent = "  ";

std::vector<std::string> TextLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  while (!lines.empty() && internal::IsBlank(lines.back())) lines.pop_back();
  while (!lines.empty() && internal::IsBlank(lines.front())) lines.erase(lines.begin());
  return lines;
}

// The stamp of the new entry; no text if it is not dated.
Result<std::string> DateOf(const NewEntry& entry) {
  if (entry.schedule.empty()) {
    if (entry.repeater.empty()) return std::string();
    return Fail(Code::kInvalidArgument, "repeater '{}' needs a schedule", entry.repeater);
  }
  Result<Stamp> stamp = ParseStamp(entry.schedule);
  if (!stamp) return Fail(std::move(stamp).error());
  stamp->active = true;
  if (!entry.repeater.empty()) {
    Result<Repeater> repeater = ParseRepeater(entry.repeater);
    if (!repeater) return Fail(std::move(repeater).error());
    stamp->repeater = *repeater;
  }
  return FormatStamp(*stamp);
}

Result<std::vector<std::string>> CleanTags(const std::vector<std::string>& tags) {
  if (tags.size() > kMaxTags) {
    return Fail(Code::kInvalidArgument, "{} tags: at most {}", tags.size(), kMaxTags);
  }
  std::vector<std::string> clean;
  for (const std::string& tag : tags) {
    Result<std::string> one = CleanTag(tag);
    if (!one) return Fail(std::move(one).error());
    if (std::ranges::find(clean, *one) == clean.end()) clean.push_back(*std::move(one));
  }
  return clean;
}

Status CheckProperty(std::string_view key, std::string_view value) {
  const bool reserved =
      internal::EqualsIgnoringCase(key, "ID") || internal::EqualsIgnoringCase(key, "CREATED");
  if (key.empty() || reserved || key.find_first_of(" \t\r\n:") != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "'{}' cannot be the name of a property", key);
  }
  if (value.find_first_of("\r\n") != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "property '{}': the value has several lines", key);
  }
  return {};
}

Status CheckEntry(const NewEntry& entry, const std::vector<std::string>& lines) {
  if (std::ranges::find(kEntryKinds, entry.kind) == kEntryKinds.end()) {
    return Fail(Code::kInvalidArgument, "kind '{}': not known; there are {}", entry.kind,
                fmt::join(kEntryKinds, ", "));
  }
  if (lines.empty()) return Fail(Code::kInvalidArgument, "the text is empty");
  if (entry.text.size() > kMaxEntryBytes) {
    return Fail(Code::kInvalidArgument, "the text has {} bytes: the limit is {}", entry.text.size(),
                kMaxEntryBytes);
  }
  if (entry.kind == "checkbox" && !entry.properties.empty()) {
    return Fail(Code::kInvalidArgument, "a checkbox has no properties: use another kind");
  }
  for (const auto& [key, value] : entry.properties) BATON_TRY(CheckProperty(key, value));
  return {};
}

std::string Trimmed(std::string_view text) {
  const internal::Range range = internal::TrimRange(text, {0, text.size()});
  return std::string(text.substr(range.begin, range.end - range.begin));
}

// "* TODO text :tags:" and what belongs below it.
std::vector<std::string> HeadingLines(const OrgFile& file, const NewEntry& entry,
                                      const std::vector<std::string>& text, const std::string& date,
                                      std::string_view id, LocalMinute now) {
  std::string first = "* ";
  if (entry.kind == "todo") first += file.todo.sequences().front().open.front() + " ";
  first += Trimmed(text.front());
  if (!entry.tags.empty()) first += " " + internal::JoinTags(entry.tags);
  std::vector<std::string> lines = {first};
  const bool event = entry.kind == "event";
  if (!date.empty() && !event) lines.push_back("SCHEDULED: " + date);
  lines.insert(lines.end(), {":PROPERTIES:", fmt::format(":ID: {}", id),
                             fmt::format(":CREATED: [{}]", FormatMinute(now))});
  for (const auto& [key, value] : entry.properties) {
    lines.push_back(fmt::format(":{}: {}", key, Trimmed(value)));
  }
  lines.emplace_back(":END:");
  if (!date.empty() && event) lines.push_back(date);
  return lines;
}

std::vector<std::string> BoxLines(const NewEntry& entry, const std::vector<std::string>& text,
                                  const std::string& date) {
  std::string first = "- [ ] " + Trimmed(text.front());
  if (!date.empty()) first += " " + date;
  if (!entry.tags.empty()) first += " " + internal::JoinTags(entry.tags);
  return {first};
}

// Behind the last line before the first heading that is not blank.
std::uint32_t EndOfPreamble(const OrgFile& file) {
  std::uint32_t at = file.lines.empty() ? static_cast<std::uint32_t>(file.text.size())
                                        : file.lines.front().span.begin;
  for (const Line& line : file.lines) {
    if (line.kind == LineKind::kHeading) break;
    if (line.kind != LineKind::kBlank) at = line.span.end;
  }
  return at;
}

// A text may hold what ends a block or opens a drawer; then more or less than one entry is there.
Status CheckAdded(const OrgFile& before, const Edited& edited, bool heading) {
  const Result<OrgFile> after = ParseOrgFile(edited.text);
  if (!after) return after.error();
  const std::size_t line = after->LineAt(edited.at);
  const LineKind wanted = heading ? LineKind::kHeading : LineKind::kListItem;
  if (after->headings.size() == before.headings.size() + (heading ? 1 : 0) &&
      after->lines[line].kind == wanted) {
    return {};
  }
  return Fail(Code::kInvalidArgument, "the text would not be read as one entry");
}

}  // namespace

Result<Edited> AddEntry(const OrgFile& file, const NewEntry& entry, std::string_view id,
                        LocalMinute now) {
  const std::vector<std::string> text = TextLines(entry.text);
  BATON_TRY(CheckEntry(entry, text));
  const Result<std::string> date = DateOf(entry);
  if (!date) return Fail(date.error());
  Result<std::vector<std::string>> tags = CleanTags(entry.tags);
  if (!tags) return Fail(std::move(tags).error());
  NewEntry clean = entry;
  clean.tags = *std::move(tags);
  const bool heading = entry.kind != "checkbox";
  std::vector<std::string> lines =
      heading ? HeadingLines(file, clean, text, *date, id, now) : BoxLines(clean, text, *date);
  for (auto line = text.begin() + 1; line != text.end(); ++line) {
    lines.push_back(internal::IsBlank(*line) ? std::string() : std::string(kTextIndent) + *line);
  }
  const auto end = static_cast<std::uint32_t>(file.text.size());
  const std::uint32_t at = heading ? end : EndOfPreamble(file);
  internal::Splices splices(file);
  splices.InsertLines(at, lines);
  Edited edited{.text = splices.Apply(), .at = at};
  // A last line without an end has been given one.
  if (!internal::BeginsLine(file, at)) {
    edited.at += static_cast<std::uint32_t>(file.line_end().size());
  }
  BATON_TRY(CheckAdded(file, edited, heading));
  return edited;
}

}  // namespace baton::workspace::org
