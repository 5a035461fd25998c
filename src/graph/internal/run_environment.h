// What a run and the runs of its subgraphs share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "async/task.h"
#include "base/status.h"
#include "graph/internal/codec.h"
#include "graph/internal/journal.h"
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
  std::optional<Journal> journal;  // if so

  // Of this super-step of the thread's own graph, by question id; under "" one that waits for
  // its question.
  Answers answers;
  std::int64_t answers_seq = 0;  // of the checkpoint they are stored with

  bool keeps() const { return keeps_state; }
  bool Wants(StreamEvent::Kind kind) const {
    return options.listener != nullptr && options.listener->Wants(kind);
  }

  // Gives the event to the listener, if that wants it. A failure of the listener ends the run.
  async::Task<Status> Emit(StreamEvent event);

  // The answer to the question, if there is one; takes the one that waits for its question.
  std::optional<json::Value> TakeAnswer(const std::string& question_id);

  // Has the answers stored with the next flush.
  Status AddAnswers();

  // Why the run has to stop whatever its nodes do: the listener or the store failed.
  Status broken;
};

}  // namespace baton::graph
