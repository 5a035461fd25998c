#include "workspace/org/entry.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "workspace/org/internal/line_syntax.h"

namespace baton::workspace::org {
namespace {

// Where a list item's own text ends: at its first sub-item.
Span OwnSpan(const OrgFile& file, int index) {
  const auto next = static_cast<std::size_t>(index) + 1;
  Span own = file.items[static_cast<std::size_t>(index)].span;
  if (next < file.items.size()) own.end = std::min(own.end, file.items[next].span.begin);
  return own;
}

std::string_view TitleOf(const OrgFile& file, const Entry& entry) {
  if (entry.kind == Entry::Kind::kHeading) {
    return file.Text(file.headings[static_cast<std::size_t>(entry.index)].title);
  }
  const ListItem& item = file.items[static_cast<std::size_t>(entry.index)];
  const Span tags = ItemTags(file, item);
  std::string_view text = file.Text({item.text.begin, tags.begin});
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Chains the titles from the outermost heading down, so that equal titles in different places
// differ; computed once per entry, from that of the one above.
class IdHasher {
 public:
  explicit IdHasher(const OrgFile& file)
      : file_(file), headings_(file.headings.size()), items_(file.items.size()) {}

  std::uint64_t Hash(const Entry& entry) {
    const bool heading = entry.kind == Entry::Kind::kHeading;
    const auto index = static_cast<std::size_t>(entry.index);
    std::uint64_t above = Fnv1a("");
    if (heading) {
      const int parent = file_.headings[index].parent;
      if (parent >= 0) above = headings_[static_cast<std::size_t>(parent)];
    } else if (const ListItem& item = file_.items[index]; item.parent >= 0) {
      above = items_[static_cast<std::size_t>(item.parent)];
    } else if (item.heading >= 0) {
      above = headings_[static_cast<std::size_t>(item.heading)];
    }
    const std::uint64_t hash = Fnv1a(TitleOf(file_, entry), Fnv1a(heading ? "*" : "-", above));
    (heading ? headings_ : items_)[index] = hash;
    return hash;
  }

 private:
  const OrgFile& file_;
  std::vector<std::uint64_t> headings_;
  std::vector<std::uint64_t> items_;
};

std::uint32_t BeginOf(const OrgFile& file, const Entry& entry) {
  const auto index = static_cast<std::size_t>(entry.index);
  return entry.kind == Entry::Kind::kHeading ? file.headings[index].section.begin
                                             : file.items[index].span.begin;
}

std::vector<Entry> ListEntries(const OrgFile& file) {
  std::vector<Entry> entries;
  entries.reserve(file.headings.size() + file.items.size());
  for (std::size_t i = 0; i < file.headings.size(); ++i) {
    entries.push_back({.kind = Entry::Kind::kHeading, .index = static_cast<int>(i)});
  }
  for (std::size_t i = 0; i < file.items.size(); ++i) {
    entries.push_back({.kind = Entry::Kind::kListItem, .index = static_cast<int>(i)});
  }
  std::ranges::sort(entries, {}, [&](const Entry& entry) { return BeginOf(file, entry); });
  return entries;
}

std::string VersionOf(const OrgFile& file, const Entry& entry) {
  const bool heading = entry.kind == Entry::Kind::kHeading;
  const Span span = heading ? file.headings[static_cast<std::size_t>(entry.index)].head
                            : OwnSpan(file, entry.index);
  return fmt::format("{:016x}", Fnv1a(file.Text(span)));
}

std::string_view TrimLines(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  while (text.starts_with('\n') || text.starts_with("\r\n")) text.remove_prefix(1);
  return text;
}

std::string_view WithoutIndent(std::string_view line) {
  const std::string_view trimmed = TrimLines(line);
  return trimmed.substr(std::min(trimmed.find_first_not_of(" \t"), trimmed.size()));
}

std::string StampOf(const OrgFile& file, const Heading& heading, PlannedDate::Kind kind) {
  for (const PlannedDate& date : heading.planning) {
    if (date.kind != kind || date.stamps.empty()) continue;
    return std::string(file.Text({date.stamps.front().span.begin, date.stamps.back().span.end}));
  }
  return {};
}

// The first active stamp of the span, which is how list items and events are dated.
std::string ActiveStampIn(const OrgFile& file, Span span) {
  const auto first = std::ranges::lower_bound(file.stamps, span.begin, {},
                                              [](const StampAt& each) { return each.span.begin; });
  for (auto each = first; each != file.stamps.end() && each->span.end <= span.end; ++each) {
    if (each->stamp.active) return std::string(file.Text(each->span));
  }
  return {};
}

std::string KindOf(const OrgFile& file, const Heading& heading, const Item& item) {
  if (!item.state.empty()) return "todo";
  for (const std::string_view key : {"EMAIL", "PHONE", "ADDRESS", "BIRTHDAY"}) {
    if (!file.PropertyOf(heading, key).empty()) return "contact";
  }
  if (std::ranges::find(item.tags, "contact") != item.tags.end()) return "contact";
  return ActiveStampIn(file, heading.section).empty() ? "plain" : "event";
}

void DescribeHeading(const OrgFile& file, const Heading& heading, Item& item) {
  item.line = heading.line;
  item.state = file.Text(heading.keyword);
  item.done = file.todo.IsDone(item.state);
  const std::string_view priority = file.Text(heading.priority);
  if (!priority.empty()) item.priority = priority.substr(2, priority.size() - 3);
  item.tags = SplitTags(file.Text(heading.tags));
  item.scheduled = StampOf(file, heading, PlannedDate::Kind::kScheduled);
  item.deadline = StampOf(file, heading, PlannedDate::Kind::kDeadline);
  if (!heading.planning_line.empty())
    item.dated_line = WithoutIndent(file.Text(heading.planning_line));
  item.created = file.PropertyOf(heading, "CREATED");
  item.content = TrimLines(file.Text({heading.head.end, heading.section.end}));
  item.kind = KindOf(file, heading, item);
}

void DescribeListItem(const OrgFile& file, int index, Item& item) {
  const ListItem& list_item = file.items[static_cast<std::size_t>(index)];
  item.line = list_item.line;
  item.kind = list_item.checkbox.empty() ? "plain" : "checkbox";
  if (!list_item.checkbox.empty()) {
    const char mark = file.Text(list_item.checkbox)[1];
    item.done = mark == 'X' || mark == 'x';
    item.state = item.done ? "DONE" : "TODO";
  }
  item.tags = SplitTags(file.Text(ItemTags(file, list_item)));
  item.scheduled = ActiveStampIn(file, list_item.text);
  if (!item.scheduled.empty()) item.dated_line = WithoutIndent(file.LineText(list_item.line));
  item.content =
      TrimLines(file.Text({file.lines[list_item.line].span.end, OwnSpan(file, index).end}));
}

}  // namespace

const Entry* IndexedFile::Find(std::string_view entry_id) const {
  const auto found = by_id.lower_bound(entry_id);
  return found == by_id.end() || found->first != entry_id ? nullptr : &entries[found->second];
}

const Entry* IndexedFile::AtLine(std::size_t line) const {
  if (line >= org.lines.size()) return nullptr;
  const std::uint32_t begin = org.lines[line].span.begin;
  const auto found = std::ranges::lower_bound(
      entries, begin, {}, [this](const Entry& entry) { return BeginOf(org, entry); });
  return found == entries.end() || BeginOf(org, *found) != begin ? nullptr : &*found;
}

IndexedFile IndexEntries(std::string id, std::string path, OrgFile file) {
  IndexedFile indexed{.id = std::move(id), .path = std::move(path), .org = std::move(file)};
  indexed.entries = ListEntries(indexed.org);
  IdHasher hasher(indexed.org);
  std::map<std::uint64_t, int> seen;
  for (std::size_t i = 0; i < indexed.entries.size(); ++i) {
    Entry& entry = indexed.entries[i];
    const std::uint64_t hash = hasher.Hash(entry);
    if (entry.kind == Entry::Kind::kHeading) {
      entry.id =
          indexed.org.PropertyOf(indexed.org.headings[static_cast<std::size_t>(entry.index)], "ID");
    }
    const int count = ++seen[hash];
    if (entry.id.empty()) {
      entry.id = fmt::format("{}~{:016x}", indexed.id, hash);
      if (count > 1) entry.id += fmt::format(".{}", count);
    }
    entry.version = VersionOf(indexed.org, entry);
    indexed.by_id.emplace(entry.id, i);
  }
  return indexed;
}

Item DescribeEntry(const IndexedFile& file, const Entry& entry) {
  const OrgFile& org = file.org;
  Item item{.id = entry.id, .version = entry.version, .file_id = file.id, .path = file.path};
  int above = -1;
  if (entry.kind == Entry::Kind::kHeading) {
    const Heading& heading = org.headings[static_cast<std::size_t>(entry.index)];
    DescribeHeading(org, heading, item);
    above = heading.parent;
  } else {
    DescribeListItem(org, entry.index, item);
    above = org.items[static_cast<std::size_t>(entry.index)].heading;
  }
  item.title = TitleOf(org, entry);
  item.line_text = org.LineText(item.line);
  for (; above >= 0; above = org.headings[static_cast<std::size_t>(above)].parent) {
    item.above.emplace_back(org.Text(org.headings[static_cast<std::size_t>(above)].title));
  }
  std::ranges::reverse(item.above);
  return item;
}

bool IsInboxEntry(const OrgFile& file, const Entry& entry) {
  if (entry.kind == Entry::Kind::kHeading) return true;
  const ListItem& item = file.items[static_cast<std::size_t>(entry.index)];
  return !item.checkbox.empty() || item.heading < 0;
}

std::vector<std::string> SplitTags(std::string_view tags) {
  std::vector<std::string> out;
  while (!tags.empty()) {
    const std::string_view tag = tags.substr(0, tags.find(':'));
    if (!tag.empty()) out.emplace_back(tag);
    tags.remove_prefix(std::min(tag.size() + 1, tags.size()));
  }
  return out;
}

Span ItemTags(const OrgFile& file, const ListItem& item) {
  // With the blank before the text, which tags need before them.
  const Span text = item.text;
  const auto range = internal::TrailingTags(file.Text(text));
  if (!range) return {text.end, text.end};
  return {text.begin + static_cast<std::uint32_t>(range->begin),
          text.begin + static_cast<std::uint32_t>(range->end)};
}

}  // namespace baton::workspace::org
