// SubRip and WebVTT.
#include <string>

#include "workspace/internal/blocks.h"
#include "workspace/internal/rich_text.h"

namespace baton::workspace::internal {
namespace {

bool IsNumber(std::string_view line) {
  return !line.empty() && line.find_first_not_of("0123456789") == std::string_view::npos;
}

// "00:01:02" of "00:01:02,500 --> 00:01:04,000"; empty if it is no line of times.
std::string_view BeginOf(std::string_view line) {
  if (line.find("-->") == std::string_view::npos) return {};
  return Trim(line.substr(0, line.find_first_of(",.-")));
}

// Without <i>, {\an8} and the like.
std::string WithoutMarkup(std::string_view line) {
  std::string text;
  char closing = '\0';
  for (const char c : line) {
    if (closing != '\0') {
      if (c == closing) closing = '\0';
    } else if (c == '<' || c == '{') {
      closing = c == '<' ? '>' : '}';
    } else {
      text += c;
    }
  }
  return closing == '\0' ? text : std::string(line);
}

}  // namespace

Result<RichText> ReadSubtitles(std::string_view text) {
  RichText rich;
  LineReader lines(text);
  bool in_cue = false;
  while (lines.Next()) {
    const std::string_view line = Trim(lines.line());
    const std::string_view begin = BeginOf(line);
    if (!begin.empty()) {
      if (!rich.text.empty()) rich.text += "\n\n";
      rich.text += "[" + std::string(begin) + "]";
      in_cue = true;
    } else if (line.empty()) {
      in_cue = false;
    } else if (in_cue) {
      rich.text += " " + WithoutMarkup(line);
    } else if (!IsNumber(line) && line.starts_with("WEBVTT ")) {
      rich.title = Trim(line.substr(7));
    }
  }
  if (rich.text.empty()) return Fail(Code::kInvalidArgument, "no subtitles: no line with times");
  return rich;
}

}  // namespace baton::workspace::internal
