// How a node runs, and where a conditional edge leads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/node.h"
#include "json/json.h"

namespace baton::graph {

// Where a conditional edge leads: node names (or kEnd) and sends. Reads the state as committed
// plus the writes of the node it follows. Pure and quick; runs on the run's executor.
struct Route {
  std::vector<std::string> go_to;
  std::vector<Send> sends;
};
using Router = std::function<Result<Route>(const json::Value& state)>;

struct RetryPolicy {
  int max_attempts = 1;
  std::chrono::milliseconds first_delay = std::chrono::milliseconds(500);
  double backoff = 2.0;
  std::chrono::milliseconds max_delay = std::chrono::seconds(60);
  bool jitter = true;
  // Which failures are worth another try; empty: every failure but kInvalidArgument,
  // kPermissionDenied, kUnauthenticated and kCancelled.
  std::function<bool(const Status&)> retry_on;
};

// For nodes whose output follows from their input: it is taken from the run's NodeCache, if that
// has one, and the node does not run. The output of a node that asked is not kept.
struct CachePolicy {
  // What of the input decides, empty: all of it.
  std::function<std::string(const json::Value& input)> key;
  std::optional<std::chrono::milliseconds> ttl;  // empty: for good
};

struct NodeOptions {
  RetryPolicy retry;
  std::optional<CachePolicy> cache;  // wants CompileOptions::name
  bool deferred = false;             // runs only when nothing else is left to run
  TimeoutPolicy timeout;
  // Runs in place of the node once that has failed for good, with its input and
  // NodeContext::failure(). What it returns is written; the node's edges are not followed, so
  // that it says itself where to go. It is not tried again. A run that goes on after a crash goes
  // on with it.
  std::shared_ptr<Node> error_handler;
  // The nodes (or kEnd) it may name in go_to and sends, for checks and drawings: Compile()
  // refuses a node that no edge leads to and no other node lists here.
  std::vector<std::string> destinations;
  // Of a subgraph: those of its channels that it writes to its parent. Empty: all that they share.
  std::vector<std::string> gives;
  // Of a subgraph: makes what its nodes get as NodeContext::scope() from what the nodes beside it
  // get. Called whenever it begins or goes on, made for that long. Empty, or null: the same.
  std::function<std::unique_ptr<RunScope>(RunScope* outer)> scope;
};

}  // namespace baton::graph
