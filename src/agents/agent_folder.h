// Agent files, read from the disk and checked: one way for the server and for `baton agents`.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_spec.h"
#include "base/status.h"

namespace baton::agents {

// A file and what has become of it: an agent, or all mistakes of the file, one a line.
struct LoadedAgent {
  std::filesystem::path file;
  Result<std::shared_ptr<const Agent>> agent;
};

// Reads and checks one agent file, and compiles its workflow. kUnavailable if it cannot be
// read, kInvalidArgument lists its mistakes. The schema of its `output` is looked for beside it,
// whatever is in `known.outputs`, as LoadAgentFolder() does. Other agents are not looked for: it
// calls none, and hands over to none.
LoadedAgent LoadAgentFile(const std::filesystem::path& file, const KnownNames& known);

// All agent files of the folder, by file name: *.md without README.md and hidden files. One that
// is wrong does not keep the others away, but for those that call it or hand over to it. kNotFound
// if there is no such folder, or none in it; kUnavailable if its schemas/ cannot be read.
Result<std::vector<LoadedAgent>> LoadAgentFolder(const std::filesystem::path& folder,
                                                 const KnownNames& known);

}  // namespace baton::agents
