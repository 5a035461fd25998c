#include "graph/threads.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "graph/internal/codec.h"
#include "graph/internal/journal.h"
#include "graph/internal/loading.h"
#include "graph/internal/sweep.h"

namespace baton::graph {
namespace {

constexpr std::size_t kCopyPage = 256;
// A thread that runs moves on between looking at it and sweeping it; it comes to rest at times.
constexpr int kSweepAttempts = 5;

// Everything in a namespace, as one part of a batch for another thread.
class NamespaceCopy {
 public:
  NamespaceCopy(CheckpointStore& store, const std::string& thread_id, std::string ns,
                CheckpointBatch& batch)
      : store_(store), thread_id_(thread_id), ns_(std::move(ns)), batch_(batch) {}

  // Blobs before task writes: pruning takes checkpoints out first, so that one that is there
  // still when its writes are read had its blobs.
  async::Task<Status> Read(std::int64_t last_seq) {
    BATON_CO_TRY(co_await ReadCheckpoints());
    Result<std::vector<ChannelBlob>> blobs = co_await ReadAllBlobs(last_seq);
    if (!blobs) co_return std::move(blobs).error();
    BATON_CO_TRY(co_await ReadTaskWrites());
    for (CheckpointRow& row : rows_) {
      CheckpointBatch::Checkpoint& checkpoint = batch_.checkpoints.emplace_back();
      checkpoint.ns = ns_;
      checkpoint.row = std::move(row);
    }
    // With any of them: they are keyed by themselves.
    if (!rows_.empty()) batch_.checkpoints.back().blobs = std::move(*blobs);
    co_return Status();
  }

 private:
  async::Task<Status> ReadCheckpoints();
  async::Task<Status> ReadTaskWrites();
  async::Task<Result<std::vector<ChannelBlob>>> ReadAllBlobs(std::int64_t last_seq);

