#include "graph/internal/head_cache.h"

#include <utility>

#include "graph/internal/channel_rules.h"

namespace baton::graph {
namespace {

// Below this a channel is read faster than it is copied and looked up.
constexpr std::size_t kWorthKeeping = 16'384;

}  // namespace

std::optional<ThreadHead> CopyHead(const ThreadState& state, std::string checkpoint_id) {
  ThreadHead head{.checkpoint_id = std::move(checkpoint_id)};
  for (std::size_t i = 0; i < state.logs.size(); ++i) {
    const ChannelEntry& channel = state.graph().channels()[i];
    const ChannelLog& log = state.logs[i];
    const std::size_t bytes = log.snapshot_bytes + log.increment_bytes;
    // A write that is not stored yet: the value is no longer that of the blob.
    const bool is_stored = log.saved_version == state.versions[i] && log.unsaved.empty();
    if (bytes < kWorthKeeping || !is_stored || !IsIncremental(channel.spec)) continue;
    const json::Value* value = state.stored(static_cast<int>(i));
    if (value == nullptr) continue;
    head.channels.emplace(channel.name, ThreadHead::Value{log, *value});
    head.bytes += bytes;
  }
  if (head.channels.empty()) return std::nullopt;
  return head;
}

std::optional<ThreadHead> HeadCache::Take(const std::string& thread_id,
                                          const std::string& checkpoint_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_thread_.find(thread_id);
  if (found == by_thread_.end()) return std::nullopt;
  ThreadHead head = Remove(found->second);
  if (head.checkpoint_id != checkpoint_id) return std::nullopt;
  return head;
}

void HeadCache::Put(const std::string& thread_id, ThreadHead head) {
  if (head.bytes > kMaxBytes) return;
  const std::scoped_lock lock(mutex_);
  if (const auto found = by_thread_.find(thread_id); found != by_thread_.end()) {
    Remove(found->second);
  }
  bytes_ += head.bytes;
  entries_.push_front({thread_id, std::move(head)});
  by_thread_[thread_id] = entries_.begin();
  while (bytes_ > kMaxBytes) Remove(std::prev(entries_.end()));
}

ThreadHead HeadCache::Remove(std::list<Entry>::iterator entry) {
  bytes_ -= entry->head.bytes;
  by_thread_.erase(entry->thread_id);
  ThreadHead head = std::move(entry->head);
  entries_.erase(entry);
  return head;
}

}  // namespace baton::graph
