#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {
namespace {

constexpr std::string_view kAdornments = "=-~^*#\"+";  // '=' above '-' above the others
constexpr std::size_t kMaxUnderlinedLine = 100;

// The level of the heading that `line` underlines or overlines; 0 if it is ordinary text.
int AdornmentLevel(std::string_view line) {
  line = Trim(line);
  if (line.size() < 3) return 0;
  const std::size_t mark = kAdornments.find(line[0]);
  if (mark == std::string_view::npos) return 0;
  if (line.find_first_not_of(line[0]) != std::string_view::npos) return 0;
  return static_cast<int>(std::min<std::size_t>(mark, 2)) + 1;
}

// An underline is about as long as what stands above it; a rule across the page is not.
bool Underlines(std::string_view underline, std::string_view above) {
  const std::size_t length = Trim(above).size();
  const std::size_t under = Trim(underline).size();
  return length <= kMaxUnderlinedLine && under + 3 >= length && under <= length + 3;
}

}  // namespace

std::vector<Block> ReadPlainBlocks(std::string_view content) {
  BlockBuilder builder;
  LineReader lines(content);
  while (lines.Next()) {
    const std::string_view line = lines.line();
    const int level = AdornmentLevel(line);
    if (Trim(line).empty()) {
      builder.Close();
    } else if (level == 0 || builder.open_lines() > 1) {
      builder.Extend(lines.begin(), lines.end());
    } else if (builder.open_lines() == 1) {
      const std::size_t begin = builder.open_begin();
      const std::string_view above = content.substr(begin, lines.begin() - begin);
      if (Underlines(line, above)) {
        builder.TurnIntoHeading(level, Trim(above), lines.end());
      } else {
        builder.Extend(lines.begin(), lines.end());
      }
    }
    // An adornment with nothing above it is the upper line of a heading, or a rule: no words.
  }
  return std::move(builder).Take();
}

}  // namespace baton::workspace::internal
