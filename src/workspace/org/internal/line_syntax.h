// What a line of an org file is, looked at by itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace baton::workspace::org::internal {

// Offsets within a line.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool IsBlank(std::string_view line);

// Columns of the blanks before the text, a tab reaching to the next multiple of eight.
int IndentOf(std::string_view line);

// The number of stars; 0 if the line is no heading.
std::size_t HeadingStars(std::string_view line);

// "  :NAME:" alone on its line: where NAME is.
std::optional<Range> DrawerName(std::string_view line);
// The same with text behind it: a property.
struct PropertyLine {
  Range key;
  Range value;
};
std::optional<PropertyLine> ReadPropertyLine(std::string_view line);

// "#+begin_src python" and "#+begin: clocktable".
struct BlockLine {
  Range type;  // "src"; of a dynamic block empty
  Range arguments;
  bool dynamic = false;
};
std::optional<BlockLine> ReadBlockBegin(std::string_view line);
// What ends it, in lower case: "#+end_src", "#+end:".
std::string BlockEndMark(std::string_view line, const BlockLine& begin);
bool IsMark(std::string_view line, std::string_view lower_case_mark);

// "\begin{align}": the name.
std::optional<Range> LatexBegin(std::string_view line);

struct KeywordLine {
  Range key;
  Range value;
};
std::optional<KeywordLine> ReadKeywordLine(std::string_view line);

struct ItemLine {
  Range bullet;
  Range checkbox;
  Range term;
  Range text;
};
std::optional<ItemLine> ReadItemLine(std::string_view line);

bool IsTableRow(std::string_view line);
bool IsComment(std::string_view line);
bool IsFixedWidth(std::string_view line);
bool IsRule(std::string_view line);
bool IsClock(std::string_view line);
bool IsPlanning(std::string_view line);

// Without case, ASCII only.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
std::string LowerCase(std::string_view text);

// `range` of `text` without blanks at either end.
Range TrimRange(std::string_view text, Range range);

// ":a:b:" at the end of the text, with a blank before it: where it is.
std::optional<Range> TrailingTags(std::string_view text);

}  // namespace baton::workspace::org::internal
