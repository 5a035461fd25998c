#include "workspace/org/internal/element_parser.h"

#include <algorithm>
#include <array>

#include "workspace/org/internal/object_scanner.h"

namespace baton::workspace::org::internal {
namespace {

// Quotes within quotes: deeper ones are text.
constexpr int kMaxDepth = 32;

// Blocks whose inside is not org.
bool IsVerbatimType(std::string_view type) {
  constexpr std::array<std::string_view, 5> kTypes = {"src", "example", "comment", "export",
                                                      "verse"};
  return std::ranges::any_of(kTypes,
                             [&](std::string_view each) { return EqualsIgnoringCase(each, type); });
}

// What a line ends, as FindEnd() is asked for it; empty if it ends nothing.
std::string EndMarkOf(std::string_view line) {
  const Range range = TrimRange(line, {0, line.size()});
  const std::string_view text = line.substr(range.begin, range.end - range.begin);
  if (text.size() >= 5 && (EqualsIgnoringCase(text.substr(0, 5), "#+end") || text == ":END:" ||
                           EqualsIgnoringCase(text, ":end:"))) {
    return LowerCase(text);
  }
  const std::size_t latex = text.rfind("\\end{");
  return latex == std::string_view::npos ? std::string() : LowerCase(text.substr(latex));
}

// "[#A]" at `at`: its length, 0 if there is none.
std::size_t PriorityLength(std::string_view line, std::size_t at) {
  if (!line.substr(at).starts_with("[#")) return 0;
  const std::size_t close = line.find(']', at);
  if (close == std::string_view::npos || close - at < 3 || close - at > 4) return 0;
  for (std::size_t i = at + 2; i < close; ++i) {
    const char c = line[i];
    const bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits) return 0;
  }
  return close + 1 - at;
}

}  // namespace

void ElementParser::Run() {
  const std::size_t count = file_.lines.size();
  std::size_t line = 0;
  while (line < count) {
    std::size_t end = line + 1;
    while (end < count && HeadingStars(TextOf(end)) == 0) ++end;
    const std::size_t stars = HeadingStars(TextOf(line));
    std::size_t body = line;
    if (stars > 0) {
      ReadHeading(line, stars);
      file_.headings.back().section = LinesSpan(line, end);
      body = ReadHead(line + 1, end);
    } else {
      // The properties of the file, which only comments may precede.
      for (; body < end && IsComment(TextOf(body)); ++body) ReadLine(body);
      body = ReadPropertyDrawer(body, end);
    }
    IndexEnds(body, end);
    ReadElements(body, end, 0);
    FlushText();
    line = end;
  }
  CloseHeadings(1, static_cast<std::uint32_t>(file_.text.size()));
}

void ElementParser::CloseHeadings(int level, std::uint32_t end) {
  while (!open_.empty() && file_.headings[open_.back()].level >= level) {
    Heading& heading = file_.headings[open_.back()];
    heading.subtree = {file_.lines[heading.line].span.begin, end};
    open_.pop_back();
  }
}

void ElementParser::ReadHeading(std::size_t line, std::size_t stars) {
  Mark(line, LineKind::kHeading);
  const std::string_view text = TextOf(line);
  Heading heading{.level = static_cast<int>(stars), .line = static_cast<std::uint32_t>(line)};
  heading.stars = SpanIn(line, {0, stars});
  CloseHeadings(heading.level, heading.stars.begin);
  std::size_t at = TrimRange(text, {stars, text.size()}).begin;
  heading.keyword = heading.priority = SpanIn(line, {at, at});
  const std::size_t word_end = std::min(text.find_first_of(" \t", at), text.size());
  if (file_.todo.Find(text.substr(at, word_end - at)) != nullptr) {
    heading.keyword = SpanIn(line, {at, word_end});
    at = TrimRange(text, {word_end, text.size()}).begin;
  }
  if (const std::size_t length = PriorityLength(text, at); length > 0) {
    heading.priority = SpanIn(line, {at, at + length});
    at = TrimRange(text, {at + length, text.size()}).begin;
  }
  Range title = TrimRange(text, {at, text.size()});
  heading.tags = SpanIn(line, {title.end, title.end});
  // The blank before the tags may be the one behind the keyword.
  if (const auto tags = TrailingTags(text); tags && tags->begin >= at) {
    heading.tags = SpanIn(line, *tags);
    title = TrimRange(text, {at, tags->begin});
  }
  heading.title = SpanIn(line, title);
  heading.head = file_.lines[line].span;
  heading.parent = open_.empty() ? -1 : open_.back();
  heading_ = static_cast<int>(file_.headings.size());
  open_.push_back(heading_);
  file_.headings.push_back(std::move(heading));
  AddText(file_.headings.back().title);
  FlushText();
}

