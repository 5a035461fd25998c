#include "graph/internal/sweep.h"

#include <algorithm>
#include <utility>

#include "graph/internal/graph_place.h"
#include "graph/internal/ids.h"
#include "graph/internal/loading.h"

namespace baton::graph {
namespace {

constexpr std::size_t kSweepPage = 256;
// More at once would hold up other writers of the database.
constexpr std::size_t kMostRemovals = 256;

using Interval = std::pair<std::int64_t, std::int64_t>;

// Sorted, and those that touch or overlap as one.
std::vector<Interval> Merged(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::vector<Interval> merged;
  for (const Interval& next : intervals) {
    if (!merged.empty() && next.first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, next.second);
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

// What of 1 … `last` is in none of them.
std::vector<Interval> Gaps(const std::vector<Interval>& merged, std::int64_t last) {
  std::vector<Interval> gaps;
  std::int64_t from = 1;
  for (const auto& [first, end] : merged) {
    if (first > from) gaps.emplace_back(from, first - 1);
    from = end + 1;
  }
  if (from <= last) gaps.emplace_back(from, last);
  return gaps;
}

// Runs of checkpoints that go, as intervals of seq. `checkpoints` are newest first.
std::vector<Interval> GoingCheckpoints(const std::vector<SweptCheckpoint>& checkpoints) {
  std::vector<Interval> going;
  bool open = false;
  for (const SweptCheckpoint& checkpoint : checkpoints) {
    if (checkpoint.stays) {
      open = false;
    } else if (open) {
      going.back().first = checkpoint.seq;
    } else {
      going.emplace_back(checkpoint.seq, checkpoint.seq);
      open = true;
    }
  }
  return going;
}

std::size_t CountBetween(const std::vector<SweptCheckpoint>& checkpoints, std::int64_t from,
                         std::int64_t to) {
  return static_cast<std::size_t>(std::count_if(
      checkpoints.begin(), checkpoints.end(),
      [&](const SweptCheckpoint& known) { return known.seq >= from && known.seq <= to; }));
}

std::vector<CheckpointBatch::RemovedBlobs> GoingBlobs(
    const std::string& ns, const std::vector<SweptCheckpoint>& checkpoints, std::int64_t last) {
  std::map<std::string, std::vector<Interval>> staying;
  for (const SweptCheckpoint& checkpoint : checkpoints) {
    for (const BlobRange& range : checkpoint.body.ranges) {
      std::vector<Interval>& intervals = staying[range.channel];
      if (checkpoint.stays) intervals.emplace_back(range.snapshot_seq, range.head_seq);
    }
  }
  std::vector<CheckpointBatch::RemovedBlobs> going;
  for (auto& [channel, intervals] : staying) {
    for (const auto& [from, to] : Gaps(Merged(std::move(intervals)), last)) {
      going.push_back({ns, channel, from, to});
    }
  }
  return going;
}

bool IsOwnState(std::string_view ns) { return ns.find(':') == std::string_view::npos; }

}  // namespace

async::Task<Status> Sweep::Open() {
  const Result<StoredCheckpoint> latest = co_await store_.Get(thread_id_, "", "");
  if (!latest) co_return latest.error();
  if (!latest->exists) {
    co_return Status(Code::kNotFound, fmt::format("thread '{}': no checkpoint", thread_id_));
  }
  version_ = latest->thread;
  Result<std::vector<std::string>> names = co_await store_.ListNamespaces(thread_id_);
  if (!names) co_return std::move(names).error();
  for (std::string& ns : *names) {
    if (!IsOwnState(ns)) {
      runs_.push_back(std::move(ns));
      continue;
    }
    Result<Checkpoints> checkpoints = co_await ListAll(ns);
    if (!checkpoints) co_return std::move(checkpoints).error();
    spaces_[ns] = std::move(*checkpoints);
  }
  co_return AddSendsOfCommands(latest->writes);
}

// What the thread was told to send before it goes on starts tasks beside those of the checkpoint.
Status Sweep::AddSendsOfCommands(const std::vector<TaskWrite>& writes) {
  Result<std::vector<NodeOutput>> commands = DecodeCommands(graph_, writes);
  if (!commands) {
    return std::move(commands).error().Annotate(fmt::format("thread '{}'", thread_id_));
  }
  for (const NodeOutput& command : *commands) {
    for (const Send& send : command.sends) checkpoints().front().body.sends.push_back(send.node);
  }
  return {};
}

async::Task<Result<Sweep::Checkpoints>> Sweep::ListAll(const std::string& ns) const {
  Checkpoints all;
  for (std::int64_t before = 0;;) {
    const Result<std::vector<StoredCheckpoint>> page =
        co_await store_.List(thread_id_, ns, before, kSweepPage);
    if (!page) co_return Fail(page.error());
    for (const StoredCheckpoint& stored : *page) {
      Result<BodySummary> body = Summarize(stored.row.body);
      if (!body) {
        co_return Fail(AtCheckpoint(std::move(body).error(), thread_id_, ns, stored.row));
      }
      all.push_back(
          {stored.row.seq, stored.row.id, stored.row.step, stored.row.created, std::move(*body)});
    }
    if (page->size() < kSweepPage) co_return all;
    before = page->back().row.seq;
  }
}

// The newest on the branch that `forks` led to, below `before` (0: at all).
void Sweep::Need(Checkpoints& own, const std::vector<ForkPoint>& forks, std::int64_t before) const {
  const auto needed = std::find_if(own.begin(), own.end(), [&](const SweptCheckpoint& known) {
    return (before == 0 || known.seq < before) && !OnOtherBranch(forks, known.seq);
  });
  if (needed != own.end()) needed->stays = true;
}

void Sweep::KeepWhatIsNeeded() {
  const Checkpoints& thread = spaces_[""];
  for (auto& [ns, own] : spaces_) {
    if (ns.empty()) continue;
    for (SweptCheckpoint& checkpoint : own) checkpoint.stays = false;
    for (const SweptCheckpoint& checkpoint : thread) {
      if (!checkpoint.stays) continue;
      const bool is_head = &checkpoint == &thread.front();
      Need(own, checkpoint.body.forks, checkpoint.seq);
      if (is_head) Need(own, checkpoint.body.forks, 0);
    }
  }
}

void Sweep::KeepThose(const std::function<bool(const SweptCheckpoint&)>& stays) {
  for (auto& [ns, own] : spaces_) {
    if (ns.empty()) continue;
    for (SweptCheckpoint& checkpoint : own) checkpoint.stays = stays(checkpoint);
  }
}

// The namespaces of the subgraphs that a task after checkpoint `at` of `ns` may run.
void Sweep::AddRuns(const std::string& ns, const SweptCheckpoint& at,
                    std::set<std::string>& names) const {
  const CompiledGraph* graph = FindGraph(graph_, ns);
  if (graph == nullptr) return;
  const TaskPlace place{at.id, ns, at.step + 1};
  const auto add = [&](const NodeEntry& node, int send) {
    Task task;
    task.send = send;
    names.insert(NamespaceOfTask(node, ns, TaskId(place, node.name, task)));
  };
  for (const NodeEntry& node : graph->nodes()) {
    if (node.subgraph != nullptr) add(node, -1);
  }
  int send = 0;  // those to nodes that the graph no longer has are no tasks
  for (const std::string& name : at.body.sends) {
    const int node = graph->FindNode(name);
    if (node <= 0) continue;
    if (graph->nodes()[node].subgraph != nullptr) add(graph->nodes()[node], send);
    ++send;
  }
}

// `ns` is of a run, or within one: what decides is the outermost.
bool Sweep::RunStays(const std::string& ns) {
  const std::size_t end = std::min(ns.find('|', ns.find(':')), ns.size());
  const std::string outermost = ns.substr(0, end);
  const std::string parent(ParentNamespace(outermost));
  const auto [names, is_new] = staying_runs_.try_emplace(parent);
  if (is_new) {
    for (const SweptCheckpoint& checkpoint : spaces_[parent]) {
      if (checkpoint.stays) AddRuns(parent, checkpoint, names->second);
    }
  }
  return names->second.contains(outermost);
}

async::Task<Status> Sweep::Put(CheckpointBatch& batch, bool fence) {
  batch.thread_id = thread_id_;
  batch.expected = version_;
  // Without a fence the version stays as it is: a run under way does not notice.
  batch.next = fence ? ThreadVersion{version_.token + 1, version_.seq + 1} : version_;
  batch.flush = false;  // a loss of power only brings back what was to go
  const ThreadVersion next = batch.next;
  const std::size_t removed = std::exchange(removing_, 0);
  Status status = co_await store_.Put(std::exchange(batch, {}));
  if (!status.ok()) co_return status;
  version_ = next;
  removed_ += removed;
  co_return status;
}

async::Task<Status> Sweep::DeleteThread() {
  Status status = co_await store_.Put({.thread_id = thread_id_, .expected = version_});
  if (status.ok()) removed_ = checkpoints().size();
  co_return status;
}

// Checkpoints first: one that is left without its blobs could not be read.
async::Task<Status> Sweep::Apply(bool fence) {
  const std::int64_t last = version_.seq;
  CheckpointBatch batch;
  if (fence) BATON_CO_TRY(co_await Put(batch, true));
  std::size_t removals = 0;
  std::vector<CheckpointBatch::RemovedBlobs> blobs;
  for (const auto& [ns, checkpoints] : spaces_) {
    const std::vector<Interval> going = GoingCheckpoints(checkpoints);
    for (const auto& [from, to] : going) {
      batch.removed_checkpoints.push_back({ns, from, to});
      if (ns.empty()) removing_ += CountBetween(checkpoints, from, to);
      if (++removals % kMostRemovals == 0) BATON_CO_TRY(co_await Put(batch, false));
    }
    // Also of what an earlier sweep has taken out and was then interrupted.
    for (CheckpointBatch::RemovedBlobs& range : GoingBlobs(ns, checkpoints, last)) {
      blobs.push_back(std::move(range));
    }
  }
  BATON_CO_TRY(co_await Put(batch, false));
  for (const std::string& ns : runs_) {
    if (RunStays(ns)) continue;
    batch.removed_namespaces.push_back(ns);
    if (++removals % kMostRemovals == 0) BATON_CO_TRY(co_await Put(batch, false));
  }
  for (CheckpointBatch::RemovedBlobs& range : blobs) {
    batch.removed_blobs.push_back(std::move(range));
    if (++removals % kMostRemovals == 0) BATON_CO_TRY(co_await Put(batch, false));
  }
  co_return co_await Put(batch, false);
}

}  // namespace baton::graph
