// Gives documents their vectors, behind the scenes.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "embedding/embedder.h"
#include "storage/database.h"
#include "workspace/vectors/vector_search.h"

namespace baton::workspace::vectors {

struct WorkerPace {
  std::chrono::milliseconds look = std::chrono::seconds(1);  // between two looks for work
  std::chrono::milliseconds first_backoff = std::chrono::seconds(2);
  std::chrono::milliseconds longest_backoff = std::chrono::minutes(5);
  // A document that was taken is left alone by other processes for so long.
  std::chrono::milliseconds lease = std::chrono::minutes(2);
  // One whose text the embedder refuses is tried again after this.
  std::chrono::milliseconds after_refusal = std::chrono::hours(1);
};

// What is still to be embedded.
struct PendingVectors {
  std::int64_t documents = 0;
  std::int64_t chunks = 0;
};

// Documents are marked in the transaction that stores them (internal/vector_tables.h); the worker
// takes some, embeds their chunks in batches, and stores the vectors if the document is still the
// same. Of a document that was changed, chunks whose text is what it was are not embedded again. A
// process that dies leaves nothing to repair: its documents are taken by the next when their lease
// ends, and keep the vectors they had got. Several processes may work on one database; all must
// have the same model, and while they do not, the one that started last works and the others pause,
// so that they do not undo each other's work.
//
// Lifetime: database, embedder, clock and search outlive it; Stop() before destruction.
// Threads:  Start() and Stop() are called by one thread, which is none of the executors';
//           EmbedDue() is called one at a time.
class VectorWorker {
 public:
  // `search` may be null: nothing is kept ready for searches then.
  VectorWorker(storage::Database& database, embedding::Embedder& embedder, const Clock& clock,
               MetricsRegistry& metrics, VectorSearch* search, WorkerPace pace = {});
  ~VectorWorker();
  VectorWorker(const VectorWorker&) = delete;
  VectorWorker& operator=(const VectorWorker&) = delete;

  // Makes this embedder's model the one of the database: documents with vectors of another are
  // embedded again.
  async::Task<Status> TakeOver();

  // Embeds a batch; how many chunks and documents it has done: 0 if nothing is due. Fails as the
  // embedder does if that is down; nothing is lost then. A text that it refuses is logged.
  async::Task<Result<std::size_t>> EmbedDue();

  async::Task<Result<PendingVectors>> Pending() const;

  // EmbedDue() and search's KeepReady() again and again on `executor`, with a growing pause while
  // the embedder is down, until Stop(), which blocks until what is under way has ended.
  void Start(async::Executor executor);
  void Stop();

 private:
  struct Taken;
  struct Part;
  async::Task<Result<std::vector<Taken>>> Take();
  async::Task<Result<std::vector<Part>>> ReadParts(const std::vector<Taken>& taken);
  async::Task<Status> TakeSpares(const std::vector<Taken>& taken, std::vector<Part>& parts);
  async::Task<Status> EmbedTextsOf(std::vector<Part>& parts);
  async::Task<Result<std::size_t>> EmbedParts(const std::vector<Taken>& taken,
                                              std::vector<Part> parts);
  async::Task<Result<std::size_t>> EmbedOneByOne(const std::vector<Taken>& taken);
  async::Task<Status> Store(const Taken& document, const std::vector<Part>& parts, bool complete);
  async::Task<Status> PutBack(const std::vector<Taken>& taken, std::chrono::milliseconds wait);
  async::Task<void> NoticeOtherModel();
  async::Task<void> KeepEmbedding();
  async::Task<void> KeepSearchReady();
  async::Task<std::chrono::milliseconds> Round();

  storage::Database& database_;
  embedding::Embedder& embedder_;
  const Clock& clock_;
  VectorSearch* const search_;
  const WorkerPace pace_;
  const std::string model_;
  Gauge& pending_;
  Histogram& seconds_;
  int failures_ = 0;     // in a row; of the worker's coroutine
  bool paused_ = false;  // another process' model; of the worker's coroutine
  std::unique_ptr<async::TaskGroup> group_;
};

}  // namespace baton::workspace::vectors