  CheckpointStore& store_;
  const std::string& thread_id_;
  const std::string ns_;
  CheckpointBatch& batch_;
  std::vector<CheckpointRow> rows_;  // newest first
};

async::Task<Status> NamespaceCopy::ReadCheckpoints() {
  for (std::int64_t before = 0;;) {
    Result<std::vector<StoredCheckpoint>> page =
        co_await store_.List(thread_id_, ns_, before, kCopyPage);
    if (!page) co_return std::move(page).error();
    for (StoredCheckpoint& stored : *page) rows_.push_back(std::move(stored.row));
    if (page->size() < kCopyPage) co_return Status();
    before = rows_.back().seq;
  }
}

async::Task<Status> NamespaceCopy::ReadTaskWrites() {
  for (const CheckpointRow& row : rows_) {
    Result<StoredCheckpoint> stored = co_await store_.Get(thread_id_, ns_, row.id);
    if (!stored) co_return std::move(stored).error();
    if (!stored->exists) {
      co_return Status(Code::kAborted,
                       fmt::format("copy of thread '{}': it is being pruned", thread_id_));
    }
    if (!stored->writes.empty()) {
      batch_.writes.push_back({ns_, row.seq, std::move(stored->writes)});
    }
  }
  co_return Status();
}

async::Task<Result<std::vector<ChannelBlob>>> NamespaceCopy::ReadAllBlobs(std::int64_t last_seq) {
  std::set<std::string> channels;
  for (const CheckpointRow& row : rows_) {
    const Result<BodySummary> body = Summarize(row.body);
    if (!body) co_return Fail(AtCheckpoint(body.error(), thread_id_, ns_, row));
    for (const BlobRange& range : body->ranges) channels.insert(range.channel);
  }
  std::vector<BlobRange> ranges;
  ranges.reserve(channels.size());
  for (const std::string& channel : channels) ranges.push_back({channel, 1, last_seq});
  if (ranges.empty()) co_return std::vector<ChannelBlob>();
  co_return co_await store_.ReadBlobs(thread_id_, ns_, std::move(ranges));
}

}  // namespace

async::Task<Status> Threads::Delete(std::string thread_id) {
  co_return co_await store_.DeleteThread(std::move(thread_id));
}

async::Task<Status> Threads::Copy(std::string from, std::string to) {
  const Result<StoredCheckpoint> source = co_await store_.Get(from, "", "");
  if (!source) co_return source.error();
  if (!source->exists) {
    co_return Status(Code::kNotFound, fmt::format("thread '{}': no checkpoint", from));
  }
  const Result<StoredCheckpoint> target = co_await store_.Get(to, "", "");
  if (!target) co_return target.error();
  if (target->thread != ThreadVersion()) {
    co_return Status(Code::kAlreadyExists, fmt::format("thread '{}' exists already", to));
  }
  CheckpointBatch batch{.thread_id = to, .next = {Journal::FirstToken(ids_), source->thread.seq}};
  const Result<std::vector<std::string>> names = co_await store_.ListNamespaces(from);
  if (!names) co_return names.error();
  for (const std::string& ns : *names) {
    NamespaceCopy copy(store_, from, ns, batch);
    BATON_CO_TRY(co_await copy.Read(source->thread.seq));
  }
  const Result<StoredCheckpoint> after = co_await store_.Get(from, "", "");
  if (!after) co_return after.error();
  if (after->thread != source->thread) {
    co_return Status(Code::kAborted, fmt::format("copy of thread '{}': it has moved on", from));
  }
  Status status = co_await store_.Put(std::move(batch));
  if (status.code() != Code::kAborted) co_return status;
  co_return Status(Code::kAlreadyExists, fmt::format("thread '{}' exists already", to));
}

async::Task<Result<std::size_t>> Threads::Prune(const CompiledGraph& graph, std::string thread_id,
                                                Retention retention) {
  Status status;
  std::size_t removed = 0;
  for (int attempt = 0; attempt < kSweepAttempts; ++attempt) {
    Sweep sweep(store_, graph, thread_id);
    BATON_CO_TRY(co_await sweep.Open());
    std::vector<SweptCheckpoint>& checkpoints = sweep.checkpoints();
    for (std::size_t i = std::max<std::size_t>(retention.keep, 1); i < checkpoints.size(); ++i) {
      if (retention.older_than && checkpoints[i].created >= *retention.older_than) continue;
      checkpoints[i].stays = false;
    }
    sweep.KeepWhatIsNeeded();
    status = co_await sweep.Apply(false);
    removed += sweep.removed();
    if (status.ok()) co_return removed;
    if (status.code() != Code::kAborted) break;
  }
  co_return Fail(std::move(status).Annotate("prune"));
}

async::Task<Result<std::size_t>> Threads::DeleteRuns(const CompiledGraph& graph,
                                                     std::string thread_id,
                                                     std::set<std::string> run_ids) {
  const auto stays = [&run_ids](const SweptCheckpoint& checkpoint) {
    return !run_ids.contains(checkpoint.body.run_id);
  };
  Status status;
  std::size_t removed = 0;
  for (int attempt = 0; attempt < kSweepAttempts; ++attempt) {
    Sweep sweep(store_, graph, thread_id);
    BATON_CO_TRY(co_await sweep.Open());
    std::size_t going = 0;
    for (SweptCheckpoint& checkpoint : sweep.checkpoints()) {
      checkpoint.stays = stays(checkpoint);
      if (!checkpoint.stays) ++going;
    }
    // A later attempt has what the one before left to finish.
    if (going == 0 && attempt == 0) co_return going;
    if (going == sweep.checkpoints().size()) {
      status = co_await sweep.DeleteThread();
    } else {
      sweep.KeepThose(stays);
      status = co_await sweep.Apply(true);
    }
    removed += sweep.removed();
    if (status.ok()) co_return removed;
    if (status.code() != Code::kAborted) break;
  }
  co_return Fail(std::move(status).Annotate("delete runs"));
}

}  // namespace baton::graph
