// `baton agents new`: an agent file to begin with.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "main/command_line.h"
#include "main/settings.h"

namespace baton::app {

// A file that lint finds nothing wrong with, for an agent `name` run by `workflow`.
// kInvalidArgument if there is no such workflow.
Result<std::string> NewAgentText(std::string_view name, std::string_view workflow);

// The text of another agent's file with `name` and its title in the place of that one's.
std::string CopiedAgentText(std::string_view text, std::string_view name);

// Writes the file and says what next. Never over a file that is there. The exit code.
int NewAgent(const Settings& settings, const AgentsCommand& command);

}  // namespace baton::app
