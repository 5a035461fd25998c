// The commands, one function each. Every one yields the process's exit code.
#pragma once

#include "main/command_line.h"
#include "main/settings.h"

namespace baton::app {

// Runs until SIGINT or SIGTERM. A second signal ends the process at once.
int RunServe(const Settings& settings, const ServeCommand& command);

int RunImport(const Settings& settings, const ImportCommand& command);
int RunChat(const Settings& settings, const ChatCommand& command);
int RunConversations(const Settings& settings, const ConversationsCommand& command);
int RunCheck(const Settings& settings, const CheckCommand& command);
int RunAgents(const Settings& settings, const AgentsCommand& command);
// 1 if a question failed.
int RunEval(const Settings& settings, const EvalCommand& command);
// 3 if the graph waits for an answer.
int RunGraph(const Settings& settings, const GraphCommand& command);
// 1 if a task that was watched has failed or been cancelled.
int RunTasks(const Settings& settings, const TasksCommand& command);
// 1 if a job that was watched has failed or been cancelled.
int RunJobs(const Settings& settings, const JobsCommand& command);
int RunPermissions(const Settings& settings, const PermissionsCommand& command);
int RunMemory(const Settings& settings, const MemoryCommand& command);
int RunConfig(const Settings& settings, const ConfigCommand& command);

}  // namespace baton::app
