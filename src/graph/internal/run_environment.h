// What a run and the runs of its subgraphs share.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/internal/answers.h"
#include "graph/internal/head_cache.h"
#include "graph/internal/journal.h"
#include "graph/internal/thread_state.h"
#include "graph/runner.h"

namespace baton::graph {

// Lifetime: the run. Threads: the run's executor.
class RunEnvironment {
 public:
  RunEnvironment(CheckpointStore& a_store, const Clock& a_clock, IdGenerator& an_ids,
                 const RunOptions& some_options)
      : store(a_store), clock(a_clock), ids(an_ids), options(some_options) {}

  CheckpointStore& store;
  const Clock& clock;
  IdGenerator& ids;
  const RunOptions& options;
  std::string thread_id;
  bool keeps_state = false;        // the store keeps something
  HeadCache* heads = nullptr;      // of the thread's own graph
  std::optional<Journal> journal;  // if so

  Answers answers;               // of this super-step of the thread's own graph
  std::int64_t answers_seq = 0;  // of the checkpoint they are stored with

  // Namespaces of Persistence::kOwn, and the task of the super-step that each is used by.
  struct OwnStateUse {
    std::string task;
    std::vector<std::string> within;  // the tasks that run the subgraphs around it
  };
  std::map<std::string, OwnStateUse, std::less<>> own_states;
  // What the run of the subgraph of `task` was using is free: that run is over.
  void ReleaseWithin(const std::string& task);
  std::vector<ForkPoint> forks;    // of the thread's own graph
  std::set<std::string> streamed;  // ids of messages that the listener has had, as JSON text
  bool drained = false;            // it stops because RunOptions::control said so

  bool keeps() const { return keeps_state; }
  bool Wants(StreamEvent::Kind kind) const {
    return options.listener != nullptr && options.listener->Wants(kind);
  }

  // Gives the event to the listener, if that wants it. A failure of the listener ends the run.
  async::Task<Status> Emit(StreamEvent event);

  // The answer to the question, if there is one. Takes the one that waits for its question if
  // that fits; if not, it is gone and the question says why.
  std::optional<json::Value> TakeAnswer(AskedQuestion& question);

  // Has the answers stored with the next flush.
  Status AddAnswers();

  // Why the run has to stop whatever its nodes do: the listener or the store failed.
  Status broken;
  void Break(Status status) {
    if (broken.ok()) broken = std::move(status);
  }
};

}  // namespace baton::graph
