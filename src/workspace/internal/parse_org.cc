#include "workspace/internal/parse_org.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace baton::workspace::internal {
namespace {

constexpr std::array<std::string_view, 9> kTodoKeywords = {
    "TODO", "DONE", "NEXT", "WAITING", "HOLD", "CANCELLED", "CANCELED", "STARTED", "SOMEDAY"};
constexpr std::size_t kMaxKeywords = 32;
constexpr std::size_t kMaxKeywordBytes = 500;

std::string AsciiLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "TODO [#A] Call the plumber :home:phone:" as "Call the plumber".
std::string HeadingWords(std::string_view text) {
  text = Trim(text);
  const std::string_view first = text.substr(0, text.find(' '));
  if (std::ranges::find(kTodoKeywords, first) != kTodoKeywords.end()) {
    text = Trim(text.substr(first.size()));
  }
  if (text.starts_with("[#") && text.size() > 3 && text[3] == ']') text = Trim(text.substr(4));
  if (text.ends_with(':')) {
    const std::size_t tags = text.find_last_of(" \t");
    if (tags != std::string_view::npos && text[tags + 1] == ':') text = Trim(text.substr(0, tags));
  }
  return std::string(text);
}

int StarCount(std::string_view line) {
  const std::size_t stars = line.find_first_not_of('*');
  if (stars == std::string_view::npos || stars == 0 || line[stars] != ' ') return 0;
  return static_cast<int>(std::min<std::size_t>(stars, 64));
}

// "#+TITLE: My notes" into `keywords`; false if the line is no keyword. The first of two wins.
bool ReadKeyword(std::string_view line, std::map<std::string, std::string>& keywords) {
  if (!line.starts_with("#+")) return false;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon > 40) return false;
  const std::string_view name = line.substr(2, colon - 2);
  if (name.empty() || name.find_first_of(" \t[") != std::string_view::npos) return false;
  if (keywords.size() < kMaxKeywords) {
    keywords.try_emplace(AsciiLower(name), OneLine(line.substr(colon + 1), kMaxKeywordBytes));
  }
  return true;
}

}  // namespace

OrgOutline ReadOrg(std::string_view content) {
  OrgOutline outline;
  BlockBuilder builder;
  LineReader lines(content);
  std::string end_mark;  // of the #+BEGIN_… block we are in
  while (lines.Next()) {
    const std::string_view line = Trim(lines.line());
    const int stars = StarCount(lines.line());
    if (!end_mark.empty() && stars == 0) {  // a heading ends every block, as in Org itself
      builder.Extend(lines.begin(), lines.end());
      if (AsciiLower(line.substr(0, end_mark.size())) == end_mark) {
        end_mark.clear();
        builder.Close();
      }
      continue;
    }
    end_mark.clear();
    if (stars > 0) {
      builder.AddHeading(stars, HeadingWords(lines.line().substr(static_cast<std::size_t>(stars))),
                         lines.begin(), lines.end());
    } else if (line.empty()) {
      builder.Close();
    } else if (AsciiLower(line.substr(0, 8)) == "#+begin_") {
      builder.Close();
      builder.Extend(lines.begin(), lines.end());
      end_mark = "#+end_" + AsciiLower(line.substr(8, line.find_first_of(" \t", 8) - 8));
    } else if (ReadKeyword(line, outline.keywords)) {
      builder.Close();
    } else {
      builder.Extend(lines.begin(), lines.end());
    }
  }
  outline.blocks = std::move(builder).Take();
  return outline;
}

}  // namespace baton::workspace::internal