// Planning and properties, which stand directly below the heading.
std::size_t ElementParser::ReadHead(std::size_t line, std::size_t section_end) {
  if (line < section_end && IsPlanning(TextOf(line))) line = ReadPlanning(line);
  const std::size_t drawer = line;
  line = ReadPropertyDrawer(line, section_end);
  Heading& heading = file_.headings.back();
  if (line > drawer) heading.properties = static_cast<int>(file_.drawers.size()) - 1;
  heading.head = LinesSpan(heading.line, line);
  return line;
}

std::size_t ElementParser::ReadPlanning(std::size_t line) {
  using Kind = PlannedDate::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 3> kWords = {
      {{"SCHEDULED:", Kind::kScheduled},
       {"DEADLINE:", Kind::kDeadline},
       {"CLOSED:", Kind::kClosed}}};
  Mark(line, LineKind::kPlanning);
  Heading& heading = file_.headings.back();
  heading.planning_line = file_.lines[line].span;
  const std::string_view text = TextOf(line);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\t') continue;
    for (const auto& [word, kind] : kWords) {
      if (!text.substr(at).starts_with(word)) continue;
      PlannedDate date{.kind = kind, .keyword = SpanIn(line, {at, at + word.size()}), .stamps = {}};
      std::size_t stop = text.size();
      for (const auto& [other, unused] : kWords) {
        stop = std::min(stop, text.find(other, at + word.size()));
      }
      date.stamps = ReadStamps(file_, SpanIn(line, {at + word.size(), stop}));
      heading.planning.push_back(std::move(date));
      break;
    }
  }
  return line + 1;
}

std::size_t ElementParser::ReadPropertyDrawer(std::size_t line, std::size_t end) {
  if (line >= end || !IsMark(TextOf(line), ":properties:")) return line;
  std::size_t last = line + 1;
  while (last < end && !IsMark(TextOf(last), ":end:") && ReadPropertyLine(TextOf(last))) ++last;
  if (last >= end || !IsMark(TextOf(last), ":end:")) return line;
  Drawer drawer{.span = LinesSpan(line, last + 1), .name = {}, .properties = {}};
  drawer.name = SpanIn(line, *DrawerName(TextOf(line)));
  Mark(line, LineKind::kDrawerBegin);
  for (std::size_t i = line + 1; i < last; ++i) {
    const auto property = ReadPropertyLine(TextOf(i));
    Mark(i, LineKind::kProperty);
    drawer.properties.push_back({.line = file_.lines[i].span,
                                 .key = SpanIn(i, property->key),
                                 .value = SpanIn(i, property->value)});
  }
  Mark(last, LineKind::kDrawerEnd);
  file_.drawers.push_back(std::move(drawer));
  return last + 1;
}

void ElementParser::ReadElements(std::size_t line, std::size_t end, int depth) {
  while (line < end) {
    const bool item = !IsRule(TextOf(line)) && ReadItemLine(TextOf(line)).has_value();
    line = item ? ReadList(line, end, depth) : ReadElement(line, end, depth);
  }
}

// One element that is no list.
std::size_t ElementParser::ReadElement(std::size_t line, std::size_t end, int depth) {
  if (IsBlank(TextOf(line))) {
    Mark(line, LineKind::kBlank);
    FlushText();
    return line + 1;
  }
  const std::size_t behind = ReadContainer(line, end, depth);
  if (behind > line) return behind;
  if (IsTableRow(TextOf(line))) return ReadTable(line, end);
  return ReadLine(line);
}

