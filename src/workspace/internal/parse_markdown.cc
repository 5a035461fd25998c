#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {
namespace {

constexpr int kMaxHeadingLevel = 6;

// "**Install** [curl](https://…) with `apt`" as "Install curl with apt".
std::string StripInlineMarkup(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '*' || c == '`' || c == '[') continue;
    if (c == ']' && i + 1 < text.size() && text[i + 1] == '(') {
      const std::size_t close = text.find(')', i);
      if (close != std::string_view::npos) {
        i = close;
        continue;
      }
    }
    if (c != ']') out += c;
  }
  return std::string(Trim(out));
}

// The indentation up to which a line can still be a heading or a fence.
std::string_view WithoutIndent(std::string_view line) {
  std::size_t indent = 0;
  while (indent < 3 && indent < line.size() && line[indent] == ' ') ++indent;
  return line.substr(indent);
}

// "## Title ##": its level, and the text in `heading`; 0 if the line is no heading.
int ReadAtxHeading(std::string_view line, std::string_view& heading) {
  line = WithoutIndent(line);
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  if (level == 0 || level > kMaxHeadingLevel) return 0;
  if (level < line.size() && line[level] != ' ' && line[level] != '\t') return 0;
  heading = Trim(line.substr(level));
  const std::size_t last = heading.find_last_not_of('#');
  if (last == std::string_view::npos) {
    heading = {};
  } else if (heading[last] == ' ') {
    heading = Trim(heading.substr(0, last));
  }
  return static_cast<int>(level);
}

// A line of nothing but `mark`, which underlines a heading.
bool IsUnderline(std::string_view line, char mark) {
  line = Trim(line);
  return line.size() >= 2 && line.find_first_not_of(mark) == std::string_view::npos;
}

// The run of '`' or '~' that opens a fence; empty if the line opens none.
std::string_view FenceMark(std::string_view line) {
  line = WithoutIndent(line);
  if (!line.starts_with("```") && !line.starts_with("~~~")) return {};
  return line.substr(0, std::min(line.find_first_not_of(line[0]), line.size()));
}

bool ClosesFence(std::string_view line, std::string_view fence) {
  const std::string_view mark = FenceMark(line);
  return mark.starts_with(fence) && Trim(line).size() == mark.size();
}

void AddMarkdownLine(const LineReader& lines, BlockBuilder& builder, std::string_view content) {
  const std::string_view line = lines.line();
  std::string_view heading;
  if (Trim(line).empty()) {
    builder.Close();
  } else if (const int level = ReadAtxHeading(line, heading); level > 0) {
    builder.AddHeading(level, StripInlineMarkup(heading), lines.begin(), lines.end());
  } else if (builder.open_lines() == 1 && (IsUnderline(line, '=') || IsUnderline(line, '-'))) {
    const std::size_t begin = builder.open_begin();
    builder.TurnIntoHeading(IsUnderline(line, '=') ? 1 : 2,
                            StripInlineMarkup(content.substr(begin, lines.begin() - begin)),
                            lines.end());
  } else {
    builder.Extend(lines.begin(), lines.end());
  }
}

}  // namespace

std::vector<Block> ReadMarkdownBlocks(std::string_view content, std::size_t begin) {
  BlockBuilder builder;
  LineReader lines(content, begin);
  std::string_view fence;  // of the code block we are in
  while (lines.Next()) {
    if (!fence.empty()) {
      builder.Extend(lines.begin(), lines.end());
      if (ClosesFence(lines.line(), fence)) {
        fence = {};
        builder.Close();
      }
      continue;
    }
    fence = FenceMark(lines.line());
    if (fence.empty()) {
      AddMarkdownLine(lines, builder, content);
    } else {
      builder.Close();
      builder.Extend(lines.begin(), lines.end());
    }
  }
  return std::move(builder).Take();
}

}  // namespace baton::workspace::internal
