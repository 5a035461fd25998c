#include "agents/internal/agent_file.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "agents/internal/front_matter.h"
#include "agents/internal/mistakes.h"
#include "agents/internal/readable_text.h"
#include "agents/prompt_template.h"

namespace baton::agents {
namespace {

// Where the two parts of the file lie in its text.
struct FileParts {
  std::size_t front_matter_begin = 0;
  std::string_view front_matter;
  std::size_t prompt_begin = 0;
  std::string_view prompt;
};

// The line at `begin` without its end, which may be CRLF.
std::string_view LineAt(std::string_view text, std::size_t begin) {
  std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

std::size_t NextLine(std::string_view text, std::size_t begin) {
  const std::size_t newline = text.find('\n', begin);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

bool CutInParts(std::string_view text, FileParts& parts, Mistakes& mistakes) {
  if (LineAt(text, 0) != "---") {
    mistakes.Add(0, "the file must begin with front matter, between two lines '---'");
    return false;
  }
  parts.front_matter_begin = NextLine(text, 0);
  std::size_t line = parts.front_matter_begin;
  while (line < text.size() && LineAt(text, line) != "---") line = NextLine(text, line);
  if (line >= text.size()) {
    mistakes.Add(0, "the front matter has no end: a line '---' before the prompt");
    return false;
  }
  parts.front_matter = text.substr(parts.front_matter_begin, line - parts.front_matter_begin);
  parts.prompt_begin = NextLine(text, line);
  parts.prompt = text.substr(parts.prompt_begin);
  return true;
}

// Line ends as LF, no blank space around.
std::string CleanPrompt(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  std::string prompt(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
  for (std::size_t at = prompt.find("\r\n"); at != std::string::npos;
       at = prompt.find("\r\n", at)) {
    prompt.erase(at, 1);
  }
  return prompt;
}

}  // namespace

Result<AgentSpec> ParseAgentFile(std::string_view text, std::string_view file_name,
                                 const KnownNames& known) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Mistakes mistakes(text);
  FileParts parts;
  AgentSpec spec;
  spec.file = file_name;
  if (IsReadable(text, kMaxAgentFileBytes, mistakes) && CutInParts(text, parts, mistakes)) {
    ReadFrontMatter(parts.front_matter, parts.front_matter_begin, known, spec, mistakes);
    spec.prompt = CleanPrompt(parts.prompt);
    if (spec.prompt.empty()) mistakes.Add(parts.prompt_begin, "no prompt after the front matter");
    for (TemplateMistake& mistake : CheckTemplate(parts.prompt)) {
      mistakes.Add(parts.prompt_begin + mistake.offset, std::move(mistake.message));
    }
  }
  BATON_TRY(mistakes.ToStatus(file_name));
  return spec;
}

}  // namespace baton::agents
