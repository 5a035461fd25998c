#include "main/agents_folder.h"

#include <vector>

#include "main/models.h"
#include "main/tools.h"

namespace baton::app {

Result<std::filesystem::path> FindAgentsFolder(const Settings& settings) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const std::string& given = settings.Text("agents"); !given.empty()) {
    if (fs::is_directory(given, ignored)) return fs::path(given);
    return Fail(Code::kNotFound, "agents folder '{}': no such folder", given);
  }
  // build/<preset>/bin/baton → the source tree
  const fs::path binary = fs::read_symlink("/proc/self/exe", ignored);
  const std::vector<fs::path> candidates = {
      "agents", binary.parent_path().parent_path().parent_path().parent_path() / "agents",
      "/usr/share/baton/agents"};
  std::string looked;
  for (const fs::path& candidate : candidates) {
    if (fs::is_directory(candidate, ignored)) return candidate;
    looked += (looked.empty() ? "" : ", ") + candidate.string();
  }
  return Fail(Code::kNotFound,
              "no folder of agent files (looked for {}): give one with --agents or BATON_AGENTS",
              looked);
}

Result<agents::KnownNames> KnownAgentNames() {
  tools::ToolRegistry tools;
  BATON_TRY(RegisterTools(tools, nullptr, nullptr, nullptr));
  return agents::KnownNames{
      .tools = tools.names(),
      .models = std::vector<std::string>{std::string(kDefaultAlias), std::string(kFastAlias)}};
}

}  // namespace baton::app
