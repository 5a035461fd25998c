#include "workspace/org/internal/line_syntax.h"

#include <algorithm>
#include <array>

namespace baton::workspace::org::internal {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr int kTabColumns = 8;

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsBlankChar(char c) { return c == ' ' || c == '\t'; }

char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::size_t SkipBlanks(std::string_view line, std::size_t at = 0) {
  const std::size_t next = line.find_first_not_of(kBlanks, at);
  return next == std::string_view::npos ? line.size() : next;
}

// The line's text from its first character that is no blank.
std::string_view Indented(std::string_view line) { return line.substr(SkipBlanks(line)); }

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  return EqualsIgnoringCase(text.substr(0, prefix.size()), prefix);
}

std::size_t TokenEnd(std::string_view line, std::size_t at) {
  return std::min(line.find_first_of(kBlanks, at), line.size());
}

// Letters and digits of any script, which are whatever is not ASCII, and "_@#%".
bool IsTagChar(char c) {
  return IsAlnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("_@#%").find(c) != std::string_view::npos;
}

// The bullet that begins at `at`: its length, 0 if there is none.
std::size_t BulletLength(std::string_view line, std::size_t at) {
  if (at >= line.size()) return 0;
  const char c = line[at];
  if (c == '-' || c == '+' || (c == '*' && at > 0)) return 1;
  std::size_t digits = 0;
  while (at + digits < line.size() && line[at + digits] >= '0' && line[at + digits] <= '9') {
    ++digits;
  }
  if (digits == 0 || at + digits >= line.size()) return 0;
  const char mark = line[at + digits];
  return mark == '.' || mark == ')' ? digits + 1 : 0;
}

// "[@5]", which gives an item another number.
std::size_t SkipCounter(std::string_view line, std::size_t at) {
  if (!line.substr(at).starts_with("[@")) return at;
  const std::size_t close = line.find(']', at);
  return close == std::string_view::npos ? at : SkipBlanks(line, close + 1);
}

Range ReadCheckbox(std::string_view line, std::size_t at) {
  if (at + 3 > line.size() || line[at] != '[' || line[at + 2] != ']') return {at, at};
  if (std::string_view(" xX-").find(line[at + 1]) == std::string_view::npos) return {at, at};
  if (at + 3 < line.size() && !IsBlankChar(line[at + 3])) return {at, at};
  return {at, at + 3};
}

// "term" of "term :: text"; the text begins behind it.
Range ReadTerm(std::string_view line, std::size_t at, std::size_t& text_begin) {
  for (std::size_t mark = line.find("::", at); mark != std::string_view::npos;
       mark = line.find("::", mark + 1)) {
    const bool blank_before = mark > at && IsBlankChar(line[mark - 1]);
    const bool blank_behind = mark + 2 == line.size() || IsBlankChar(line[mark + 2]);
    if (!blank_before || !blank_behind) continue;
    text_begin = SkipBlanks(line, mark + 2);
    return TrimRange(line, {at, mark});
  }
  return {at, at};
}

}  // namespace

bool IsBlank(std::string_view line) { return SkipBlanks(line) == line.size(); }

int IndentOf(std::string_view line) {
  int columns = 0;
  for (const char c : line) {
    if (c == ' ') {
      ++columns;
    } else if (c == '\t') {
      columns += kTabColumns - columns % kTabColumns;
    } else {
      break;
    }
  }
  return columns;
}

std::size_t HeadingStars(std::string_view line) {
  const std::size_t stars = line.find_first_not_of('*');
  if (stars == std::string_view::npos || line[stars] != ' ') return 0;
  return stars;
}

std::optional<Range> DrawerName(std::string_view line) {
  const std::size_t begin = SkipBlanks(line);
  if (begin >= line.size() || line[begin] != ':') return std::nullopt;
  std::size_t end = begin + 1;
  while (end < line.size() && (IsAlnum(line[end]) || line[end] == '_' || line[end] == '-')) ++end;
  if (end == begin + 1 || end >= line.size() || line[end] != ':') return std::nullopt;
  if (!IsBlank(line.substr(end + 1))) return std::nullopt;
  return Range{begin + 1, end};
}

std::optional<PropertyLine> ReadPropertyLine(std::string_view line) {
  const std::size_t begin = SkipBlanks(line);
  if (begin >= line.size() || line[begin] != ':') return std::nullopt;
  const std::size_t token_end = TokenEnd(line, begin);
  if (token_end - begin < 3 || line[token_end - 1] != ':') return std::nullopt;
  return PropertyLine{{begin + 1, token_end - 1}, TrimRange(line, {token_end, line.size()})};
}

std::optional<BlockLine> ReadBlockBegin(std::string_view line) {
  constexpr std::string_view kBegin = "#+begin";
  const std::size_t begin = SkipBlanks(line);
  if (!StartsWithIgnoringCase(line.substr(begin), kBegin)) return std::nullopt;
  const std::size_t mark = begin + kBegin.size();
  if (mark >= line.size() || (line[mark] != '_' && line[mark] != ':')) return std::nullopt;
  BlockLine block{.type = {mark + 1, mark + 1}, .dynamic = line[mark] == ':'};
  if (block.dynamic) {
    if (IsBlank(line.substr(mark + 1))) return std::nullopt;
  } else {
    block.type.end = TokenEnd(line, mark + 1);
    if (block.type.end == block.type.begin) return std::nullopt;
  }
  block.arguments = TrimRange(line, {block.type.end, line.size()});
  return block;
}

