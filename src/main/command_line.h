// The command line, read.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace baton::app {

struct ServeCommand {
  enum class Role { kAll, kOrchestrator, kBackend } role = Role::kAll;
};

struct ImportCommand {
  std::vector<std::filesystem::path> paths;
  bool resume = false;
  std::string job_id;  // of resume; empty: the last import that is unfinished
};

struct ChatCommand {
  std::string question;         // empty: ask for questions until the end of input
  std::string conversation_id;  // empty: a new one
  std::string agent;            // empty: the router decides
  std::string edit;             // the message whose place the question takes
  std::string after;            // the message behind which the question comes
  bool regenerate = false;      // the last question once more
  bool resume = false;
  bool json = false;
};

struct CheckCommand {
  bool json = false;
};

struct ConversationsCommand {
  enum class Action {
    kList,
    kShow,
    kSearch,
    kExport,
    kBranch,
    kRename,
    kPin,
    kArchive,
    kDelete
  } action = Action::kList;
  std::string conversation_id;
  std::string text;              // of search, of rename; of branch the message
  std::filesystem::path output;  // of export; empty: standard output
  int limit = 0;                 // 0: of list all
  bool archived = false;         // of list
  bool undo = false;             // of pin and archive
  bool json = false;
};

struct AgentsCommand {
  enum class Action { kList, kShow, kLint, kRoute, kNew, kTry } action = Action::kList;
  std::string name;                           // of show and new; of try also a file
  std::string workflow = "conversation";      // of new
  std::string from;                           // of new: the agent it is a copy of
  std::filesystem::path directory;            // of new; empty: the configured folder
  std::string question;                       // of try
  std::vector<std::filesystem::path> import;  // of try: documents to have
  bool running = false;                       // of try: ask the running service
  bool json = false;                          // of try
  std::vector<std::filesystem::path> files;   // of lint; empty: the configured folder
  std::filesystem::path evaluate;             // of route: rows to judge; empty: standard input
  std::size_t folds = 0;                      // of route
};

struct EvalCommand {
  std::filesystem::path file;
  std::string agent;                     // for all questions; empty: as the file says
  std::string judge = "default";         // an alias
  std::filesystem::path record, replay;  // at most one
  std::filesystem::path results;         // empty: in the data folder
  bool json = false;
};

struct GraphCommand {
  enum class Action { kRun, kLint, kDraw } action = Action::kRun;
  std::vector<std::filesystem::path> files;  // of run and draw: one
  std::optional<std::string> input;          // of run: JSON, or @FILE
  std::string thread;                        // empty: a new one
  std::vector<std::string> resume;           // answers, or ID=ANSWER
  std::vector<std::string> streams;          // "values" "updates" "messages" …
  bool json = false;
  bool expand = false;  // of draw
};

struct TasksCommand {
  enum class Action { kStart, kList, kShow, kWatch, kCancel } action = Action::kList;
  std::string id;  // of show, watch and cancel
  // Of start.
  std::string query;
  std::string conversation_id;  // empty: one of its own
  std::string agent;            // empty: the router decides
  std::string priority;         // "low" "normal" "high"; empty: normal
  std::string key;              // the idempotency key
  std::string at, every, cron, timezone;
  std::string webhook;
  bool watch = false;
  // Of list.
  std::string status;  // empty: all
  std::string parent;  // a repeating task; empty: all
  std::size_t limit = 50;
  bool json = false;
};

struct JobsCommand {
  enum class Action {
    kList,
    kShow,
    kWatch,
    kCancel,
    kImport,
    kCrawl,
    kRefresh
  } action = Action::kList;
  std::string id;                            // of show, watch and cancel
  std::string state;                         // of list; empty: all
  int limit = 0;                             // of list; 0: the service's
  std::vector<std::filesystem::path> paths;  // of import
  std::string url;                           // of crawl, with what follows
  int max_pages = 0;
  int max_depth = 0;
  std::string path_prefix;
  bool watch = false;  // of what starts a job
  bool json = false;
};

struct PermissionsCommand {
  enum class Action { kList, kApprove, kDeny, kGrants, kRevoke, kLog } action = Action::kList;
  std::string id;               // of the question or the grant
  std::string conversation_id;  // of list and log; empty: all of them
  std::string scope = "once";   // of approve
  std::string domain;           // of approve: a limit
  std::string folder;           // likewise
  bool json = false;
};

struct MemoryCommand {
  enum class Action { kList, kSearch, kAdd, kAccept, kReject, kDelete } action = Action::kList;
  std::string id;           // of accept, reject and delete
  std::string text;         // of add; of search the words
  bool preference = false;  // of add
  bool proposed = false;    // of list: only proposals
  bool json = false;
};

struct ConfigCommand {
  bool json = false;
};

using Command = std::variant<ServeCommand, ImportCommand, ChatCommand, CheckCommand, AgentsCommand,
                             GraphCommand, TasksCommand, JobsCommand, PermissionsCommand,
                             ConversationsCommand, MemoryCommand, ConfigCommand, EvalCommand>;

struct CommandLine {
  std::filesystem::path config_file;
  std::map<std::string, std::string> settings;  // key of settings.h → value
  Command command;
};

// Reads the arguments. Help, --version and mistakes are answered here, on standard output or
// error, and yield the exit code instead.
std::variant<CommandLine, int> ParseCommandLine(int argc, char** argv);

}  // namespace baton::app