std::size_t ElementParser::ReadContainer(std::size_t line, std::size_t end, int depth) {
  if (depth >= kMaxDepth) return line;
  const std::string_view text = TextOf(line);
  if (DrawerName(text)) return ReadDrawer(line, end, depth);
  if (const auto block = ReadBlockBegin(text)) return ReadBlock(line, end, *block, depth);
  if (const auto name = LatexBegin(text)) return ReadLatex(line, end, *name);
  return line;
}

std::size_t ElementParser::ReadDrawer(std::size_t line, std::size_t end, int depth) {
  const std::size_t last = FindEnd(":end:", line + 1, end);
  if (last == end) return line;
  FlushText();
  Mark(line, LineKind::kDrawerBegin);
  file_.drawers.push_back({.span = LinesSpan(line, last + 1),
                           .name = SpanIn(line, *DrawerName(TextOf(line))),
                           .properties = {}});
  ReadElements(line + 1, last, depth + 1);
  FlushText();
  Mark(last, LineKind::kDrawerEnd);
  return last + 1;
}

std::size_t ElementParser::ReadBlock(std::size_t line, std::size_t end, const BlockLine& begin,
                                     int depth) {
  const std::size_t last = FindEnd(BlockEndMark(TextOf(line), begin), line + 1, end);
  if (last == end) return line;
  FlushText();
  Mark(line, LineKind::kBlockBegin);
  const Block block{.span = LinesSpan(line, last + 1),
                    .type = SpanIn(line, begin.type),
                    .arguments = SpanIn(line, begin.arguments),
                    .content = LinesSpan(line + 1, last)};
  file_.blocks.push_back(block);
  if (IsVerbatimType(file_.Text(block.type))) {
    for (std::size_t i = line + 1; i < last; ++i) Mark(i, LineKind::kVerbatim);
  } else {
    ReadElements(line + 1, last, depth + 1);
    FlushText();
  }
  Mark(last, LineKind::kBlockEnd);
  return last + 1;
}

std::size_t ElementParser::ReadLatex(std::size_t line, std::size_t end, Range name) {
  const std::string_view text = TextOf(line);
  const std::string mark =
      "\\end{" + LowerCase(text.substr(name.begin, name.end - name.begin)) + "}";
  const std::size_t last = FindEnd(mark, line, end);
  if (last == end) return line;
  FlushText();
  for (std::size_t i = line; i <= last; ++i) Mark(i, LineKind::kVerbatim);
  return last + 1;
}

std::size_t ElementParser::ReadTable(std::size_t line, std::size_t end) {
  FlushText();
  const std::size_t first = line;
  Table table;
  for (; line < end && IsTableRow(TextOf(line)); ++line) {
    Mark(line, LineKind::kTableRow);
    const std::string_view text = TextOf(line);
    const std::size_t bar = text.find('|');
    Table::Row row{.rule = text.substr(bar + 1).starts_with('-'), .cells = {}};
    for (std::size_t at = bar + 1; !row.rule && at < text.size();) {
      const std::size_t next = std::min(text.find('|', at), text.size());
      const Range cell = TrimRange(text, {at, next});
      if (next < text.size() || cell.begin < cell.end) row.cells.push_back(SpanIn(line, cell));
      at = next + 1;
    }
    for (const Span cell : row.cells) ScanObjects(file_, cell);
    table.rows.push_back(std::move(row));
  }
  table.span = LinesSpan(first, line);
  file_.tables.push_back(std::move(table));
  return line;
}

// A list with its sub-lists, up to two blank lines or a line that is not indented below an item.
std::size_t ElementParser::ReadList(std::size_t line, std::size_t end, int depth) {
  std::vector<int> open;
  std::size_t text_end = line;  // behind the last line that is not blank
  const auto close = [&](int indent) {
    while (!open.empty() && file_.items[open.back()].indent >= indent) {
      ListItem& item = file_.items[open.back()];
      item.span = LinesSpan(item.line, text_end);
      open.pop_back();
    }
  };
  while (line < end) {
    const std::string_view text = TextOf(line);
    if (IsBlank(text)) {
      if (line + 1 < end && IsBlank(TextOf(line + 1))) break;
      line = ReadElement(line, end, depth);
      continue;
    }
    const int indent = IndentOf(text);
    const auto item = IsRule(text) ? std::nullopt : ReadItemLine(text);
    close(indent);
    if (item) {
      ReadItem(line, *item, indent, open.empty() ? -1 : open.back());
      open.push_back(static_cast<int>(file_.items.size()) - 1);
      ++line;
    } else {
      if (open.empty()) break;
      line = ReadElement(line, end, depth);
    }
    text_end = line;
  }
  close(0);
  FlushText();
  return line;
}

