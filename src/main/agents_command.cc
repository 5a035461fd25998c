#include <fstream>
#include <sstream>

#include "agents/agent_catalog.h"
#include "agents/agent_spec.h"
#include "main/agents_folder.h"
#include "main/commands.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

std::string_view PermissionName(agents::Permission permission) {
  switch (permission) {
    case agents::Permission::kAllow:
      return "allow";
    case agents::Permission::kAsk:
      return "ask";
    case agents::Permission::kDeny:
      return "deny";
  }
  return "";
}

void ShowAgent(const agents::AgentSpec& spec) {
  Terminal out(stdout);
  out.WriteLine(fmt::format("{} — {}", spec.name, spec.title), Style::kBold);
  out.WriteLine(spec.description);
  out.WriteLine(fmt::format("when:      {}", spec.when));
  out.WriteLine(fmt::format("workflow:  {}", spec.workflow));
  out.WriteLine(fmt::format("model:     {}", spec.model));
  for (const agents::ToolGrant& grant : spec.tools) {
    out.WriteLine(fmt::format("tool:      {} ({})", grant.tool, PermissionName(grant.permission)));
  }
  for (const std::string& example : spec.examples) {
    out.WriteLine(fmt::format("example:   {}", example));
  }
  out.WriteLine(fmt::format("file:      {}\n\n{}", spec.file, spec.prompt));
}

Status LintFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return Fail(Code::kNotFound, "{}: cannot be read", path.string());
  std::stringstream text;
  text << in.rdbuf();
  const auto spec = agents::ParseAgentFile(text.str(), path.string());
  if (!spec) return spec.error();
  BATON_TRY(agents::BuildWorkflow(*spec));
  return {};
}

int LintFiles(const std::vector<std::filesystem::path>& files) {
  int wrong = 0;
  Terminal out(stdout);
  for (const std::filesystem::path& file : files) {
    if (const Status status = LintFile(file); status.ok()) {
      out.WriteLine(fmt::format("PASS {}", file.string()), Style::kGreen);
    } else {
      out.WriteLine(fmt::format("FAIL {}\n{}", file.string(), status.message()), Style::kRed);
      ++wrong;
    }
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int RunAgents(const Settings& settings, const AgentsCommand& command) {
  using Action = AgentsCommand::Action;
  if (command.action == Action::kLint && !command.files.empty()) return LintFiles(command.files);
  const auto folder = FindAgentsFolder(settings);
  if (!folder) return ReportError(folder.error());
  const auto catalog = agents::AgentCatalog::Open(*folder, nullptr, nullptr);
  if (!catalog) return ReportError(catalog.error());
  Terminal out(stdout);
  if (command.action == Action::kShow) {
    const auto agent = (*catalog)->Find(command.name);
    if (agent == nullptr) {
      return ReportError(Status(Code::kNotFound, "no agent '" + command.name + "'"),
                         "`baton agents list` names them");
    }
    ShowAgent(agent->spec);
    return 0;
  }
  for (const auto& agent : (*catalog)->List()) {
    out.WriteLine(command.action == Action::kLint
                      ? fmt::format("PASS {}", agent->spec.file)
                      : fmt::format("{:<16}{}", agent->spec.name, agent->spec.description));
  }
  return 0;
}

}  // namespace baton::app
