#include "agents/agent_catalog.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agents/internal/agent_file.h"
#include "agents/internal/folder_watch.h"
#include "base/log.h"

namespace baton::agents {
namespace {

constexpr std::string_view kAgentSuffix = "_agent";

// Editors keep hidden and backup files beside what is edited; a README explains the folder.
bool IsAgentFile(const std::filesystem::path& path) {
  return path.extension() == ".md" && !path.filename().string().starts_with('.') &&
         path.stem() != "README";
}

// The folder's agent files by name.
Result<std::vector<std::filesystem::path>> ListAgentFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  while (!error && entries != std::filesystem::directory_iterator()) {
    std::error_code ignored;  // a file that is gone by now is no agent
    if (IsAgentFile(entries->path()) && entries->is_regular_file(ignored)) {
      files.push_back(entries->path());
    }
    entries.increment(error);
  }
  if (error) {
    return Fail(Code::kNotFound, "agent folder '{}': {}", folder.string(), error.message());
  }
  if (files.empty()) {
    return Fail(Code::kNotFound, "agent folder '{}': no agent files (*.md)", folder.string());
  }
  std::ranges::sort(files);
  return files;
}

// At most a byte more than an agent file may have; what is longer is refused by the parser.
Result<std::string> ReadAgentFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxAgentFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.is_open()) {
    return Fail(Code::kUnavailable, "{}:1:1: the file cannot be read", path.string());
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<std::shared_ptr<const Agent>> LoadAgent(const std::filesystem::path& path,
                                               const KnownNames& known) {
  const Result<std::string> text = ReadAgentFile(path);
  if (!text) return Fail(text.error());
  Result<AgentSpec> spec = ParseAgentFile(*text, path.string(), known);
  if (!spec) return Fail(std::move(spec).error());
  Result<std::shared_ptr<const graph::CompiledGraph>> graph = BuildWorkflow(*spec);
  if (!graph) return Fail(std::move(graph).error().Annotate(path.string() + ":1:1"));
  return std::make_shared<const Agent>(*std::move(spec), *std::move(graph));
}

}  // namespace

// Reloads whenever the folder changes.
class AgentCatalog::Watcher {
 public:
  static Result<std::unique_ptr<Watcher>> Start(AgentCatalog& catalog) {
    Result<std::unique_ptr<FolderWatch>> watch =
        FolderWatch::Start(catalog.folder_, [&catalog] { ReloadAndLog(catalog); });
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
  Agents agents;
  std::vector<std::string> problems;
  Status status;
};

AgentCatalog::AgentCatalog(std::filesystem::path folder, const tools::ToolRegistry* tools,
                           const llm::ModelCatalog* models)
    : folder_(std::move(folder)),
      tools_(tools),
      models_(models),
      agents_(std::make_shared<const Agents>()) {}

AgentCatalog::~AgentCatalog() = default;

Result<std::unique_ptr<AgentCatalog>> AgentCatalog::Open(std::filesystem::path folder,
                                                         const tools::ToolRegistry* tools,
                                                         const llm::ModelCatalog* models) {
  std::unique_ptr<AgentCatalog> catalog(new AgentCatalog(std::move(folder), tools, models));
  BATON_TRY(catalog->Reload());
  return catalog;
}

std::shared_ptr<const AgentCatalog::Agents> AgentCatalog::Current() const {
  const std::lock_guard lock(mutex_);
  return agents_;
}

std::shared_ptr<const Agent> AgentCatalog::Find(std::string_view name) const {
  const std::shared_ptr<const Agents> agents = Current();
  auto found = agents->find(name);
  if (found == agents->end() && name.ends_with(kAgentSuffix)) {
    found = agents->find(name.substr(0, name.size() - kAgentSuffix.size()));
  }
  return found == agents->end() ? nullptr : found->second;
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

AgentCatalog::Reading AgentCatalog::ReadFolder(const Agents& current) const {
  Reading reading;
  const Result<std::vector<std::filesystem::path>> files = ListAgentFiles(folder_);
  if (!files) {
    // An unreadable folder is no reason to forget the agents; an empty one is.
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder_, ignored)) reading.agents = current;
    reading.problems.push_back(files.error().message());
    reading.status = files.error();
    return reading;
  }
  KnownNames known;
  if (tools_ != nullptr) known.tools = tools_->names();
  if (models_ != nullptr) known.models = models_->aliases();
  for (const std::filesystem::path& file : *files) {
    Result<std::shared_ptr<const Agent>> agent = LoadAgent(file, known);
    if (agent) {
      std::string name = (*agent)->spec.name;
      reading.agents.emplace(std::move(name), *std::move(agent));
      continue;
    }
    reading.problems.push_back(agent.error().message());
    const auto before = current.find(file.stem().string());
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
  auto agents = std::make_shared<const Agents>(std::move(reading.agents));
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