void ElementParser::ReadItem(std::size_t line, const ItemLine& item, int indent, int parent) {
  FlushText();
  Mark(line, LineKind::kListItem);
  file_.items.push_back({.line = static_cast<std::uint32_t>(line),
                         .span = file_.lines[line].span,
                         .bullet = SpanIn(line, item.bullet),
                         .checkbox = SpanIn(line, item.checkbox),
                         .term = SpanIn(line, item.term),
                         .text = SpanIn(line, item.text),
                         .indent = indent,
                         .parent = parent,
                         .heading = heading_});
  if (item.term.begin < item.term.end) ScanObjects(file_, SpanIn(line, item.term));
  AddText({SpanIn(line, item.text).begin, file_.lines[line].span.end});
}

void ElementParser::ReadClock(std::size_t line) {
  const std::string_view text = TextOf(line);
  const std::size_t arrow = text.find("=>");
  const std::size_t stop = std::min(arrow, text.size());
  ClockLine clock{.line = static_cast<std::uint32_t>(line), .stamps = {}, .duration = {}};
  clock.stamps = ReadStamps(file_, SpanIn(line, {0, stop}));
  clock.duration = SpanIn(
      line, TrimRange(text, {arrow == std::string_view::npos ? stop : arrow + 2, text.size()}));
  file_.clocks.push_back(std::move(clock));
}

std::size_t ElementParser::ReadLine(std::size_t line) {
  const std::string_view text = TextOf(line);
  LineKind kind = LineKind::kText;
  if (const auto keyword = ReadKeywordLine(text)) {
    kind = LineKind::kKeyword;
    file_.keywords.push_back({.line = static_cast<std::uint32_t>(line),
                              .key = SpanIn(line, keyword->key),
                              .value = SpanIn(line, keyword->value)});
  } else if (IsComment(text)) {
    kind = LineKind::kComment;
  } else if (IsFixedWidth(text)) {
    kind = LineKind::kFixedWidth;
  } else if (IsRule(text)) {
    kind = LineKind::kRule;
  } else if (IsClock(text)) {
    kind = LineKind::kClock;
    ReadClock(line);
  }
  Mark(line, kind);
  if (kind == LineKind::kText) {
    AddText(file_.lines[line].span);
  } else {
    FlushText();
  }
  return line + 1;
}

void ElementParser::IndexEnds(std::size_t line, std::size_t end) {
  ends_.clear();
  for (; line < end; ++line) {
    std::string mark = EndMarkOf(TextOf(line));
    if (!mark.empty()) ends_[std::move(mark)].push_back(line);
  }
}

std::size_t ElementParser::FindEnd(std::string_view mark, std::size_t line, std::size_t end) const {
  const auto found = ends_.find(mark);
  if (found == ends_.end()) return end;
  const auto next = std::ranges::lower_bound(found->second, line);
  return next == found->second.end() ? end : std::min(*next, end);
}

void ElementParser::AddText(Span span) {
  if (!text_.empty() && text_.end == span.begin) {
    text_.end = span.end;
    return;
  }
  FlushText();
  text_ = span;
}

void ElementParser::FlushText() {
  if (!text_.empty()) ScanObjects(file_, text_);
  text_ = {};
}

Span ElementParser::SpanIn(std::size_t line, Range range) const {
  const std::uint32_t begin = file_.lines[line].span.begin;
  return {begin + static_cast<std::uint32_t>(range.begin),
          begin + static_cast<std::uint32_t>(range.end)};
}

Span ElementParser::LinesSpan(std::size_t first, std::size_t end) const {
  const std::uint32_t begin = file_.lines[first].span.begin;
  return {begin, end > first ? file_.lines[end - 1].span.end : begin};
}

}  // namespace baton::workspace::org::internal
