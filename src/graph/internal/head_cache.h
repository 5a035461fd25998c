// The large values of threads that were run a moment ago.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "graph/internal/thread_state.h"
#include "json/json.h"

namespace baton::graph {

// What need not be read again when the thread goes on from this checkpoint: channels that are
// stored as increments, whose reading takes as long as they are.
struct ThreadHead {
  struct Value {
    ChannelLog log;  // with the blob that the value is as of
    json::Value value;
  };
  std::string checkpoint_id;
  std::map<std::string, Value> channels;
  std::size_t bytes = 0;  // as stored
};

// Copies what of the state is worth keeping; nothing if all of it is small.
std::optional<ThreadHead> CopyHead(const ThreadState& state, std::string checkpoint_id);

// The heads of the threads used last. A head is only good with the checkpoint that the store says
// is the thread's, so that what other processes write needs no notice.
//
// Threads: safe.
class HeadCache {
 public:
  // As stored; in memory a head takes about twice that.
  static constexpr std::size_t kMaxBytes = 32U << 20U;

  // The head of the thread, if it is that of this checkpoint. It is no longer in the cache.
  std::optional<ThreadHead> Take(const std::string& thread_id, const std::string& checkpoint_id);

  // Drops those that were used longest ago. One of more than kMaxBytes is not kept.
  void Put(const std::string& thread_id, ThreadHead head);

 private:
  struct Entry {
    std::string thread_id;
    ThreadHead head;
  };
  ThreadHead Remove(std::list<Entry>::iterator entry);

  std::mutex mutex_;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_thread_;
  std::size_t bytes_ = 0;
};

}  // namespace baton::graph
