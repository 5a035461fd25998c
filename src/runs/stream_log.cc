#include "runs/stream_log.h"

#include <algorithm>
#include <utility>

namespace baton::runs {
namespace {

std::size_t SizeInMemory(const Chunk& chunk) {
  std::size_t bytes = sizeof(Chunk) + chunk.message.size();
  for (const auto& [key, value] : chunk.metadata) bytes += key.size() + value.size();
  return bytes;
}

}  // namespace

StreamLog::Found StreamLog::Find(std::int64_t seq) const {
  const std::lock_guard lock(mutex_);
  if (seq > last_seq_) {
    if (ended_) return Ended{end_status_};
    return NotYet{};
  }
  const std::int64_t first = last_seq_ - static_cast<std::int64_t>(entries_.size()) + 1;
  if (seq < first) return InStore{};
  return entries_[static_cast<std::size_t>(seq - first)].chunk;
}

void StreamLog::Attach(Wakeup* wakeup) {
  const std::lock_guard lock(mutex_);
  readers_.push_back(wakeup);
}

void StreamLog::Detach(Wakeup* wakeup) {
  const std::lock_guard lock(mutex_);
  std::erase(readers_, wakeup);
}

void StreamLog::Publish(std::vector<StoredChunk> chunks) {
  const std::lock_guard lock(mutex_);
  for (StoredChunk& stored : chunks) {
    const std::size_t bytes = SizeInMemory(stored.chunk);
    last_seq_ = stored.chunk.seq;
    bytes_ += bytes;
    entries_.push_back({std::make_shared<const Chunk>(std::move(stored.chunk)), bytes});
  }
  while (entries_.size() > window_.chunks || (bytes_ > window_.bytes && entries_.size() > 1)) {
    bytes_ -= entries_.front().bytes;
    entries_.pop_front();
  }
  RaiseAll();
}

void StreamLog::End(Status status) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  end_status_ = std::move(status);
  RaiseAll();
}

bool StreamLog::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::int64_t StreamLog::last_seq() const {
  const std::lock_guard lock(mutex_);
  return last_seq_;
}

void StreamLog::RaiseAll() {
  for (Wakeup* reader : readers_) reader->Raise();
}

}  // namespace baton::runs
