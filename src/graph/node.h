// A node: what runs in a super-step, and what it is given.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "json/json.h"

namespace baton::graph {

// The names of a graph's two ends.
inline constexpr std::string_view kStart = "START";
inline constexpr std::string_view kEnd = "END";

// How long one attempt of a node may take: in all, and without a sign of life (an event, a
// question, NodeContext::Heartbeat(), a super-step of its subgraph). It is cancelled then, and
// has failed with kDeadlineExceeded and details "timeout": "run" or "idle".
struct TimeoutPolicy {
  std::optional<std::chrono::milliseconds> run;
  std::optional<std::chrono::milliseconds> idle;
};

// One task of node `node` with an input of its own, beside those that edges start.
struct Send {
  std::string node;
  json::Value argument;
  TimeoutPolicy timeout = {};  // what it gives goes before the node's own
};

// What a node returns: writes to channels, and, where edges do not say it, where to go next.
struct NodeOutput {
  json::Object writes;
  std::vector<std::string> go_to;  // node names or kEnd, in addition to the node's edges
  std::vector<Send> sends;
  // All of this is for the parent graph, as if the node that runs this subgraph had returned
  // it. The subgraph ends here; what its other nodes wrote in this super-step is lost.
  bool to_parent = false;
};

// A question to whoever runs the graph.
struct Question {
  json::Value payload;                               // what is asked, as the caller shows it
  std::optional<json::Value> answer_schema;          // JSON Schema of an acceptable answer
  std::optional<std::chrono::milliseconds> expires;  // from the moment it is asked
  // Names the question within its task, for nodes that ask now this, now that. Empty: it is
  // known by the order of the calls.
  std::string key;
};

// What one run of a graph carries for its nodes besides the state: services, the user, where
// the stream goes. The graph never looks inside; nodes cast it to the type their builder knows.
// Never stored. Lifetime: outlives the run.
class RunScope {
 public:
  virtual ~RunScope() = default;
};

class LongTermStore;

// A task's view of the run. Lives as long as the node's Run(); used on the run's executor.
class NodeContext {
 public:
  virtual ~NodeContext() = default;

  // The argument of a Send, or else the state as an object: channel → value. Absent channels
  // are absent members.
  virtual const json::Value& input() const = 0;

  virtual std::string_view node_name() const = 0;
  // The same for this task whenever it runs again: after a crash, a failure, an answer.
  virtual std::string_view task_id() const = 0;
  // 1 on the first try within this run; a retry counts up.
  virtual int attempt() const = 0;

  // Asks and suspends the run until there is an answer. The node then runs again from its
  // start, and the same call, by its key or in the order of calls, yields the answer. Without one
  // it fails with kAborted; pass that on at once: `if (!answer) co_return Fail(answer.error())`.
  virtual async::Task<Result<json::Value>> Interrupt(Question question) = 0;

  // Suspends until what this task starts from is in the store: from then on a crash runs this
  // very task again, with this id and this input. To be awaited before a change of the world
  // that must not come twice. kAborted: another run has taken the thread over.
  // kFailedPrecondition in a subgraph of Persistence::kNone, which starts over. At once ok where
  // the run keeps nothing.
  virtual async::Task<Status> AwaitStored() = 0;

  // Tells that the node is at work: TimeoutPolicy::idle counts from here.
  virtual void Heartbeat() = 0;

  // What the node failed with, in its NodeOptions::error_handler; null elsewhere.
  virtual const Status* failure() const = 0;

  // How many super-steps are left under the recursion limit, this one included: at 1 the graph
  // has to end with this one.
  virtual int remaining_steps() const = 0;

  // Whether the run is to stop at the end of this super-step (RunControl).
  virtual bool draining() const = 0;

  // Gives `event` to who listens to this run's custom stream. Not stored by the graph.
  // Suspends while the listener is slow.
  virtual async::Task<Status> Emit(json::Value event) = 0;

  // Gives a message, or a part of one as a model produces it, to who listens to this run's
  // messages. One that the node writes to a messages channel later under the same "id" is not
  // given to them again.
  virtual async::Task<Status> EmitMessage(json::Value message) = 0;

  virtual RunScope* scope() const = 0;  // null if the run was given none
  // What outlives the thread (long_term_store.h), of this run's user alone; null if the run was
  // given none. A node that runs again reads what it wrote before: nothing of it is undone.
  virtual LongTermStore* store() const = 0;
  virtual Deadline deadline() const = 0;
};

// Threads: one node object serves all runs at once, so it keeps no state of a run.
// Errors:  a failure ends the super-step; siblings that finished keep their writes.
class Node {
 public:
  virtual ~Node() = default;
  virtual async::Task<Result<NodeOutput>> Run(NodeContext& context) = 0;

  // A node that never suspends may answer here instead, and spare the run a coroutine.
  // Empty: call Run().
  virtual std::optional<Result<NodeOutput>> RunNow(NodeContext& context) {
    static_cast<void>(context);
    return std::nullopt;
  }
};

}  // namespace baton::graph
