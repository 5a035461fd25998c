// What nodes have returned, so that they need not run again for the same input.
#pragma once

#include <optional>
#include <string>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"

namespace baton::graph {

// Keeps the outputs of nodes with a CachePolicy, for all threads that run with it.
//
// Threads: safe; a call resumes on the executor of its caller.
// Errors:  a run takes a failed Get() for a miss and goes on after a failed Put().
class NodeCache {
 public:
  virtual ~NodeCache() = default;

  // The value put under (`ns`, `key`), empty if there is none or it expires at `now` or before.
  virtual async::Task<Result<std::optional<std::string>>> Get(std::string ns, std::string key,
                                                              Timestamp now) = 0;

  // Replaces what is there. `expires` empty: it stays until it is cleared or pushed out.
  virtual async::Task<Status> Put(std::string ns, std::string key, std::string value,
                                  std::optional<Timestamp> expires) = 0;

  // Forgets what was put under `ns`: CacheNamespace() of a node.
  virtual async::Task<Status> Clear(std::string ns) = 0;
};

// The namespace of a node of a graph compiled with CompileOptions::name.
std::string CacheNamespace(const std::string& graph_name, const std::string& node_name);

}  // namespace baton::graph
