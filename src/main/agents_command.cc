#include "agents/agent_folder.h"
#include "agents/agent_spec.h"
#include "main/agents_folder.h"
#include "main/agents_new.h"
#include "main/agents_try.h"
#include "main/commands.h"
#include "main/route_command.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

std::string_view PermissionName(std::optional<agents::Permission> permission) {
  if (!permission) return "by its effect";
  switch (*permission) {
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
  if (spec.output) {
    out.WriteLine(
        fmt::format("output:    {} (schemas/{}.json)", spec.output->name, spec.output->name));
  }
  for (const std::string& example : spec.examples) {
    out.WriteLine(fmt::format("example:   {}", example));
  }
  out.WriteLine(fmt::format("file:      {}\n\n{}", spec.file, spec.prompt));
}

int Lint(const std::vector<agents::LoadedAgent>& files) {
  int exit_code = 0;
  Terminal out(stdout);
  for (const agents::LoadedAgent& loaded : files) {
    if (loaded.agent) {
      out.WriteLine(fmt::format("PASS {}", loaded.file.string()), Style::kGreen);
    } else {
      out.WriteLine(
          fmt::format("FAIL {}\n{}", loaded.file.string(), loaded.agent.error().message()),
          Style::kRed);
      exit_code = 1;
    }
  }
  return exit_code;
}

// The agents that can be used. What is wrong with the other files goes to standard error.
agents::AgentsByName ReportWrongOnes(const std::vector<agents::LoadedAgent>& files) {
  agents::AgentsByName good;
  for (const agents::LoadedAgent& loaded : files) {
    if (loaded.agent) {
      good.emplace((*loaded.agent)->spec.name, *loaded.agent);
    } else {
      ReportError(loaded.agent.error());
    }
  }
  return good;
}

int List(const agents::AgentsByName& agents) {
  Terminal out(stdout);
  for (const auto& [name, agent] : agents) {
    out.WriteLine(fmt::format("{:<16}{}", name, agent->spec.description));
  }
  return 0;
}

int Show(const agents::AgentsByName& agents, const std::string& name) {
  const auto agent = agents::FindAgent(agents, name);
  if (agent == nullptr) {
    return ReportError(Status(Code::kNotFound, "no agent '" + name + "'"),
                       "`baton agents list` names them");
  }
  ShowAgent(agent->spec);
  return 0;
}

Result<std::vector<agents::LoadedAgent>> LoadFiles(const Settings& settings,
                                                   const AgentsCommand& command) {
  const auto known = KnownAgentNames();
  if (!known) return Fail(known.error());
  std::vector<agents::LoadedAgent> files;
  files.reserve(command.files.size());
  for (const std::filesystem::path& file : command.files) {
    files.push_back(agents::LoadAgentFile(file, *known));
  }
  if (!files.empty()) return files;
  const auto folder = FindAgentsFolder(settings);
  if (!folder) return Fail(folder.error());
  return agents::LoadAgentFolder(*folder, *known);
}

}  // namespace

int RunAgents(const Settings& settings, const AgentsCommand& command) {
  using Action = AgentsCommand::Action;
  // These two read no other agent's file, which may be wrong.
  if (command.action == Action::kNew) return NewAgent(settings, command);
  if (command.action == Action::kTry) return TryAgent(settings, command);
  const auto files = LoadFiles(settings, command);
  if (!files) return ReportError(files.error());
  if (command.action == Action::kLint) return Lint(*files);
  const agents::AgentsByName agents = ReportWrongOnes(*files);
  if (command.action == Action::kRoute) return RouteMessages(settings, agents, command);
  return command.action == Action::kShow ? Show(agents, command.name) : List(agents);
}

}  // namespace baton::app
