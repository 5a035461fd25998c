#include "runs/tasks/run_reading.h"

namespace baton::runs::tasks {
namespace {

std::string MetadataOf(const Chunk& chunk, const std::string& key) {
  const auto found = chunk.metadata.find(key);
  return found == chunk.metadata.end() ? std::string() : found->second;
}

}  // namespace

void RunReading::Add(const Chunk& chunk) {
  last_seq_ = chunk.seq;
  if (chunk.supersedes_seq > 0) {
    content_.erase(content_.lower_bound(chunk.supersedes_seq), content_.lower_bound(chunk.seq));
  }
  const bool last = chunk.type == "complete" || chunk.type == "error";
  // A run that was answered goes on after its question.
  state_ = last ? MetadataOf(chunk, "state") : "";
  questions_ = last ? MetadataOf(chunk, "questions") : "";
  if (chunk.type == "content") content_.emplace(chunk.seq, chunk.message);
  if (chunk.type == "status") progress_ = chunk.message;
  if (chunk.type != "error") return;
  error_ = chunk.message;
  if (state_.empty()) state_ = "failed";
}

std::string RunReading::answer() const {
  std::string text;
  for (const auto& [seq, piece] : content_) text += piece;
  return text;
}

}  // namespace baton::runs::tasks
