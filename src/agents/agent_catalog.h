// The agents there are, kept in step with their files.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent.h"
#include "base/status.h"
#include "llm/model_catalog.h"
#include "tools/tool.h"

namespace baton::agents {

// Reads a folder of agent files and follows their changes, and those of schemas/ in it. A turn that
// has begun keeps the agent it began with. A file that becomes wrong keeps the agent it was;
// problems() says why.
//
// Threads: safe.
class AgentCatalog {
 public:
  // kInvalidArgument with all mistakes of all files; kNotFound if the folder has none.
  // `tools` and `models` are what the files may name; null: not checked.
  static Result<std::unique_ptr<AgentCatalog>> Open(std::filesystem::path folder,
                                                    const tools::ToolRegistry* tools,
                                                    const llm::ModelCatalog* models);
  ~AgentCatalog();

  // By its name, or its name with "_agent" behind it. Null if there is none.
  std::shared_ptr<const Agent> Find(std::string_view name) const;
  std::vector<std::shared_ptr<const Agent>> List() const;  // by name

  // Starts a thread that reloads what is saved (inotify), within 200 ms.
  Status Watch();

  // Reads the folder again now. Returns what is wrong with it, as Open() would.
  Status Reload();

  // What is wrong with the files at present, one message a file; empty when all is well.
  std::vector<std::string> problems() const;

 private:
  AgentCatalog(std::filesystem::path folder, const tools::ToolRegistry* tools,
               const llm::ModelCatalog* models);

  class Watcher;
  struct Reading;
  Reading ReadFolder(const AgentsByName& current) const;
  std::shared_ptr<const AgentsByName> Current() const;

  const std::filesystem::path folder_;
  const tools::ToolRegistry* const tools_;
  const llm::ModelCatalog* const models_;
  std::mutex reload_mutex_;  // one reading at a time: an older one never replaces a newer
  mutable std::mutex mutex_;
  std::shared_ptr<const AgentsByName> agents_;  // guarded by mutex_; replaced, never changed
  std::vector<std::string> problems_;           // guarded by mutex_
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace baton::agents
