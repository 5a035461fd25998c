#include "graph/internal/loading.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "graph/internal/channel_rules.h"
#include "graph/internal/codec.h"
#include "graph/internal/ids.h"

namespace baton::graph {
namespace {

bool IsTarget(const CompiledGraph& graph, std::string_view name) {
  return name == kEnd || graph.FindNode(name) > CompiledGraph::kStartNode;
}

bool MayName(const ConditionalEdge& edge, const std::string& name) {
  return edge.targets.empty() ||
         std::find(edge.targets.begin(), edge.targets.end(), name) != edge.targets.end();
}

Status TakeRoute(const CompiledGraph& graph, const std::string& from, const ConditionalEdge& edge,
                 Route route, NodeOutput& output) {
  for (std::string& name : route.go_to) {
    if (!MayName(edge, name) || !IsTarget(graph, name)) {
      return Fail(Code::kInvalidArgument, "conditional edge '{}' -> '{}': not one of its targets",
                  from, name);
    }
    output.go_to.push_back(std::move(name));
  }
  for (Send& send : route.sends) {
    if (!MayName(edge, send.node) || send.node == kEnd || !IsTarget(graph, send.node)) {
      return Fail(Code::kInvalidArgument, "conditional edge '{}' sends to '{}': not its target",
                  from, send.node);
    }
    output.sends.push_back(std::move(send));
  }
  return {};
}

// A blob is never changed: with the same head the value is the same.
void AdoptHead(ThreadState& state, ThreadHead& head) {
  for (auto& [name, known] : head.channels) {
    const int channel = state.graph().FindChannel(name);
    if (channel < 0 || state.logs[channel].head_seq != known.log.head_seq) continue;
    const ChannelSpec& spec = state.graph().channels()[channel].spec;
    if (!IsIncremental(spec) || !CanHold(spec, known.value)) continue;
    state.logs[channel] = std::move(known.log);
    state.logs[channel].is_loaded = true;
    state.Restore(channel, std::move(known.value));
  }
}

// What it was told to do since it was made.
Status ApplyCommands(const StoredCheckpoint& stored, ThreadState& state) {
  Result<std::vector<NodeOutput>> commands = DecodeCommands(state.graph(), stored.writes);
  if (!commands) return std::move(commands).error();
  for (NodeOutput& command : *commands) {
    BATON_TRY(CheckOutput(state.graph(), command).Annotate("a stored command"));
    BATON_TRY(state.ApplyCommand(command));
  }
  return {};
}

}  // namespace

Status AtCheckpoint(Status status, std::string_view thread_id, std::string_view ns,
                    const CheckpointRow& row) {
  if (status.ok()) return status;
  return std::move(status).Annotate(
      fmt::format("thread '{}'{}, checkpoint '{}' (seq {})", thread_id,
                  ns.empty() ? "" : fmt::format(", namespace '{}'", ns), row.id, row.seq));
}

async::Task<Status> LoadState(CheckpointStore& store, const std::string& thread_id,
                              const std::string& ns, const StoredCheckpoint& stored,
                              ThreadState& state, ThreadHead* known) {
  const auto here = [&](Status status) {
    return AtCheckpoint(std::move(status), thread_id, ns, stored.row);
  };
  BATON_CO_TRY(here(DecodeBody(stored.row.body, state)));
  if (known != nullptr) AdoptHead(state, *known);
  std::vector<BlobRange> ranges = RangesOf(state);
  if (!ranges.empty()) {
    Result<std::vector<ChannelBlob>> blobs =
        co_await store.ReadBlobs(thread_id, ns, std::move(ranges));
    if (!blobs) co_return Fail(std::move(blobs).error());
    BATON_CO_TRY(here(DecodeBlobs(*blobs, state)));
  }
  co_return here(ApplyCommands(stored, state));
}

bool OnOtherBranch(const std::vector<ForkPoint>& forks, std::int64_t seq) {
  return std::any_of(forks.begin(), forks.end(),
                     [seq](const ForkPoint& fork) { return seq > fork.from && seq < fork.to; });
}

async::Task<Result<StoredCheckpoint>> LatestOnBranch(CheckpointStore& store,
                                                     const std::string& thread_id,
                                                     const std::string& ns,
                                                     const std::vector<ForkPoint>& forks) {
  Result<StoredCheckpoint> latest = co_await store.Get(thread_id, ns, "");
  while (latest && latest->exists && OnOtherBranch(forks, latest->row.seq)) {
    Result<std::vector<StoredCheckpoint>> older =
        co_await store.List(thread_id, ns, latest->row.seq, 1);
    if (!older) co_return Fail(std::move(older).error());
    if (older->empty()) co_return StoredCheckpoint{.thread = latest->thread};
    const CheckpointRow& wanted = older->front().row;
    latest = co_await store.Get(thread_id, ns, wanted.id);
    if (latest && latest->row.seq != wanted.seq) {
      co_return Fail(Code::kDataLoss, "thread '{}': two checkpoints with the id '{}'", thread_id,
                     wanted.id);
    }
  }
  co_return latest;
}

std::vector<Task> PlanTasks(const ThreadState& state, const CheckpointRow& row,
                            const std::string& ns) {
  std::vector<Task> tasks;
  state.Plan(tasks);
  const TaskPlace place{row.id, ns, row.step + 1};
  for (Task& task : tasks) task.id = TaskId(place, state.graph().nodes()[task.node].name, task);
  return tasks;
}

Result<bool> ApplyFinished(ThreadState& state, std::vector<Task>& tasks) {
  const bool any = std::any_of(tasks.begin(), tasks.end(),
                               [](const Task& task) { return task.state == TaskState::kDone; });
  if (!any) return false;
  Status status = state.ApplyStep(tasks);
  if (!status.ok()) return Fail(std::move(status));
  return true;
}

std::vector<std::string> NamesOfUnfinished(const CompiledGraph& graph,
                                           const std::vector<Task>& tasks) {
  std::vector<std::string> names;
  for (const Task& task : tasks) {
    if (task.state != TaskState::kDone) names.push_back(graph.nodes()[task.node].name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status CheckWrites(const CompiledGraph& graph, const json::Object& writes) {
  for (const auto& [name, value] : writes) {
    const int channel = graph.FindChannel({name.data(), name.size()});
    if (channel < 0) {
      return Fail(Code::kInvalidArgument, "write to channel '{}': no such channel",
                  std::string_view(name.data(), name.size()));
    }
    BATON_TRY(CheckWrite(graph.channels()[channel], value));
  }
  return {};
}

Status CheckOutput(const CompiledGraph& graph, const NodeOutput& output) {
  BATON_TRY(CheckWrites(graph, output.writes));
  for (const std::string& name : output.go_to) {
    if (!IsTarget(graph, name)) {
      return Fail(Code::kInvalidArgument, "go to '{}': no such node", name);
    }
  }
  for (const Send& send : output.sends) {
    if (send.node == kEnd || !IsTarget(graph, send.node)) {
      return Fail(Code::kInvalidArgument, "send to '{}': no such node", send.node);
    }
    if (!json::IsFinite(send.argument)) {
      return Fail(Code::kInvalidArgument, "send to '{}': a number that is not finite", send.node);
    }
  }
  return {};
}

void LeaveOutUnknown(const CompiledGraph& graph, json::Object& writes) {
  const auto is_known = [&graph](const auto& member) {
    return graph.FindChannel({member.key().data(), member.key().size()}) >= 0;
  };
  if (std::ranges::all_of(writes, is_known)) return;
  json::Object known;
  for (auto& member : writes) {
    if (is_known(member)) known.emplace(member.key(), std::move(member.value()));
  }
  writes = std::move(known);
}

void GiveMessagesIds(const CompiledGraph& graph, json::Object& writes,
                     const std::function<const std::string&()>& task_id) {
  if (!graph.has_messages()) return;
  for (auto& [name, written] : writes) {
    const int channel = graph.FindChannel({name.data(), name.size()});
    if (graph.channels()[channel].spec.kind != ChannelKind::kMessages) continue;
    if (!HasNamelessMessages(written)) continue;
    NameMessages(written, task_id() + '|' + graph.channels()[channel].name);
  }
}

Status FollowConditionals(ThreadState& state, int node, NodeOutput& output, bool alone) {
  const NodeEntry& entry = state.graph().nodes()[node];
  for (const ConditionalEdge& edge : entry.conditionals) {
    Result<Route> route = state.WithWrites(
        output, alone, [&](const json::Value& values) { return edge.router(values); });
    if (!route) return std::move(route).error();
    BATON_TRY(TakeRoute(state.graph(), entry.name, edge, std::move(*route), output));
  }
  return {};
}

}  // namespace baton::graph
