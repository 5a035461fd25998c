#include "main/agents_try.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "agents/agent_folder.h"
#include "async/block_on.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/log.h"
#include "main/agents_folder.h"
#include "main/conversation.h"
#include "main/terminal.h"
#include "main/trial.h"
#include "rpc/remote_orchestrator.h"

namespace baton::app {
namespace {

namespace fs = std::filesystem;

// `name` as it was given, if it is a file; else that agent's in the configured folder.
Result<fs::path> FindAgentFile(const Settings& settings, const std::string& name) {
  std::error_code ignored;
  if (name.ends_with(".md")) {
    if (fs::is_regular_file(name, ignored)) return fs::path(name);
    return Fail(Code::kNotFound, "{}: no such file", name);
  }
  const auto folder = FindAgentsFolder(settings);
  if (!folder) return Fail(folder.error());
  fs::path file = *folder / (name + ".md");
  if (name.find('/') == std::string::npos && fs::is_regular_file(file, ignored)) return file;
  return Fail(Code::kNotFound, "no agent '{}' in {}", name, folder->string());
}

// The agent's file, and those of the agents that it calls or hands over to, and so on: beside it,
// or in the configured folder.
std::vector<fs::path> FilesToTry(const Settings& settings, const agents::AgentSpec& spec,
                                 const agents::KnownNames& known) {
  const auto folder = FindAgentsFolder(settings);
  std::vector<fs::path> files = {spec.file};
  std::vector<agents::AgentSpec> left = {spec};
  while (!left.empty()) {
    const agents::AgentSpec next = std::move(left.back());
    left.pop_back();
    std::vector<std::string> names = next.agents;
    if (next.hands_over) names.push_back(next.hands_over->to);
    for (const std::string& name : names) {
      fs::path file = files.front().parent_path() / (name + ".md");
      std::error_code ignored;
      if (!fs::exists(file, ignored) && folder) file = *folder / (name + ".md");
      if (std::ranges::find(files, file) != files.end()) continue;
      files.push_back(file);
      const auto loaded = agents::LoadAgentFile(file, known);
      if (loaded.agent) left.push_back((*loaded.agent)->spec);
    }
  }
  return files;
}

int Ask(runs::Orchestrator& orchestrator, const Settings& settings, const AgentsCommand& command,
        std::string agent) {
  IdGenerator ids(SystemClock());
  ConversationOptions options{.id = ids.New("c"),
                              .user = settings.Text("user"),
                              .agent = std::move(agent),
                              .json = command.json};
  options.go_on = command.running ? CommandToGoOn(settings, options.id) : "";
  Conversation conversation(orchestrator, std::cin, std::move(options));
  return async::BlockOn(conversation.Turn(command.question, false)) ? 0 : 1;
}

int TryRunning(const Settings& settings, const AgentsCommand& command) {
  auto orchestrator =
      rpc::ConnectOrchestrator(settings.Text("server"), settings.Text("service_token"));
  if (!orchestrator) return ReportError(orchestrator.error());
  return Ask(**orchestrator, settings, command, fs::path(command.name).stem().string());
}

}  // namespace

int TryAgent(const Settings& settings, const AgentsCommand& command) {
  if (command.running) return TryRunning(settings, command);
  umask(0077);  // as RunServe
  const auto file = FindAgentFile(settings, command.name);
  if (!file) return ReportError(file.error(), "`baton agents list` names them");
  const auto known = KnownAgentNames();
  if (!known) return ReportError(known.error());
  const auto loaded = agents::LoadAgentFile(*file, *known);
  if (!loaded.agent) return ReportError(loaded.agent.error());
  const agents::AgentSpec& spec = (*loaded.agent)->spec;
  // What a service logs is not what a person tries an agent for.
  if (settings.IsDefault("log.level")) SetLogLevel(LogLevel::kError);
  auto trial = Trial::StartWith(settings, FilesToTry(settings, spec, *known), command.import);
  if (!trial) return ReportError(trial.error());
  if (!command.json) {
    Terminal(stderr).WriteLine(fmt::format("{}: workflow {}, model {}", file->string(),
                                           spec.workflow, (*trial)->model_name()),
                               Style::kDim);
  }
  return Ask((*trial)->orchestrator(), settings, command, spec.name);
}

}  // namespace baton::app
