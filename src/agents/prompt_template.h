// The {{variables}} of an agent's prompt.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::agents {

// The variables that a prompt may use; runs/ gives them a value for each turn.
std::span<const std::string_view> PromptVariables();

struct TemplateMistake {
  std::size_t offset = 0;  // bytes into the prompt
  std::string message;
};

// Every unknown variable and every '{{' without its '}}', first to last.
std::vector<TemplateMistake> CheckTemplate(std::string_view prompt);

// Puts each variable's value in its place; one without a value becomes nothing. Values are
// not looked into: a '{{' that a user wrote stays text.
std::string FillTemplate(std::string_view prompt,
                         const std::map<std::string, std::string>& variables);

}  // namespace baton::agents
