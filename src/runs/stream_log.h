// The live end of a run's stream: what has just been logged, for those who read along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "base/status.h"
#include "runs/orchestrator.h"
#include "runs/stored_chunk.h"
#include "runs/wakeup.h"

namespace baton::runs {

// A bounded window over the newest chunks of a running run's log. Everything published is in
// the store already (log before send), so a reader that falls out of the window reads on there.
//
// Lifetime: shared by the run and its readers; a reader detaches before its wakeup goes.
// Threads:  safe. One coroutine publishes and ends.
class StreamLog {
 public:
  struct Window {
    std::size_t chunks;
    std::size_t bytes;
  };

  // Chunks up to `last_seq` are in the store only.
  StreamLog(std::int64_t last_seq, Window window) : window_(window), last_seq_(last_seq) {}

  // What a reader finds at a position.
  struct InStore {};  // it is behind the window
  struct NotYet {};
  struct Ended {
    Status status;  // ok: behind the run's last chunk. Else why the stream broke off here
  };
  using Found = std::variant<std::shared_ptr<const Chunk>, InStore, NotYet, Ended>;
  Found Find(std::int64_t seq) const;

  // `wakeup` is raised on every change until it is detached.
  void Attach(Wakeup* wakeup);
  void Detach(Wakeup* wakeup);

  // `chunks` follow what was published before, without a gap, and are in the store.
  void Publish(std::vector<StoredChunk> chunks);

  // Nothing follows. The first call stays.
  void End(Status status);

  bool ended() const;
  std::int64_t last_seq() const;

 private:
  struct Entry {
    std::shared_ptr<const Chunk> chunk;
    std::size_t bytes;
  };

  void RaiseAll();

  const Window window_;
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;     // guarded by mutex_; the last one has last_seq_
  std::size_t bytes_ = 0;         // guarded by mutex_
  std::int64_t last_seq_;         // guarded by mutex_
  bool ended_ = false;            // guarded by mutex_
  Status end_status_;             // guarded by mutex_
  std::vector<Wakeup*> readers_;  // guarded by mutex_
};

}  // namespace baton::runs
