#include "main/command_line.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "main/terminal.h"
#include "main/version.h"

namespace baton::app {
namespace {

constexpr int kUsage = 2;  // the exit code of a command line that cannot be understood

using SettingMap = std::map<std::string, std::string>;

// A flag that sets `key` of settings.h for this run.
void AddSetting(CLI::App& app, SettingMap& settings, const std::string& flag,
                const std::string& key, const std::string& help) {
  app.add_option_function<std::string>(
         flag, [&settings, key](const std::string& value) { settings[key] = value; }, help)
      ->type_name("");
}

void AddServe(CLI::App& app, CommandLine& out) {
  auto* serve = app.add_subcommand("serve", "Everything in one process");
  AddSetting(*serve, out.settings, "--http", "http.port", "HTTP port (3000; 0: any)");
  auto* orchestrator = app.add_subcommand(
      "orchestrator", "Only the orchestrator; its tools are a ToolService elsewhere");
  AddSetting(*orchestrator, out.settings, "--tools-target", "tools.target",
             "HOST:PORT of the ToolService (127.0.0.1:50052)");
  auto* backend = app.add_subcommand("backend", "Only the ToolService with its documents");
  for (CLI::App* role : {orchestrator, backend}) {
    AddSetting(*role, out.settings, "--metrics", "metrics.port", "metrics port (9464; 0: any)");
  }
  for (CLI::App* role : {serve, orchestrator}) {
    AddSetting(*role, out.settings, "--grpc", "grpc.port", "gRPC port (50051; 0: any)");
    AddSetting(*role, out.settings, "--agents", "agents", "folder of agent files");
  }
  for (CLI::App* role : {serve, backend}) {
    AddSetting(*role, out.settings, "--tools", "tools.port", "ToolService port (50052; 0: any)");
  }
  using Role = ServeCommand::Role;
  const auto choose = [&out](CLI::App* role_command, Role role) {
    AddSetting(*role_command, out.settings, "--data", "data", "data folder (./data)");
    AddSetting(*role_command, out.settings, "--log-level", "log.level", "debug … critical");
    role_command->callback([&out, role] { out.command = ServeCommand{role}; });
  };
  choose(serve, Role::kAll);
  choose(orchestrator, Role::kOrchestrator);
  choose(backend, Role::kBackend);
}

void AddImport(CLI::App& app, CommandLine& out, ImportCommand& import) {
  auto* command = app.add_subcommand("import", "Import files and folders as documents");
  command->add_option("paths", import.paths, "files and folders")->type_name("PATH");
  command->add_flag("--resume", import.resume, "go on with the last import that is unfinished");
  command->add_option("--job", import.job_id, "go on with this one")->type_name("ID");
  AddSetting(*command, out.settings, "--user", "user", "whose documents (local)");
  AddSetting(*command, out.settings, "--data", "data", "data folder (./data)");
  command->callback([&out, &import] {
    import.resume = import.resume || !import.job_id.empty();
    if (import.resume != import.paths.empty()) {
      throw CLI::ValidationError("import", import.resume
                                               ? "going on takes no paths: the job knows them"
                                               : "needs files or folders, or --resume");
    }
    out.command = import;
  });
}

void AddChat(CLI::App& app, CommandLine& out, ChatCommand& chat) {
  auto* command = app.add_subcommand("chat", "Ask a question, or talk");
  command->add_option("question", chat.question, "without one: a conversation");
  command->add_option("--conversation,-c", chat.conversation_id, "go on with this conversation")
      ->type_name("ID");
  command->add_option("--agent,-a", chat.agent, "which agent answers")->type_name("NAME");
  command->add_flag("--resume", chat.resume,
                    "show the conversation's last answer, and wait for it");
  command->add_option("--edit", chat.edit, "ask in the place of this message of yours")
      ->type_name("MESSAGE");
  command->add_option("--after", chat.after, "ask behind this message; what followed is kept")
      ->type_name("MESSAGE");
  command->add_flag("--regenerate", chat.regenerate, "answer the last question once more");
  command->add_flag("--json", chat.json, "one chunk a line, as JSON");
  AddSetting(*command, out.settings, "--user", "user", "who asks (local)");
  AddSetting(*command, out.settings, "--server", "server", "HOST:PORT (127.0.0.1:50051)");
  command->callback([&out, &chat] {
    const bool goes_back = chat.regenerate || !chat.edit.empty() || !chat.after.empty();
    if ((chat.resume || goes_back) && chat.conversation_id.empty()) {
      throw CLI::ValidationError("chat", "needs --conversation ID for this");
    }
    if (goes_back && chat.question.empty() != chat.regenerate) {
      throw CLI::ValidationError(
          "chat", chat.regenerate ? "--regenerate takes no question" : "needs a question for this");
    }
    out.command = chat;
  });
}

void AddConversations(CLI::App& app, CommandLine& out, ConversationsCommand& command) {
  auto* parent = app.add_subcommand("conversations", "The conversations of a user");
  parent->require_subcommand(1);
  AddSetting(*parent, out.settings, "--user", "user", "whose conversations (local)");
  AddSetting(*parent, out.settings, "--server", "server", "HOST:PORT (127.0.0.1:50051)");
  parent->add_flag("--json", command.json, "one object a line, as JSON; of export the format");
  using Action = ConversationsCommand::Action;
  const auto add = [&](const std::string& name, const std::string& help, Action action) {
    auto* sub = parent->add_subcommand(name, help);
    sub->callback([&out, &command, action] {
      command.action = action;
      out.command = command;
    });
    return sub;
  };
  const auto add_about = [&](const std::string& name, const std::string& help, Action action) {
    auto* sub = add(name, help, action);
    sub->add_option("conversation", command.conversation_id)->required()->type_name("ID");
    return sub;
  };
  auto* list = add("list", "Pinned ones first, then what was written in last", Action::kList);
  list->add_flag("--archived", command.archived, "the archived ones");
  auto* search = add("search", "Messages with all of these words", Action::kSearch);
  search->add_option("query", command.text)->required()->type_name("WORDS");
  for (CLI::App* sub : {list, search}) sub->add_option("--limit", command.limit, "at most so many");
  add_about("show", "A conversation with its messages", Action::kShow);
  auto* exported = add_about("export", "As Markdown, or with --json", Action::kExport);
  exported->add_option("--output,-o", command.output, "standard output")->type_name("FILE");
  auto* branch = add_about("branch", "A new conversation from a message on", Action::kBranch);
  branch->add_option("message", command.text, "its last message; none: all")->type_name("MESSAGE");
  auto* rename = add_about("rename", "Give a title", Action::kRename);
  rename->add_option("title", command.text)->required()->type_name("TITLE");
  for (CLI::App* sub : {add_about("pin", "Keep at the top of the list", Action::kPin),
                        add_about("archive", "Take out of the list", Action::kArchive)}) {
    sub->add_flag("--undo", command.undo, "the opposite");
  }
  add_about("delete", "With its messages, for ever", Action::kDelete);
}

void AddAgentsTry(CLI::App& app, CommandLine& out, AgentsCommand& agents) {
  auto* command = app.add_subcommand("try", "Ask one agent, in a place of its own");
  command->add_option("agent", agents.name)->required()->type_name("NAME|FILE");
  command->add_option("question", agents.question)->required()->type_name("QUESTION");
  auto* import = command->add_option("--import", agents.import, "what it finds as documents");
  import->type_name("PATH")->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--running", agents.running, "ask the running service instead")
      ->excludes(import);
  command->add_flag("--json", agents.json, "one chunk a line, as JSON");
  AddSetting(*command, out.settings, "--user", "user", "who asks (local)");
  AddSetting(*command, out.settings, "--server", "server", "with --running: HOST:PORT");
  command->callback([&out, &agents] {
    agents.action = AgentsCommand::Action::kTry;
    out.command = agents;
  });
}

void AddAgents(CLI::App& app, CommandLine& out, AgentsCommand& agents) {
  auto* command = app.add_subcommand("agents", "The agents and their files");
  command->require_subcommand(1);
  AddSetting(*command, out.settings, "--agents", "agents", "folder of agent files");
  using Action = AgentsCommand::Action;
  const auto finish = [&out, &agents](CLI::App* sub, Action action) {
    sub->callback([&out, &agents, action] {
      agents.action = action;
      out.command = agents;
    });
  };
  finish(command->add_subcommand("list", "Every agent with its title"), Action::kList);
  auto* show = command->add_subcommand("show", "One agent: tools, model, prompt");
  show->add_option("name", agents.name)->required()->type_name("NAME");
  finish(show, Action::kShow);
  auto* lint = command->add_subcommand("lint", "Check agent files");
  lint->add_option("files", agents.files, "none: the configured folder")->type_name("FILE");
  finish(lint, Action::kLint);
  auto* fresh = command->add_subcommand("new", "Begin an agent file");
  fresh->add_option("name", agents.name)->required()->type_name("NAME");
  auto* workflow = fresh->add_option("--workflow", agents.workflow, "which graph runs it");
  workflow->type_name("WORKFLOW")->capture_default_str();
  fresh->add_option("--from", agents.from, "as a copy of this one")
      ->type_name("AGENT")
      ->excludes(workflow);
  fresh->add_option("--dir", agents.directory, "where it is written (the configured folder)")
      ->type_name("FOLDER");
  finish(fresh, Action::kNew);
  AddAgentsTry(*command, out, agents);
  auto* route = command->add_subcommand("route", "Which agent would answer: JSON lines on stdin");
  route->add_option("--evaluate", agents.evaluate, "judge these rows instead")->type_name("FILE");
  route->add_option("--folds", agents.folds, "with --evaluate: cross-validate")->type_name("N");
  finish(route, Action::kRoute);
}

void AddEval(CLI::App& app, CommandLine& out, EvalCommand& eval) {
  auto* command = app.add_subcommand("eval", "Ask the questions of a file and judge the answers");
  command->add_option("file", eval.file)->required()->type_name("FILE");
  command->add_option("--agent,-a", eval.agent, "who answers them all (as the file says)")
      ->type_name("NAME");
  AddSetting(*command, out.settings, "--model", "model.default", "the provider's; or offline");
  AddSetting(*command, out.settings, "--agents", "agents", "folder of agent files");
  command->add_option("--judge", eval.judge, "which alias judges (default)")
      ->check(CLI::IsMember({"default", "fast"}));
  auto* record = command->add_option("--record", eval.record, "keep the model calls there");
  record->type_name("FOLDER");
  command->add_option("--replay", eval.replay, "take them from there, and ask no model")
      ->type_name("FOLDER")
      ->excludes(record);
  command->add_option("--results", eval.results, "kept and compared (DATA/evals/NAME.json)")
      ->type_name("FILE");
  command->add_flag("--json", eval.json, "the results as JSON");
  AddSetting(*command, out.settings, "--data", "data", "data folder (./data)");
  command->callback([&out, &eval] { out.command = eval; });
}

void AddGraphRun(CLI::App& graph, CommandLine& out, GraphCommand& run) {
  auto* command = graph.add_subcommand("run", "Run a graph file, durably");
  command->add_option("file", run.files)->required()->expected(1)->type_name("FILE");
  command->add_option("--input,-i", run.input, "what is written at the start, as JSON")
      ->type_name("JSON|@FILE");
  command->add_option("--thread,-t", run.thread, "the run's name; go on with it")->type_name("ID");
  command->add_option("--resume,-r", run.resume, "the answer to what it asks")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("[ID=]ANSWER");
  command->add_option("--stream,-s", run.streams, "what to show while it runs")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember({"values", "updates", "messages", "custom", "tasks", "checkpoints"}));
  command->add_flag("--json", run.json, "one JSON object a line");
  AddSetting(*command, out.settings, "--data", "data", "data folder (./data)");
  AddSetting(*command, out.settings, "--user", "user", "whose documents (local)");
  command->callback([&out, &run] {
    if (!run.resume.empty() && (run.thread.empty() || run.input)) {
      throw CLI::ValidationError("--resume", "needs --thread ID, and no --input");
    }
    run.action = GraphCommand::Action::kRun;
    out.command = run;
  });
}

void AddGraph(CLI::App& app, CommandLine& out, GraphCommand& graph) {
  auto* command = app.add_subcommand("graph", "Graphs written as YAML");
  command->require_subcommand(1);
  AddGraphRun(*command, out, graph);
  using Action = GraphCommand::Action;
  const auto finish = [&out, &graph](CLI::App* sub, Action action) {
    sub->callback([&out, &graph, action] {
      graph.action = action;
      out.command = graph;
    });
  };
  auto* lint = command->add_subcommand("lint", "Check graph files");
  lint->add_option("files", graph.files)->required()->type_name("FILE");
  finish(lint, Action::kLint);
  auto* draw = command->add_subcommand("draw", "Print a graph, or an agent's, as Mermaid");
  draw->add_option("file", graph.files)->required()->expected(1)->type_name("FILE");
  draw->add_flag("--expand", graph.expand, "with the inside of subgraphs");
  finish(draw, Action::kDraw);
}

void AddTaskStart(CLI::App& app, TasksCommand& start) {
  app.add_option("query", start.query, "what is to be done")->required()->type_name("QUERY");
  app.add_option("--conversation,-c", start.conversation_id, "in this one (one of its own)")
      ->type_name("ID");
  app.add_option("--agent,-a", start.agent, "which agent answers")->type_name("NAME");
  app.add_option("--priority", start.priority, "among your own tasks")
      ->check(CLI::IsMember({"low", "normal", "high"}));
  app.add_option("--key", start.key, "started twice with one key, it is one task")
      ->type_name("KEY");
  app.add_option("--at", start.at, "not before, as 2026-01-31T08:00:00Z")->type_name("TIME");
  auto* every = app.add_option("--every", start.every, "again and again: 15m, 6h, 1d");
  every->type_name("INTERVAL");
  auto* cron = app.add_option("--cron", start.cron, "again and again: \"30 8 * * 1-5\"");
  cron->type_name("FIELDS")->excludes(every);
  app.add_option("--timezone", start.timezone, "of --cron (UTC)")->type_name("ZONE")->needs(cron);
  app.add_option("--webhook", start.webhook, "told when the task has ended")->type_name("URL");
  app.add_flag("--watch", start.watch, "follow it to its end");
}

void AddTasks(CLI::App& app, CommandLine& out, TasksCommand& tasks) {
  auto* command = app.add_subcommand("tasks", "Turns that run in the background");
  command->require_subcommand(1);
  command->add_flag("--json", tasks.json, "one JSON object a line");
  AddSetting(*command, out.settings, "--user", "user", "whose tasks (local)");
  AddSetting(*command, out.settings, "--server", "server", "HOST:PORT (127.0.0.1:50051)");
  using Action = TasksCommand::Action;
  const auto add = [&](const std::string& name, const std::string& help, Action action) {
    auto* sub = command->add_subcommand(name, help);
    sub->callback([&out, &tasks, action] {
      tasks.action = action;
      out.command = tasks;
    });
    return sub;
  };
  AddTaskStart(*add("start", "Start a task", Action::kStart), tasks);
  auto* list = add("list", "Tasks, newest first", Action::kList);
  list->add_option("--status", tasks.status, "only these: queued, running, …")->type_name("STATUS");
  list->add_option("--of", tasks.parent, "only a repeating task's")->type_name("ID");
  list->add_option("--limit", tasks.limit, "at most (50)")->type_name("N");
  for (CLI::App* sub : {add("show", "Where a task stands, and its result", Action::kShow),
                        add("watch", "Follow a task to its end", Action::kWatch),
                        add("cancel", "End a task, or its repeating", Action::kCancel)}) {
    sub->add_option("id", tasks.id)->required()->type_name("ID");
  }
}

void AddJobs(CLI::App& app, CommandLine& out, JobsCommand& jobs) {
  auto* command = app.add_subcommand("jobs", "Imports, crawls and refreshes in the background");
  command->require_subcommand(1);
  command->add_flag("--json", jobs.json, "one JSON object a line");
  AddSetting(*command, out.settings, "--user", "user", "whose jobs (local)");
  AddSetting(*command, out.settings, "--tools-target", "tools.target",
             "HOST:PORT of the ToolService (127.0.0.1:50052)");
  using Action = JobsCommand::Action;
  const auto add = [&](const std::string& name, const std::string& help, Action action) {
    auto* sub = command->add_subcommand(name, help);
    sub->callback([&out, &jobs, action] {
      jobs.action = action;
      out.command = jobs;
    });
    return sub;
  };
  auto* list = add("list", "Jobs, newest first", Action::kList);
  list->add_option("--state", jobs.state, "only these: queued, running, …")->type_name("STATE");
  list->add_option("--limit", jobs.limit, "at most (50)")->type_name("N");
  for (CLI::App* sub : {add("show", "How far a job is", Action::kShow),
                        add("watch", "Follow a job to its end", Action::kWatch),
                        add("cancel", "End a job; what it has done stays", Action::kCancel)}) {
    sub->add_option("id", jobs.id)->required()->type_name("ID");
  }
  auto* import = add("import", "Files and folders of the service's machine", Action::kImport);
  import->add_option("paths", jobs.paths)->required()->type_name("PATH");
  auto* crawl = add("crawl", "The pages of a site become documents", Action::kCrawl);
  crawl->add_option("url", jobs.url)->required()->type_name("URL");
  crawl->add_option("--max-pages", jobs.max_pages, "at most (50)")->type_name("N");
  crawl->add_option("--max-depth", jobs.max_depth, "links away (2); -1: none")->type_name("N");
  crawl->add_option("--prefix", jobs.path_prefix, "only paths that begin so")->type_name("PATH");
  auto* refresh = add("refresh", "Poll all feeds now", Action::kRefresh);
  for (CLI::App* sub : {import, crawl, refresh}) {
    sub->add_flag("--watch", jobs.watch, "follow it to its end");
  }
}

void AddPermissions(CLI::App& app, CommandLine& out, PermissionsCommand& permissions) {
  auto* command = app.add_subcommand("permissions", "What agents ask before they act");
  command->require_subcommand(1);
  AddSetting(*command, out.settings, "--user", "user", "whose (local)");
  AddSetting(*command, out.settings, "--server", "server", "HOST:PORT (127.0.0.1:50051)");
  using Action = PermissionsCommand::Action;
  const auto add = [&](const char* name, const char* help, Action action) {
    auto* sub = command->add_subcommand(name, help);
    sub->callback([&out, &permissions, action] {
      permissions.action = action;
      out.command = permissions;
    });
    return sub;
  };
  for (CLI::App* shown : {add("list", "The open questions", Action::kList),
                          add("grants", "What is allowed until revoked", Action::kGrants),
                          add("log", "What was asked, answered and used", Action::kLog)}) {
    shown->add_flag("--json", permissions.json, "one object a line, as JSON");
    if (shown->get_name() == "grants") continue;
    shown->add_option("--conversation,-c", permissions.conversation_id, "only of this one")
        ->type_name("ID");
  }
  auto* approve = add("approve", "Allow what a question asks", Action::kApprove);
  auto* deny = add("deny", "Refuse it; the agent goes on without", Action::kDeny);
  for (CLI::App* answer : {approve, deny}) {
    answer->add_option("question", permissions.id)->required()->type_name("ID");
  }
  approve->add_option("--scope", permissions.scope, "for how long (once)")
      ->check(CLI::IsMember({"once", "conversation", "always"}));
  approve->add_option("--domain", permissions.domain, "only there")->type_name("NAME");
  approve->add_option("--folder", permissions.folder, "only there")->type_name("PATH");
  add("revoke", "Take a grant back", Action::kRevoke)
      ->add_option("grant", permissions.id)
      ->required()
      ->type_name("ID");
}

void AddMemory(CLI::App& app, CommandLine& out, MemoryCommand& memory) {
  auto* parent = app.add_subcommand("memory", "What a user has had remembered");
  parent->require_subcommand(1);
  AddSetting(*parent, out.settings, "--user", "user", "whose memories (local)");
  AddSetting(*parent, out.settings, "--server", "server", "HOST:PORT (127.0.0.1:50051)");
  parent->add_flag("--json", memory.json, "one object a line, as JSON");
  using Action = MemoryCommand::Action;
  const auto add = [&](const char* name, const char* help, Action action) {
    auto* sub = parent->add_subcommand(name, help);
    sub->callback([&out, &memory, action] {
      memory.action = action;
      out.command = memory;
    });
    return sub;
  };
  auto* list = add("list", "All of it, what was changed last first", Action::kList);
  list->add_flag("--proposed", memory.proposed, "what agents would like remembered");
  auto* search = add("search", "What has some of these words", Action::kSearch);
  search->add_option("query", memory.text)->required()->type_name("WORDS");
  auto* added = add("add", "Have something remembered", Action::kAdd);
  added->add_option("text", memory.text)->required()->type_name("TEXT");
  added->add_flag("--preference", memory.preference, "how you like things: told always");
  for (CLI::App* sub : {add("accept", "Save what is proposed", Action::kAccept),
                        add("reject", "Do not save what is proposed", Action::kReject),
                        add("delete", "For ever", Action::kDelete)}) {
    sub->add_option("memory", memory.id)->required()->type_name("ID");
  }
}

bool IsCommand(CLI::App& app, const std::string& name) {
  return std::ranges::any_of(app.get_subcommands({}),
                             [&](const CLI::App* command) { return command->get_name() == name; });
}

// CLI11 would only say that a command is missing.
int ReportUnknownCommand(CLI::App& app, const std::string& given) {
  std::string known;
  for (const CLI::App* command : app.get_subcommands({})) {
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  ReportError(Status(Code::kInvalidArgument, "no command '" + given + "'"), "commands: " + known);
  return kUsage;
}

}  // namespace

std::variant<CommandLine, int> ParseCommandLine(int argc, char** argv) {
  CLI::App app("Baton decides which agent answers, runs it durably, and streams the answer.");
  app.name("baton");
  app.set_version_flag("--version", std::string("baton ") + kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  CommandLine out;
  ImportCommand import;
  ChatCommand chat;
  CheckCommand check;
  AgentsCommand agents;
  GraphCommand graph;
  TasksCommand tasks;
  JobsCommand jobs;
  ConfigCommand config;
  ConversationsCommand conversations;
  app.add_option("--config", out.config_file, "configuration file (./baton.yaml if there is one)")
      ->type_name("FILE");
  AddServe(app, out);
  AddImport(app, out, import);
  AddChat(app, out, chat);
  auto* check_command = app.add_subcommand("check", "Is a running service reachable and well?");
  check_command->add_flag("--json", check.json, "one result a line, as JSON");
  AddSetting(*check_command, out.settings, "--server", "server", "HOST:PORT (127.0.0.1:50051)");
  check_command->callback([&] { out.command = check; });
  AddConversations(app, out, conversations);
  AddAgents(app, out, agents);
  EvalCommand eval;
  AddEval(app, out, eval);
  AddGraph(app, out, graph);
  AddTasks(app, out, tasks);
  AddJobs(app, out, jobs);
  PermissionsCommand permissions;
  AddPermissions(app, out, permissions);
  MemoryCommand memory;
  AddMemory(app, out, memory);
  auto* config_command = app.add_subcommand("config", "The effective configuration");
  config_command->add_flag("--json", config.json, "as JSON");
  config_command->callback([&] { out.command = config; });
  if (argc > 1 && argv[1][0] != '-' && !IsCommand(app, argv[1])) {
    return ReportUnknownCommand(app, argv[1]);
  }
  try {  // CLI11 reports help and mistakes by exception
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;
  }
  return out;
}

}  // namespace baton::app