std::string BlockEndMark(std::string_view line, const BlockLine& begin) {
  if (begin.dynamic) return "#+end:";
  return "#+end_" + LowerCase(line.substr(begin.type.begin, begin.type.end - begin.type.begin));
}

bool IsMark(std::string_view line, std::string_view lower_case_mark) {
  const Range text = TrimRange(line, {0, line.size()});
  return EqualsIgnoringCase(line.substr(text.begin, text.end - text.begin), lower_case_mark);
}

std::optional<Range> LatexBegin(std::string_view line) {
  constexpr std::string_view kBegin = "\\begin{";
  const std::size_t begin = SkipBlanks(line);
  if (!line.substr(begin).starts_with(kBegin)) return std::nullopt;
  const std::size_t name = begin + kBegin.size();
  std::size_t end = name;
  while (end < line.size() && (IsAlnum(line[end]) || line[end] == '*')) ++end;
  if (end == name || end >= line.size() || line[end] != '}') return std::nullopt;
  return Range{name, end};
}

std::optional<KeywordLine> ReadKeywordLine(std::string_view line) {
  const std::size_t begin = SkipBlanks(line);
  if (!line.substr(begin).starts_with("#+")) return std::nullopt;
  const std::size_t token_end = TokenEnd(line, begin);
  const std::size_t colon = line.rfind(':', token_end == 0 ? 0 : token_end - 1);
  // "#+TITLE:x" has its value in the same word.
  const std::size_t first = line.find(':', begin + 2);
  const bool at_end = colon != std::string_view::npos && colon + 1 == token_end;
  const std::size_t mark = at_end ? colon : first;
  if (mark == std::string_view::npos || mark >= token_end || mark < begin + 3) return std::nullopt;
  return KeywordLine{{begin + 2, mark}, TrimRange(line, {mark + 1, line.size()})};
}

std::optional<ItemLine> ReadItemLine(std::string_view line) {
  const std::size_t begin = SkipBlanks(line);
  const std::size_t length = BulletLength(line, begin);
  if (length == 0) return std::nullopt;
  const std::size_t after = begin + length;
  if (after < line.size() && !IsBlankChar(line[after])) return std::nullopt;
  ItemLine item{.bullet = {begin, after}};
  std::size_t at = SkipCounter(line, SkipBlanks(line, after));
  item.checkbox = ReadCheckbox(line, at);
  if (item.checkbox.end > at) at = SkipBlanks(line, item.checkbox.end);
  const bool numbered = length > 1;
  item.term = {at, at};
  if (!numbered) item.term = ReadTerm(line, at, at);
  item.text = TrimRange(line, {at, line.size()});
  return item;
}

bool IsTableRow(std::string_view line) { return Indented(line).starts_with('|'); }

bool IsComment(std::string_view line) {
  const std::string_view text = Indented(line);
  return text.starts_with('#') && (text.size() == 1 || text[1] == ' ');
}

bool IsFixedWidth(std::string_view line) {
  const std::string_view text = Indented(line);
  return text.starts_with(':') && (text.size() == 1 || text[1] == ' ');
}

bool IsRule(std::string_view line) {
  const Range text = TrimRange(line, {0, line.size()});
  if (text.end - text.begin < 5) return false;
  return line.substr(text.begin, text.end - text.begin).find_first_not_of('-') ==
         std::string_view::npos;
}

bool IsClock(std::string_view line) { return Indented(line).starts_with("CLOCK:"); }

bool IsPlanning(std::string_view line) {
  constexpr std::array<std::string_view, 3> kWords = {"SCHEDULED:", "DEADLINE:", "CLOSED:"};
  const std::string_view text = Indented(line);
  return std::ranges::any_of(kWords, [&](std::string_view word) { return text.starts_with(word); });
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return LowerChar(x) == LowerChar(y);
         });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), LowerChar);
  return lower;
}

Range TrimRange(std::string_view text, Range range) {
  while (range.begin < range.end && IsBlankChar(text[range.begin])) ++range.begin;
  while (range.end > range.begin && IsBlankChar(text[range.end - 1])) --range.end;
  return range;
}

std::optional<Range> TrailingTags(std::string_view text) {
  const Range trimmed = TrimRange(text, {0, text.size()});
  std::size_t begin = trimmed.end;
  while (begin > trimmed.begin && (IsTagChar(text[begin - 1]) || text[begin - 1] == ':')) --begin;
  // A word before the first colon is no tag: "at 10:30:".
  const bool own_word = begin > trimmed.begin && IsBlankChar(text[begin - 1]);
  if (!own_word || trimmed.end - begin < 3) return std::nullopt;
  if (text[begin] != ':' || text[trimmed.end - 1] != ':') return std::nullopt;
  return Range{begin, trimmed.end};
}

}  // namespace baton::workspace::org::internal
