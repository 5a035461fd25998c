#include "agents/prompt_template.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/nearest_name.h"

namespace baton::agents {
namespace {

constexpr std::array<std::string_view, 5> kPromptVariables = {"user_name", "ai_name", "today",
                                                              "timezone", "persona_style"};

struct Placeholder {
  std::size_t begin = 0;  // of "{{"
  std::size_t end = 0;    // behind "}}"
  std::string_view name;  // without the blanks around it
  bool closed = true;
};

std::string_view TrimBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The next "{{…}}" at or after `from`; an empty range at the end of the text if there is none.
// A placeholder ends on the line it begins on.
Placeholder NextPlaceholder(std::string_view text, std::size_t from) {
  const std::size_t begin = text.find("{{", from);
  if (begin == std::string_view::npos) return {text.size(), text.size(), {}, true};
  const std::size_t line_end = std::min(text.find('\n', begin), text.size());
  const std::size_t close = text.substr(0, line_end).find("}}", begin + 2);
  if (close == std::string_view::npos) return {begin, begin + 2, {}, false};
  return {begin, close + 2, TrimBlanks(text.substr(begin + 2, close - begin - 2)), true};
}

}  // namespace

std::span<const std::string_view> PromptVariables() { return kPromptVariables; }

std::vector<TemplateMistake> CheckTemplate(std::string_view prompt) {
  std::vector<TemplateMistake> mistakes;
  for (std::size_t at = 0; at < prompt.size();) {
    const Placeholder next = NextPlaceholder(prompt, at);
    at = next.end;
    if (next.begin == next.end) break;
    if (!next.closed) {
      mistakes.push_back({next.begin, "'{{' without '}}' on its line"});
    } else if (std::ranges::find(kPromptVariables, next.name) == kPromptVariables.end()) {
      mistakes.push_back(
          {next.begin, fmt::format("unknown variable '{}': {}", next.name,
                                   SuggestName(next.name, "the variables are", kPromptVariables))});
    }
  }
  return mistakes;
}

std::string FillTemplate(std::string_view prompt,
                         const std::map<std::string, std::string>& variables) {
  std::string filled;
  filled.reserve(prompt.size());
  for (std::size_t at = 0; at < prompt.size();) {
    const Placeholder next = NextPlaceholder(prompt, at);
    filled += prompt.substr(at, next.begin - at);
    if (!next.closed) filled += "{{";
    if (const auto value = variables.find(std::string(next.name)); value != variables.end()) {
      filled += value->second;
    }
    at = next.end;
  }
  return filled;
}

}  // namespace baton::agents
