#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "workspace/org/edit.h"
#include "workspace/org/internal/heading_edit.h"
#include "workspace/org/internal/splice.h"

namespace baton::workspace::org {
namespace {

using internal::Splices;

constexpr std::string_view kArchiveMark = "# -*- mode: org -*-";

bool HasBox(const OrgFile& file, const ListItem& item, std::string_view marks) {
  return !item.checkbox.empty() &&
         marks.find(file.text[item.checkbox.begin + 1]) != std::string_view::npos;
}

// Those of an ordered list that lie within `span`.
template <typename List, typename Place>
auto Within(const List& list, Span span, Place place) {
  const auto first = std::ranges::lower_bound(list, span.begin, {}, place);
  return std::ranges::subrange(first,
                               std::ranges::lower_bound(first, list.end(), span.end, {}, place));
}

auto HeadingsWithin(const OrgFile& file, Span span) {
  return Within(file.headings, span, [](const Heading& each) { return each.section.begin; });
}

// Done, and nothing open below it.
bool IsArchivable(const OrgFile& file, const Heading& heading) {
  if (!file.todo.IsDone(file.Text(heading.keyword))) return false;
  return std::ranges::none_of(HeadingsWithin(file, heading.subtree), [&](const Heading& below) {
    return !below.keyword.empty() && !file.todo.IsDone(file.Text(below.keyword));
  });
}

// Ticked, of no list item above and of no task, and nothing open below it.
bool IsArchivable(const OrgFile& file, const ListItem& item) {
  if (item.parent >= 0 || !HasBox(file, item, "Xx")) return false;
  if (item.heading >= 0 && !file.headings[static_cast<std::size_t>(item.heading)].keyword.empty()) {
    return false;
  }
  const auto below =
      Within(file.items, item.span, [](const ListItem& each) { return each.span.begin; });
  return std::ranges::none_of(below,
                              [&](const ListItem& each) { return HasBox(file, each, " -"); });
}

// The text of `span` with the stars of its headings changed by `by`.
std::string Releveled(const OrgFile& file, Span span, int by) {
  std::string out;
  std::uint32_t at = span.begin;
  for (const Heading& heading : HeadingsWithin(file, span)) {
    out += file.Text({at, heading.stars.begin});
    out += std::string(static_cast<std::size_t>(heading.level + by), '*');
    at = heading.stars.end;
  }
  return out += file.Text({at, span.end});
}

std::string OutlinePath(const OrgFile& file, const Heading& heading) {
  std::vector<std::string_view> titles;
  for (int above = heading.parent; above >= 0;) {
    const Heading& parent = file.headings[static_cast<std::size_t>(above)];
    titles.insert(titles.begin(), file.Text(parent.title));
    above = parent.parent;
  }
  return fmt::format("{}", fmt::join(titles, "/"));
}

// The subtree as it goes to the archive: at the top level, and saying where it comes from.
std::string ArchivedSubtree(const OrgFile& file, const Heading& heading, std::string_view path,
                            LocalMinute now) {
  std::string text = Releveled(file, heading.subtree, 1 - heading.level);
  std::vector<std::pair<std::string, std::string>> origin = {{"ARCHIVE_TIME", FormatMinute(now)},
                                                             {"ARCHIVE_FILE", std::string(path)}};
  const std::string above = OutlinePath(file, heading);
  if (!above.empty()) origin.emplace_back("ARCHIVE_OLPATH", above);
  origin.emplace_back("ARCHIVE_TODO", file.Text(heading.keyword));
  for (const auto& [key, value] : origin) {
    // Parsed anew, since each property may need the drawer that the one before has made.
    Result<OrgFile> moved = ParseOrgFile(text);
    if (!moved || moved->headings.empty()) return text;
    Splices splices(*moved);
    internal::SetProperty(*moved, moved->headings.front(), key, value, splices);
    text = splices.Apply();
  }
  return text;
}

struct ArchiveParts {
  std::string boxes;
  std::string headings;
  std::vector<Span> taken;
};

void TakeHeadings(const OrgFile& file, std::string_view path, LocalMinute now,
                  ArchiveParts& parts) {
  std::uint32_t behind = 0;  // the subtree taken last
  for (const Heading& heading : file.headings) {
    if (heading.section.begin < behind || !IsArchivable(file, heading)) continue;
    std::string text = ArchivedSubtree(file, heading, path, now);
    if (!text.ends_with('\n')) text += file.line_end();
    parts.headings += text;
    parts.taken.push_back(heading.subtree);
    behind = heading.subtree.end;
  }
}

void TakeBoxes(const OrgFile& file, ArchiveParts& parts) {
  const std::vector<Span> subtrees = parts.taken;  // in the order of the text
  for (const ListItem& item : file.items) {
    if (!IsArchivable(file, item)) continue;
    const auto behind = std::ranges::upper_bound(subtrees, item.span.begin, {}, &Span::begin);
    if (behind != subtrees.begin() && std::prev(behind)->Contains(item.span)) continue;
    parts.boxes += file.Text(item.span);
    if (!parts.boxes.ends_with('\n')) parts.boxes += file.line_end();
    parts.taken.push_back(item.span);
  }
  std::ranges::sort(parts.taken, {}, &Span::begin);
}

// Boxes go before the archive's first heading, headings to its end.
std::string AddToArchive(const OrgFile& archive, const ArchiveParts& parts) {
  const std::string_view line_end = archive.line_end();
  std::string text = archive.text;
  if (text.empty()) text = std::string(kArchiveMark).append("\n\n");
  if (!text.ends_with('\n')) text += line_end;
  const std::size_t first =
      archive.headings.empty() ? text.size() : archive.headings.front().section.begin;
  text.insert(first, internal::WithLineEnds(parts.boxes, line_end));
  return text += internal::WithLineEnds(parts.headings, line_end);
}

// Where text goes that is to be the last of `under`, or of the file.
struct Place {
  std::uint32_t at = 0;
  int level = 1;
};

Result<Place> PlaceUnder(const OrgFile& target, const Entry* under) {
  if (under == nullptr) return Place{static_cast<std::uint32_t>(target.text.size()), 1};
  if (under->kind != Entry::Kind::kHeading) {
    return Fail(Code::kInvalidArgument, "the target '{}' is no heading", under->id);
  }
  const Heading& heading = target.headings[static_cast<std::size_t>(under->index)];
  return Place{heading.subtree.end, heading.level + 1};
}

}  // namespace

Archived ArchiveDone(const OrgFile& inbox, std::string_view inbox_path, const OrgFile& archive,
                     LocalMinute now) {
  ArchiveParts parts;
  TakeHeadings(inbox, inbox_path, now, parts);
  TakeBoxes(inbox, parts);
  Archived archived{.inbox = inbox.text, .archive = archive.text};
  if (parts.taken.empty()) return archived;
  Splices splices(inbox);
  for (const Span span : parts.taken) splices.Replace(span, "");
  archived.inbox = splices.Apply();
  archived.archive = AddToArchive(archive, parts);
  archived.count = static_cast<int>(parts.taken.size());
  return archived;
}

Result<Refiled> RefileEntry(const OrgFile& source, const Entry& entry, const OrgFile& target,
                            const Entry* under) {
  if (entry.kind != Entry::Kind::kHeading) {
    return Fail(Code::kInvalidArgument, "only headings can be moved, not list items");
  }
  const Heading& heading = source.headings[static_cast<std::size_t>(entry.index)];
  const Result<Place> place = PlaceUnder(target, under);
  if (!place) return Fail(place.error());
  const bool same = &source == &target;
  const bool within =
      under != nullptr && same &&
      heading.subtree.Contains(target.headings[static_cast<std::size_t>(under->index)].section);
  if (within) {
    return Fail(Code::kInvalidArgument, "'{}' cannot be moved below itself",
                source.Text(heading.title));
  }
  const std::string_view line_end = target.line_end();
  std::string moved = internal::WithLineEnds(
      Releveled(source, heading.subtree, place->level - heading.level), line_end);
  if (!moved.ends_with('\n')) moved += line_end;
  // Moved to where it is, it has the line end of what stands before it.
  const bool stays = same && heading.subtree.end == place->at;
  const bool needs_end = !stays && !internal::BeginsLine(target, place->at);
  if (needs_end) moved.insert(0, line_end);
  Refiled refiled;
  Splices from(source);
  from.Replace(heading.subtree, "");
  Splices to(target);
  Splices& last = same ? from : to;
  last.Insert(place->at, std::move(moved));
  refiled.at =
      last.Moved(place->at) + (needs_end ? static_cast<std::uint32_t>(line_end.size()) : 0);
  refiled.source = from.Apply();
  refiled.target = same ? refiled.source : to.Apply();
  return refiled;
}

}  // namespace baton::workspace::org
