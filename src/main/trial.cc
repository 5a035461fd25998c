#include "main/trial.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/id_generator.h"
#include "base/log.h"
#include "main/agents_folder.h"
#include "main/import.h"

namespace baton::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLoopback = "127.0.0.1";

// `settings` for a service in `folder` that nobody else on this machine can call.
Settings TrialSettings(const Settings& settings, const fs::path& folder, const fs::path& agents) {
  const std::string token = IdGenerator(SystemClock()).New("token");
  return settings.With({{"data", folder.string()},
                        {"database", ""},
                        {"agents", agents.string()},
                        {"http.address", kLoopback},
                        {"grpc.address", kLoopback},
                        {"tools.address", kLoopback},
                        {"http.port", "0"},
                        {"grpc.port", "0"},
                        {"tools.port", "0"},
                        {"service_token", token}},
                       "trial");
}

// The forms of answers beside an agent's file, each name once.
std::error_code LinkSchemas(const fs::path& agents, const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(agents / "schemas", error)) return {};
  fs::create_directory(folder / "schemas", error);
  for (const fs::directory_entry& entry : fs::directory_iterator(agents / "schemas", error)) {
    const fs::path link = folder / "schemas" / entry.path().filename();
    std::error_code ignored;
    if (fs::exists(link, ignored)) continue;
    fs::create_symlink(fs::absolute(entry.path()), link, error);
    if (error) break;
  }
  return error;
}

// Where there are agents to route to, there is what the router learns from.
Status LinkAgents(const Settings& settings, const std::vector<fs::path>& agent_files,
                  const fs::path& folder) {
  std::error_code error;
  fs::create_directory(folder, error);
  for (const fs::path& agent_file : agent_files) {
    if (error) break;
    fs::create_symlink(fs::absolute(agent_file), folder / agent_file.filename(), error);
    if (!error) error = LinkSchemas(agent_file.parent_path(), folder);
  }
  const auto agents = FindAgentsFolder(settings);
  if (!error && agents && fs::is_directory(*agents / "routing")) {
    fs::create_directory_symlink(fs::absolute(*agents) / "routing", folder / "routing", error);
  }
  if (!error) return {};
  return Fail(Code::kUnavailable, "agents folder '{}': {}", folder.string(), error.message());
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::Create() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) return Fail(Code::kUnavailable, "temporary folder: {}", error.message());
  std::string path = (parent / "baton-trial-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) {
    return Fail(Code::kUnavailable, "temporary folder '{}': {}", path, std::strerror(errno));
  }
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code error;
  fs::remove_all(path_, error);
  if (error) {
    Log(LogLevel::kWarning, "temporary folder not deleted",
        {{"folder", path_.string()}, {"error", error.message()}});
  }
}

Status Trial::Begin(const Settings& settings, const fs::path& agents,
                    std::vector<fs::path> documents, ServiceOptions options) {
  const Settings own = TrialSettings(settings, folder_.path() / "data", agents);
  if (!documents.empty()) {
    const auto job = ImportPaths(own, {.paths = std::move(documents)});
    if (!job) return job.error();
    if (job->state != workspace::jobs::JobState::kCompleted) {
      const bool cancelled = job->state == workspace::jobs::JobState::kCancelled;
      return Fail(cancelled ? Code::kCancelled : Code::kUnavailable,
                  "the documents could not be imported: {} {}",
                  workspace::jobs::JobStateName(job->state), job->error);
    }
  }
  auto service = Service::Start(own, ServeCommand::Role::kAll, std::move(options));
  if (!service) return std::move(service).error();
  service_ = *std::move(service);
  return {};
}

Result<std::unique_ptr<Trial>> Trial::Start(const Settings& settings, const fs::path& agents,
                                            std::vector<fs::path> documents,
                                            ServiceOptions options) {
  auto folder = TemporaryFolder::Create();
  if (!folder) return Fail(std::move(folder).error());
  std::unique_ptr<Trial> trial(new Trial(*std::move(folder)));
  BATON_TRY(trial->Begin(settings, agents, std::move(documents), std::move(options)));
  return trial;
}

Result<std::unique_ptr<Trial>> Trial::StartWith(const Settings& settings,
                                                const std::vector<fs::path>& agent_files,
                                                std::vector<fs::path> documents) {
  auto folder = TemporaryFolder::Create();
  if (!folder) return Fail(std::move(folder).error());
  std::unique_ptr<Trial> trial(new Trial(*std::move(folder)));
  const fs::path agents = trial->folder_.path() / "agents";
  BATON_TRY(LinkAgents(settings, agent_files, agents));
  BATON_TRY(trial->Begin(settings, agents, std::move(documents), {}));
  return trial;
}

}  // namespace baton::app
