// An org file, read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "workspace/org/stamp.h"
#include "workspace/org/todo_keywords.h"

namespace baton::workspace::org {

inline constexpr std::size_t kMaxOrgFileBytes = std::size_t{4} << 20U;

// Bytes [begin, end) of the file's text; empty where a part is not there.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool empty() const { return begin == end; }
  bool Contains(Span other) const { return begin <= other.begin && other.end <= end; }
  bool operator==(const Span&) const = default;
};

enum class LineKind {
  kText,  // of a paragraph, also where it continues a list item
  kBlank,
  kHeading,
  kPlanning,
  kDrawerBegin,  // ":LOGBOOK:"
  kProperty,     // ":ID: x" in a property drawer
  kDrawerEnd,
  kBlockBegin,
  kVerbatim,  // inside of source, example, comment and export blocks, of verse and LaTeX
  kBlockEnd,
  kListItem,
  kTableRow,
  kKeyword,     // "#+TITLE: x"
  kComment,     // "# x"
  kFixedWidth,  // ": x"
  kRule,        // "-----"
  kClock,
};

// The lines of a file lie next to each other: joined, behind the byte order mark if there is one,
// they are the file.
struct Line {
  Span span;  // with its end, LF or CRLF; the last may have none
  LineKind kind = LineKind::kText;
};

struct StampAt {
  Span span;
  Stamp stamp;
  bool opens_range = false;  // the next stamp of its list is the end of a range of days
};

struct PlannedDate {
  enum class Kind { kScheduled, kDeadline, kClosed };
  Kind kind = Kind::kScheduled;
  Span keyword;  // "SCHEDULED:"
  std::vector<StampAt> stamps;
};

struct Property {
  Span line;
  Span key;    // "ID"
  Span value;  // without blanks around
};

struct Drawer {
  Span span;                         // both ends' lines included
  Span name;                         // "LOGBOOK"
  std::vector<Property> properties;  // of a property drawer
};

// "** TODO [#A] Title :tag:" and what belongs to it.
struct Heading {
  int level = 1;
  std::uint32_t line = 0;  // index into OrgFile::lines
  Span stars;
  Span keyword;   // a word of OrgFile::keywords
  Span priority;  // "[#A]"
  Span title;
  Span tags;           // ":a:b:"
  Span planning_line;  // with its end
  std::vector<PlannedDate> planning;
  int properties = -1;  // index into OrgFile::drawers
  Span head;            // heading line, planning line and property drawer
  Span section;         // up to the next heading of any level
  Span subtree;         // up to the next heading of its level or above
  int parent = -1;      // index into OrgFile::headings
};

// "- [X] text", with its continuation and its sub-items.
struct ListItem {
  std::uint32_t line = 0;
  Span span;
  Span bullet;    // "-", "+", "*", "1." or "1)"
  Span checkbox;  // "[ ]", "[-]" or "[X]"
  Span term;      // of "term :: text"
  Span text;      // rest of the first line
  int indent = 0;
  int parent = -1;   // index into OrgFile::items
  int heading = -1;  // index into OrgFile::headings; -1: before the first
};

struct Keyword {
  std::uint32_t line = 0;
  Span key;  // "TITLE"
  Span value;
};

struct Block {
  Span span;
  Span type;       // "src" as written
  Span arguments;  // "python :results output"
  Span content;    // whole lines
};

struct Table {
  struct Row {
    bool rule = false;  // "|---+---|"
    std::vector<Span> cells;
  };
  Span span;
  std::vector<Row> rows;
};

struct ClockLine {
  std::uint32_t line = 0;
  std::vector<StampAt> stamps;  // one while the clock runs, two when it was stopped
  Span duration;                // "1:30"
};

struct Link {
  Span span;
  Span target;       // "https://…", "file:a.org", "id:x", "*Heading"
  Span description;  // of [[target][description]]
};

// The structure of a file, as spans of its text: nothing is copied, so nothing can be lost.
// Everything is in the order of the text. Emphasis, footnotes, macros, diary expressions and
// the tables of table.el are text to it.
//
// Threads: a value.
struct OrgFile {
  std::string text;
  std::vector<Line> lines;
  std::vector<Heading> headings;
  std::vector<Drawer> drawers;
  std::vector<ListItem> items;
  std::vector<Keyword> keywords;
  std::vector<Block> blocks;
  std::vector<Table> tables;
  std::vector<ClockLine> clocks;
  std::vector<Link> links;
  std::vector<StampAt> stamps;  // of titles and text; those of planning and clocks are there
  TodoKeywords todo;

  std::string_view Text(Span span) const {
    return std::string_view(text).substr(span.begin, span.end - span.begin);
  }
  // "\r\n" if that is how the first line ends, else "\n".
  std::string_view line_end() const;
  // The line's text without its end.
  std::string_view LineText(std::size_t line) const;
  // The line that holds the byte at `offset`.
  std::size_t LineAt(std::uint32_t offset) const;
  // The heading in whose section `offset` is; -1 before the first.
  int HeadingAt(std::uint32_t offset) const;
  // The value of the property, keys compared without case; empty if there is none.
  std::string_view PropertyOf(const Heading& heading, std::string_view key) const;
};

// Reads any text. kInvalidArgument for bytes that are no UTF-8 (names the byte and its line) or
// hold NUL, kResourceExhausted above kMaxOrgFileBytes.
Result<OrgFile> ParseOrgFile(std::string text);

}  // namespace baton::workspace::org
