#include "agents/agent_catalog.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agents/agent_folder.h"
#include "agents/internal/folder_watch.h"
#include "agents/internal/output_schemas.h"
#include "base/log.h"

namespace baton::agents {

// Reloads whenever the folder changes.
class AgentCatalog::Watcher {
 public:
  static Result<std::unique_ptr<Watcher>> Start(AgentCatalog& catalog) {
    Result<std::unique_ptr<FolderWatch>> watch =
        FolderWatch::Start(catalog.folder_, kSchemasFolder, [&catalog] { ReloadAndLog(catalog); });
    if (!watch) return Fail(std::move(watch).error());
    return std::unique_ptr<Watcher>(new Watcher(*std::move(watch)));
  }

 private:
  explicit Watcher(std::unique_ptr<FolderWatch> watch) : watch_(std::move(watch)) {}

  static void ReloadAndLog(AgentCatalog& catalog) {
    const Status status = catalog.Reload();
    if (status.ok()) {
      Log(LogLevel::kInfo, "agents reloaded", {{"agents", catalog.List().size()}});
    } else {
      Log(LogLevel::kWarning, "agents reloaded in part", {{"problems", status.message()}});
    }
  }

  std::unique_ptr<FolderWatch> watch_;
};

// What one look at the folder has yielded.
struct AgentCatalog::Reading {
  AgentsByName agents;
  std::vector<std::string> problems;
  Status status;
};

AgentCatalog::AgentCatalog(std::filesystem::path folder, const tools::ToolRegistry* tools,
                           const llm::ModelCatalog* models)
    : folder_(std::move(folder)),
      tools_(tools),
      models_(models),
      agents_(std::make_shared<const AgentsByName>()) {}

AgentCatalog::~AgentCatalog() = default;

Result<std::unique_ptr<AgentCatalog>> AgentCatalog::Open(std::filesystem::path folder,
                                                         const tools::ToolRegistry* tools,
                                                         const llm::ModelCatalog* models) {
  std::unique_ptr<AgentCatalog> catalog(new AgentCatalog(std::move(folder), tools, models));
  BATON_TRY(catalog->Reload());
  return catalog;
}

std::shared_ptr<const AgentsByName> AgentCatalog::Current() const {
  const std::lock_guard lock(mutex_);
  return agents_;
}

std::shared_ptr<const Agent> AgentCatalog::Find(std::string_view name) const {
  return FindAgent(*Current(), name);
}

std::vector<std::shared_ptr<const Agent>> AgentCatalog::List() const {
  std::vector<std::shared_ptr<const Agent>> list;
  for (const auto& [name, agent] : *Current()) list.push_back(agent);
  return list;
}

Status AgentCatalog::Watch() {
  if (watcher_ != nullptr) return {};
  Result<std::unique_ptr<Watcher>> watcher = Watcher::Start(*this);
  if (!watcher) return Fail(std::move(watcher).error());
  watcher_ = *std::move(watcher);
  // What was saved between Open() and now.
  static_cast<void>(Reload());
  return {};
}

AgentCatalog::Reading AgentCatalog::ReadFolder(const AgentsByName& current) const {
  Reading reading;
  KnownNames known;
  if (tools_ != nullptr) known.tools = tools_->names();
  if (models_ != nullptr) known.models = models_->aliases();
  Result<std::vector<LoadedAgent>> files = LoadAgentFolder(folder_, known);
  if (!files) {
    // An unreadable folder is no reason to forget the agents; an empty one is.
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder_, ignored)) reading.agents = current;
    reading.problems.push_back(files.error().message());
    reading.status = files.error();
    return reading;
  }
  for (LoadedAgent& loaded : *files) {
    if (loaded.agent) {
      std::string name = (*loaded.agent)->spec.name;
      reading.agents.emplace(std::move(name), *std::move(loaded.agent));
      continue;
    }
    reading.problems.push_back(loaded.agent.error().message());
    const auto before = current.find(loaded.file.stem().string());
    if (before != current.end()) reading.agents.insert(*before);
  }
  if (!reading.problems.empty()) {
    reading.status = Fail(Code::kInvalidArgument, "{}", fmt::join(reading.problems, "\n"));
  }
  return reading;
}

Status AgentCatalog::Reload() {
  const std::lock_guard one_at_a_time(reload_mutex_);
  Reading reading = ReadFolder(*Current());
  auto agents = std::make_shared<const AgentsByName>(std::move(reading.agents));
  const std::lock_guard lock(mutex_);
  agents_ = std::move(agents);
  problems_ = std::move(reading.problems);
  return reading.status;
}

std::vector<std::string> AgentCatalog::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

}  // namespace baton::agents
