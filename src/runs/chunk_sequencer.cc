#include "runs/chunk_sequencer.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "runs/limits.h"

namespace baton::runs {
namespace {

// The task of text that settles the answer: no node wrote it as it is.
constexpr std::string_view kSettlingTask = "answer";

bool EndsTheStream(std::string_view type) { return type == "complete" || type == "error"; }

// At least one character, so that cutting always gets further.
std::string_view NextPiece(std::string_view text) {
  return Utf8Prefix(text, kMaxContentChunkBytes);
}

}  // namespace

void ChunkSequencer::Replay(const StoredChunk& stored) {
  last_seq_ = stored.chunk.seq;
  for (const std::string& tool : stored.chunk.tools_used) {
    if (std::ranges::find(tools_used_, tool) == tools_used_.end()) tools_used_.push_back(tool);
  }
  if (const std::int64_t from = stored.chunk.supersedes_seq; from != 0) {
    std::erase_if(valid_, [from](const Segment& segment) { return segment.first_seq >= from; });
  }
  if (stored.chunk.type == "content") Remember(stored);
}

void ChunkSequencer::SkipTo(std::int64_t seq) {
  last_seq_ = std::max(last_seq_, seq);
  valid_.clear();
}

void ChunkSequencer::Add(ChunkDraft draft, std::string_view timestamp,
                         std::vector<StoredChunk>& out) {
  if (!draft.tool_used.empty() &&
      std::ranges::find(tools_used_, draft.tool_used) == tools_used_.end()) {
    tools_used_.push_back(draft.tool_used);
  }
  if (draft.type.empty()) {
    VoidTask(draft.task_id);
    return;
  }
  if (draft.type == "content") {
    if (IsStale(draft)) VoidTask(draft.task_id);
    EmitContent(draft, epoch_, timestamp, out);
    return;
  }
  StoredChunk stored;
  if (EndsTheStream(draft.type) && void_from_ != 0) {
    SendSurvivorsAgain(timestamp, out);
    stored.chunk.supersedes_seq = std::exchange(void_from_, 0);
  }
  stored.chunk.type = std::move(draft.type);
  stored.chunk.message = std::move(draft.message);
  stored.chunk.agent_name = std::move(draft.agent_name);
  stored.chunk.metadata = std::move(draft.metadata);
  Emit(std::move(stored), timestamp, out);
}

void ChunkSequencer::Settle(std::string_view answer, std::string_view timestamp,
                            std::vector<StoredChunk>& out) {
  const std::string held = text();
  ChunkDraft missing{.type = "content", .task_id = std::string(kSettlingTask)};
  if (answer.starts_with(held)) {
    missing.message = answer.substr(held.size());
  } else {
    const std::int64_t first = valid_.front().first_seq;
    void_from_ = void_from_ == 0 ? first : std::min(void_from_, first);
    valid_.clear();
    missing.message = answer;
  }
  if (!missing.message.empty()) EmitContent(missing, epoch_, timestamp, out);
}

std::string ChunkSequencer::text() const {
  std::string text;
  for (const Segment& segment : valid_) text += segment.text;
  return text;
}

bool ChunkSequencer::HasContentOf(std::string_view task_id) const {
  return std::ranges::any_of(
      valid_, [task_id](const Segment& segment) { return segment.task_id == task_id; });
}

// Content of the same task from another call: this call is the newer one.
bool ChunkSequencer::IsStale(const ChunkDraft& draft) const {
  return std::ranges::any_of(valid_, [&](const Segment& segment) {
    return segment.task_id == draft.task_id &&
           (segment.epoch != epoch_ || segment.attempt != draft.attempt);
  });
}

void ChunkSequencer::VoidTask(std::string_view task_id) {
  const auto of_task = [task_id](const Segment& segment) { return segment.task_id == task_id; };
  const auto first = std::ranges::find_if(valid_, of_task);
  if (first == valid_.end()) return;
  void_from_ = void_from_ == 0 ? first->first_seq : std::min(void_from_, first->first_seq);
  std::erase_if(valid_, of_task);
}

void ChunkSequencer::SendSurvivorsAgain(std::string_view timestamp, std::vector<StoredChunk>& out) {
  const auto first = std::ranges::find_if(
      valid_, [this](const Segment& segment) { return segment.first_seq >= void_from_; });
  std::vector<Segment> survivors(std::move_iterator(first), std::move_iterator(valid_.end()));
  valid_.erase(first, valid_.end());
  for (Segment& segment : survivors) {
    ChunkDraft again{.type = "content",
                     .message = std::move(segment.text),
                     .agent_name = std::move(segment.agent_name),
                     .task_id = std::move(segment.task_id),
                     .attempt = segment.attempt};
    EmitContent(again, segment.epoch, timestamp, out);
  }
}

void ChunkSequencer::EmitContent(const ChunkDraft& draft, std::int64_t epoch,
                                 std::string_view timestamp, std::vector<StoredChunk>& out) {
  // The first survivor takes the mark with it, so this recursion is one level deep.
  const bool anything_behind =
      void_from_ != 0 && std::ranges::any_of(valid_, [this](const Segment& segment) {
        return segment.first_seq >= void_from_;
      });
  if (anything_behind) SendSurvivorsAgain(timestamp, out);
  for (std::string_view rest = draft.message; !rest.empty();) {
    const std::string_view piece = NextPiece(rest);
    rest.remove_prefix(piece.size());
    StoredChunk stored;
    stored.chunk.type = "content";
    stored.chunk.message = piece;
    stored.chunk.agent_name = draft.agent_name;
    stored.chunk.supersedes_seq = std::exchange(void_from_, 0);
    stored.task_id = draft.task_id;
    stored.epoch = epoch;
    stored.attempt = draft.attempt;
    Emit(std::move(stored), timestamp, out);
    Remember(out.back());
  }
}

void ChunkSequencer::Emit(StoredChunk stored, std::string_view timestamp,
                          std::vector<StoredChunk>& out) {
  stored.chunk.run_id = run_id_;
  stored.chunk.seq = ++last_seq_;
  stored.chunk.timestamp = timestamp;
  if (stored.chunk.agent_name.empty()) stored.chunk.agent_name = agent_name_;
  stored.chunk.tools_used = tools_used_;
  out.push_back(std::move(stored));
}

void ChunkSequencer::Remember(const StoredChunk& stored) {
  if (!valid_.empty()) {
    Segment& last = valid_.back();
    if (last.task_id == stored.task_id && last.epoch == stored.epoch &&
        last.attempt == stored.attempt) {
      last.text += stored.chunk.message;
      return;
    }
  }
  valid_.push_back({stored.chunk.seq, stored.chunk.agent_name, stored.task_id, stored.epoch,
                    stored.attempt, stored.chunk.message});
}

}  // namespace baton::runs
