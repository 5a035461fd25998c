#include "runs/chunk_writer.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "runs/limits.h"

namespace baton::runs {
namespace {

// What every database and every client takes as text.
void MakeStorable(std::string& text) {
  if (!IsValidUtf8(text)) text = ReplaceInvalidUtf8(text);
  std::erase(text, '\0');
}

}  // namespace

ChunkWriter::ChunkWriter(async::Executor executor, RunStore& store, const Clock& clock,
                         RunFence fence, ChunkSequencer sequencer, std::shared_ptr<StreamLog> log,
                         Counter& chunks_written)
    : store_(store),
      clock_(clock),
      fence_(std::move(fence)),
      chunks_written_(chunks_written),
      log_(std::move(log)),
      changed_(std::move(executor)),
      sequencer_(std::move(sequencer)) {}

async::Task<Status> ChunkWriter::Push(ChunkDraft draft) {
  while (broken_.ok() && !closed_ && IsFull()) {
    if (co_await changed_.Wait() == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "run {}: cancelled", fence_.run_id);
    }
  }
  if (!broken_.ok()) co_return broken_;
  if (closed_) co_return Fail(Code::kCancelled, "run {}: its stream has ended", fence_.run_id);
  if (draft.type == "content") {
    content_bytes_ += draft.message.size();
    if (content_bytes_ > kMaxContentBytesPerRun) {
      co_return Fail(Code::kResourceExhausted, "run {}: the answer is longer than {} bytes",
                     fence_.run_id, kMaxContentBytesPerRun);
    }
  }
  Enqueue(std::move(draft));
  co_return Status();
}

async::Task<void> ChunkWriter::Run() {
  while (broken_.ok() && !(closed_ && queue_.empty())) {
    if (queue_.empty()) {
      co_await changed_.WaitUncancellable();
      continue;
    }
    std::vector<StoredChunk> chunks;
    const std::string now = FormatTimestamp(clock_.Now());
    queued_bytes_ = 0;
    for (ChunkDraft& draft : std::exchange(queue_, {})) {
      sequencer_.Add(std::move(draft), now, chunks);
    }
    changed_.NotifyAll();
    if (chunks.empty()) continue;
    broken_ = co_await store_.AppendLog(fence_, chunks, standing_);
    if (broken_.ok()) Publish(std::move(chunks));
  }
  queue_.clear();
  changed_.NotifyAll();
}

void ChunkWriter::Close() {
  closed_ = true;
  changed_.NotifyAll();
}

void ChunkWriter::AddUsage(const llm::Usage& usage) {
  standing_.usage.input_tokens += usage.input_tokens;
  standing_.usage.output_tokens += usage.output_tokens;
}

async::Task<Status> ChunkWriter::Finish(RunStore::Ending ending, std::optional<std::string> answer,
                                        ChunkDraft last, std::vector<ChunkDraft> results) {
  if (!broken_.ok()) co_return broken_;
  ending.usage = standing_.usage;
  last.metadata["input_tokens"] = std::to_string(standing_.usage.input_tokens);
  last.metadata["output_tokens"] = std::to_string(standing_.usage.output_tokens);
  const std::string now = FormatTimestamp(clock_.Now());
  if (answer) {
    MakeStorable(*answer);
    sequencer_.Settle(*answer, now, ending.chunks);
    if (ending.message) ending.message->content = *std::move(answer);
  }
  for (ChunkDraft& result : results) {
    MakeStorable(result.message);
    sequencer_.Add(std::move(result), now, ending.chunks);
  }
  MakeStorable(last.message);
  sequencer_.Add(std::move(last), now, ending.chunks);
  last_chunks_ = ending.chunks;
  broken_ = co_await store_.Finish(fence_, std::move(ending));
  if (!broken_.ok()) last_chunks_.clear();
  co_return broken_;
}

void ChunkWriter::PublishLast() {
  if (!last_chunks_.empty()) Publish(std::exchange(last_chunks_, {}));
}

bool ChunkWriter::IsFull() const {
  return queue_.size() >= kMaxQueuedChunks || queued_bytes_ >= kMaxQueuedBytes;
}

void ChunkWriter::Enqueue(ChunkDraft draft) {
  MakeStorable(draft.message);
  queued_bytes_ += draft.message.size();
  if (draft.type == "content" && !queue_.empty()) {
    ChunkDraft& last = queue_.back();
    const bool same_call =
        last.type == "content" && last.task_id == draft.task_id && last.attempt == draft.attempt;
    if (same_call && last.message.size() + draft.message.size() <= kMaxContentChunkBytes) {
      last.message += draft.message;
      return;  // the writer knows already that something waits
    }
  }
  queue_.push_back(std::move(draft));
  changed_.NotifyAll();
}

void ChunkWriter::Publish(std::vector<StoredChunk> chunks) {
  chunks_written_.Add(static_cast<double>(chunks.size()));
  log_->Publish(std::move(chunks));
}

}  // namespace baton::runs
