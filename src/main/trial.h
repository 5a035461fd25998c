// A Baton of its own for a moment: for trying agents and judging them.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/status.h"
#include "main/service.h"
#include "main/settings.h"

namespace baton::app {

// A folder below the system's temporary one, for this user alone; deleted with all it holds when
// the object is destroyed.
class TemporaryFolder {
 public:
  // kUnavailable if none can be made.
  static Result<TemporaryFolder> Create();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// Everything in one process, as `baton serve`, on an empty database in a temporary folder, and
// reachable for nobody else. The settings count otherwise: the model, the web, permissions.
//
// Lifetime: the destructor ends it and deletes its data. Streams of the orchestrator end before.
// Threads:  started and destroyed on one thread that is none of its own.
class Trial {
 public:
  // With all agents of `agents`, and `documents` (files and folders) imported for the user.
  static Result<std::unique_ptr<Trial>> Start(const Settings& settings,
                                              const std::filesystem::path& agents,
                                              std::vector<std::filesystem::path> documents,
                                              ServiceOptions options);

  // With the agents of `agent_files` alone.
  static Result<std::unique_ptr<Trial>> StartWith(
      const Settings& settings, const std::vector<std::filesystem::path>& agent_files,
      std::vector<std::filesystem::path> documents);

  runs::Orchestrator& orchestrator() const { return service_->orchestrator(); }
  std::string model_name() const { return service_->model_name(); }

 private:
  explicit Trial(TemporaryFolder folder) : folder_(std::move(folder)) {}
  Status Begin(const Settings& settings, const std::filesystem::path& agents,
               std::vector<std::filesystem::path> documents, ServiceOptions options);

  const TemporaryFolder folder_;
  std::unique_ptr<Service> service_;  // before its data goes
};

}  // namespace baton::app
