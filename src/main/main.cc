#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/log.h"
#include "main/command_line.h"
#include "main/commands.h"
#include "main/settings.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

int Run(const Settings& settings, const Command& command) {
  struct Dispatch {
    const Settings& settings;
    int operator()(const ServeCommand& c) const { return RunServe(settings, c); }
    int operator()(const ImportCommand& c) const { return RunImport(settings, c); }
    int operator()(const ChatCommand& c) const { return RunChat(settings, c); }
    int operator()(const CheckCommand& c) const { return RunCheck(settings, c); }
    int operator()(const ConversationsCommand& c) const { return RunConversations(settings, c); }
    int operator()(const AgentsCommand& c) const { return RunAgents(settings, c); }
    int operator()(const EvalCommand& c) const { return RunEval(settings, c); }
    int operator()(const GraphCommand& c) const { return RunGraph(settings, c); }
    int operator()(const TasksCommand& c) const { return RunTasks(settings, c); }
    int operator()(const JobsCommand& c) const { return RunJobs(settings, c); }
    int operator()(const PermissionsCommand& c) const { return RunPermissions(settings, c); }
    int operator()(const MemoryCommand& c) const { return RunMemory(settings, c); }
    int operator()(const ConfigCommand& c) const { return RunConfig(settings, c); }
  };
  return std::visit(Dispatch{settings}, command);
}

void WarnOfMisspelledVariables() {
  for (const UnknownVariable& variable : UnknownVariables(environ)) {
    if (variable.meant.empty()) continue;
    Terminal err(stderr);
    err.Write("warning: ", Style::kYellow);
    err.WriteLine("environment " + variable.name + " sets nothing: did you mean '" +
                  variable.meant + "'?");
  }
}

int RunMain(int argc, char** argv) {
  auto parsed = ParseCommandLine(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  const auto& command_line = std::get<CommandLine>(parsed);
  const auto settings =
      Settings::Load(command_line.config_file, &std::getenv, command_line.settings);
  if (!settings) return ReportError(settings.error(), "`baton config` prints what can be set");
  WarnOfMisspelledVariables();
  SetLogLevel(*ParseLogLevel(settings->Text("log.level")));
  return Run(*settings, command_line.command);
}

}  // namespace
}  // namespace baton::app

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write, not a death
  return baton::app::RunMain(argc, argv);
}
