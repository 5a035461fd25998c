// The way of a run's chunks into its log, and from there to its readers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/signal.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "runs/chunk_sequencer.h"
#include "runs/run_store.h"
#include "runs/stream_log.h"

namespace baton::runs {

// Takes drafts from a run, numbers them, logs them and then publishes them: what a reader has
// got is on disk. One write takes along everything that was said while the last one was under
// way, and text of one model call becomes one chunk; what comes while no write is under way is
// never held back.
//
// Lifetime: store, clock and counter outlive it. Between the start and the end of Run().
// Threads:  one executor, the run's.
// Errors:   after a failed write nothing is written any more, so that the log has no gap.
class ChunkWriter {
 public:
  ChunkWriter(async::Executor executor, RunStore& store, const Clock& clock, RunFence fence,
              ChunkSequencer sequencer, std::shared_ptr<StreamLog> log, Counter& chunks_written);

  // Suspends while too much is waiting. Fails as the write failed, with kCancelled, or with
  // kResourceExhausted for a run that writes without end.
  async::Task<Status> Push(ChunkDraft draft);

  // Writes what is pushed, until Close() and all of it is written, or a write fails.
  async::Task<void> Run();
  void Close();

  // Stores the last chunks of an activation and how it ended, in one transaction. After Run()
  // has returned. With `answer` the valid content is made exactly that first. `results` go ahead
  // of `last`: what a run yields once, however often its nodes ran. The readers get the chunks
  // with PublishLast().
  async::Task<Status> Finish(RunStore::Ending ending, std::optional<std::string> answer,
                             ChunkDraft last, std::vector<ChunkDraft> results = {});
  void PublishLast();

  // The run has got further since it last crashed.
  void ForgetCrashes() { standing_.crashes = 0; }
  // Stored with the next chunks.
  void AddUsage(const llm::Usage& usage);
  void set_standing(RunStore::Standing standing) { standing_ = standing; }
  const llm::Usage& usage() const { return standing_.usage; }

  const Status& broken() const { return broken_; }
  const RunFence& fence() const { return fence_; }
  const ChunkSequencer& sequencer() const { return sequencer_; }

 private:
  bool IsFull() const;
  void Enqueue(ChunkDraft draft);
  void Publish(std::vector<StoredChunk> chunks);

  RunStore& store_;
  const Clock& clock_;
  const RunFence fence_;
  Counter& chunks_written_;
  const std::shared_ptr<StreamLog> log_;
  async::Signal changed_;
  ChunkSequencer sequencer_;
  std::vector<ChunkDraft> queue_;
  std::vector<StoredChunk> last_chunks_;  // stored, not published
  std::size_t queued_bytes_ = 0;
  std::size_t content_bytes_ = 0;  // of this activation
  RunStore::Standing standing_;
  bool closed_ = false;
  Status broken_;
};

}  // namespace baton::runs
