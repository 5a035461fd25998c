#include "workspace/org/internal/statistics.h"

#include <optional>

#include <fmt/format.h>

#include "workspace/org/internal/splice.h"

namespace baton::workspace::org::internal {
namespace {

// Nesting that is followed upwards; each level reads the file again.
constexpr int kMaxLevels = 32;

struct Count {
  int done = 0;
  int partly = 0;
  int all = 0;

  void Add(char mark) {
    ++all;
    if (mark == 'X' || mark == 'x') ++done;
    if (mark == '-') ++partly;
  }
};

bool IsCounter(std::string_view inside) {
  if (inside.ends_with('%')) {
    return inside.find_first_not_of("0123456789") == inside.size() - 1;
  }
  const std::size_t slash = inside.find('/');
  return slash != std::string_view::npos && inside.find('/', slash + 1) == std::string_view::npos &&
         inside.find_first_not_of("0123456789/") == std::string_view::npos;
}

// Rewrites every "[1/2]" and "[50%]" of `text`.
void SetCounters(const OrgFile& file, Span text, const Count& count, Splices& splices) {
  const std::string_view inside = file.Text(text);
  for (std::size_t open = inside.find('['); open != std::string_view::npos;
       open = inside.find('[', open + 1)) {
    const std::size_t close = inside.find(']', open);
    if (close == std::string_view::npos) return;
    const std::string_view old = inside.substr(open + 1, close - open - 1);
    if (!IsCounter(old)) continue;
    const std::string fresh =
        old.ends_with('%') ? fmt::format("{}%", count.all == 0 ? 0 : 100 * count.done / count.all)
                           : fmt::format("{}/{}", count.done, count.all);
    const auto begin = text.begin + static_cast<std::uint32_t>(open) + 1;
    if (fresh != old)
      splices.Replace({begin, begin + static_cast<std::uint32_t>(old.size())}, fresh);
  }
}

char MarkOf(const OrgFile& file, const ListItem& item) { return file.Text(item.checkbox)[1]; }

// The boxes directly below a list item.
Count CountSubItems(const OrgFile& file, int parent) {
  Count count;
  for (std::size_t i = static_cast<std::size_t>(parent) + 1; i < file.items.size(); ++i) {
    const ListItem& item = file.items[i];
    if (item.span.begin >= file.items[static_cast<std::size_t>(parent)].span.end) break;
    if (item.parent == parent && !item.checkbox.empty()) count.Add(MarkOf(file, item));
  }
  return count;
}

// The top-level boxes of a heading's own text or, if there are none, the tasks directly below.
Count CountUnderHeading(const OrgFile& file, int index) {
  Count boxes;
  for (const ListItem& item : file.items) {
    if (item.heading == index && item.parent < 0 && !item.checkbox.empty()) {
      boxes.Add(MarkOf(file, item));
    }
  }
  if (boxes.all > 0) return boxes;
  Count tasks;
  for (const Heading& heading : file.headings) {
    if (heading.parent != index || heading.keyword.empty()) continue;
    tasks.Add(file.todo.IsDone(file.Text(heading.keyword)) ? 'X' : ' ');
  }
  return tasks;
}

void UpdateItem(const OrgFile& file, int index, Splices& splices) {
  const ListItem& item = file.items[static_cast<std::size_t>(index)];
  const Count count = CountSubItems(file, index);
  if (count.all == 0) return;
  SetCounters(file, item.text, count, splices);
  if (item.checkbox.empty()) return;
  const char old = MarkOf(file, item);
  const char fresh = count.done == count.all ? 'X' : count.done + count.partly > 0 ? '-' : ' ';
  const bool same = old == fresh || (old == 'x' && fresh == 'X');
  const std::uint32_t at = item.checkbox.begin + 1;
  if (!same) splices.Replace({at, at + 1}, std::string(1, fresh));
}

}  // namespace

Result<Edited> UpdateStatistics(Edited edited) {
  // One level at a time, from the inside out: each counts what the one below has become.
  std::optional<std::uint32_t> at = edited.at;
  for (int level = 0; at && level < kMaxLevels; ++level) {
    Result<OrgFile> file = ParseOrgFile(std::move(edited.text));
    if (!file) return Fail(std::move(file).error());
    const IndexedFile index = IndexEntries("", "", *std::move(file));
    const OrgFile& org = index.org;
    const Entry* entry = index.AtLine(org.LineAt(*at));
    Splices splices(org);
    std::optional<std::uint32_t> above;
    if (entry != nullptr) {
      const bool item = entry->kind == Entry::Kind::kListItem;
      const auto own = static_cast<std::size_t>(entry->index);
      const int parent_item = item ? org.items[own].parent : -1;
      const int heading = item ? org.items[own].heading : org.headings[own].parent;
      if (parent_item >= 0) {
        UpdateItem(org, parent_item, splices);
        above = org.items[static_cast<std::size_t>(parent_item)].span.begin;
      } else if (heading >= 0) {
        const Heading& counted = org.headings[static_cast<std::size_t>(heading)];
        SetCounters(org, counted.title, CountUnderHeading(org, heading), splices);
      }
    }
    edited.at = splices.Moved(edited.at);
    if (above) above = splices.Moved(*above);
    edited.text = splices.Apply();
    at = above;
  }
  return edited;
}

bool HasSubBoxes(const OrgFile& file, int item) { return CountSubItems(file, item).all > 0; }

}  // namespace baton::workspace::org::internal
