// From the writes of a super-step to the state the next one sees.
#include <algorithm>
#include <utility>

#include "graph/internal/channel_rules.h"
#include "graph/internal/held_channel.h"
#include "graph/internal/thread_state.h"

namespace baton::graph {

Status ThreadState::ApplyStep(std::span<Task> tasks) {
  BATON_TRY(CollectWrites(tasks));
  std::int64_t version = max_version + 1;
  if (ConsumeTriggersOfRun(tasks)) ++version;
  sends.clear();
  ApplyCollected(version);
  FollowEdges(tasks, version);
  EndFleeting(version);
  if (!AnythingReady(version)) {
    ReadyDeferred(version);
    FinishChannels(version);
  }
  max_version = version;
  return {};
}

Status ThreadState::ApplyCommand(NodeOutput& output) {
  Task task;
  task.state = TaskState::kDone;
  task.output = std::move(output);
  BATON_TRY(CollectWrites({&task, 1}));
  const std::int64_t version = max_version + 1;
  ApplyCollected(version);
  FollowRoute(task.output, version);
  max_version = version;
  return {};
}

void ThreadState::Discard(std::span<Task> tasks) {
  std::int64_t version = max_version + 1;
  writes_.clear();
  if (ConsumeTriggers(tasks)) ++version;
  sends.clear();
  EndFleeting(version);
  max_version = version;
}

void ThreadState::ApplyInput(std::span<Task> discarded, json::Value new_input) {
  std::int64_t version = max_version + 1;
  if (!discarded.empty()) {
    writes_.clear();
    if (ConsumeTriggers(discarded)) ++version;
    sends.clear();
    EndFleeting(version);
  }
  input = std::move(new_input);
  input_blobs.clear();
  for (ChannelLog& log : logs) log.input = {};
  SetTrigger(CompiledGraph::kStartTrigger, version);
  max_version = version;
}

// Everything that can fail happens here, before anything changes.
Status ThreadState::CollectWrites(std::span<Task> tasks) {
  writes_.clear();
  tried_.clear();
  writers_.assign(versions.size(), nullptr);
  for (Task& task : tasks) {
    if (task.state != TaskState::kDone) continue;
    for (auto& [name, value] : task.output.writes) {
      BATON_TRY(Collect(task, graph_->FindChannel(name), value));
    }
  }
  return {};
}

Status ThreadState::Collect(const Task& task, int channel, json::Value& written) {
  const ChannelEntry& entry = graph_->channels()[channel];
  if (IsExclusive(entry.spec) && writers_[channel] != nullptr) {
    return Fail(Code::kInvalidArgument,
                "channel '{}': nodes '{}' and '{}' both write it in one super-step", entry.name,
                graph_->nodes()[writers_[channel]->node].name, graph_->nodes()[task.node].name);
  }
  writers_[channel] = &task;
  json::Value* value = OverwriteIn(written);
  if (value != nullptr && !TakesOverwrite(entry.spec.kind)) {
    written = json::Value(std::move(*value));
    value = nullptr;
  }
  if (value != nullptr) {
    Tried* tried = FindTried(channel);
    if (tried != nullptr && tried->overwritten) {
      return Fail(Code::kInvalidArgument,
                  "channel '{}': two Overwrite() in one super-step, the second by node '{}'",
                  entry.name, graph_->nodes()[task.node].name);
    }
    if (tried == nullptr) tried = &tried_.emplace_back(channel, true, nullptr);
    tried->overwritten = true;
    tried->value = *value;
  } else if (MayFail(entry.spec, written) || FindTried(channel) != nullptr) {
    BATON_TRY(TryFirst(channel, written));
  }
  writes_.push_back({channel, &written});
  return {};
}

ThreadState::Tried* ThreadState::FindTried(int channel) {
  const auto found = std::find_if(tried_.begin(), tried_.end(),
                                  [&](const Tried& known) { return known.channel == channel; });
  return found == tried_.end() ? nullptr : &*found;
}

Status ThreadState::TryFirst(int channel, const json::Value& written) {
  const ChannelEntry& entry = graph_->channels()[channel];
  Tried* tried = FindTried(channel);
  if (tried == nullptr) {
    tried = &tried_.emplace_back(channel, false, nullptr);
    if (slots_[channel] != nullptr) tried->value = *slots_[channel];
    for (const Write& earlier : writes_) {
      if (earlier.channel == channel) ApplyWrite(entry.spec.kind, tried->value, *earlier.value);
    }
  }
  if (tried->overwritten) return {};
  Result<json::Value> value = TryWrite(entry, std::move(tried->value), written);
  if (!value) return std::move(value).error();
  tried->value = std::move(*value);
  return {};
}

// Of a step that an update cuts short, those who have not run leave their triggers: a complete join
// starts its node after it, while an edge is over with its step.
bool ThreadState::ConsumeTriggersOfRun(std::span<Task> tasks) {
  bool consumed = false;
  for (Task& task : tasks) {
    const bool has_run = task.state == TaskState::kDone || task.state == TaskState::kLeft;
    if (has_run && ConsumeTriggers({&task, 1})) consumed = true;
  }
  return consumed;
}

// A node that several triggers start at once runs once, for all of them.
bool ThreadState::ConsumeTriggers(std::span<const Task> tasks) {
  bool consumed = false;
  for (const Task& task : tasks) {
    if (task.trigger < 0) continue;
    for (const int trigger : graph_->nodes()[task.node].triggers) {
      if (!IsReady(trigger)) continue;
      const TriggerEntry& entry = graph_->triggers()[trigger];
      TriggerState& state = triggers[trigger];
      state.seen = VersionOf(trigger);
      if (entry.channel >= 0 && IsHeld(graph_->channels()[entry.channel].spec.kind)) {
        ConsumeChannel(entry.channel);
        consumed = true;
      }
      if (entry.sources == 0 && !entry.deferred) continue;
      state = {.version = max_version + 1, .seen = state.seen};
      consumed = true;
    }
  }
  return consumed;
}

void ThreadState::ConsumeChannel(int channel) {
  held_.erase(channel);
  Clear(channel);
  versions[channel] = max_version + 1;
}

void ThreadState::ApplyCollected(std::int64_t version) {
  for (const Write& write : writes_) Apply(write, version);
  for (Tried& tried : tried_) {
    // What was there before is no part of the value any more: an increment would not do.
    if (tried.overwritten && !logs.empty()) {
      logs[tried.channel].unsaved.clear();
      logs[tried.channel].snapshot_seq = 0;
    }
    SetValue(tried.channel, std::move(tried.value));
  }
}

void ThreadState::Apply(const Write& write, std::int64_t version) {
  const ChannelEntry& entry = graph_->channels()[write.channel];
  const ChannelKind kind = entry.spec.kind;
  if (IsHeld(kind)) {
    if (!HoldWrite(entry.spec, held_[write.channel], std::move(*write.value))) return;
    versions[write.channel] = version;
    Publish(write.channel);
    return;
  }
  const bool first = std::exchange(versions[write.channel], version) != version;
  if (!logs.empty() && IsIncremental(entry.spec)) LogWrite(write.channel, *write.value);
  if (FindTried(write.channel) != nullptr) return;
  json::Value* current = slots_[write.channel];
  if (current != nullptr && !(first && IsFleeting(entry.spec))) {
    ApplyWrite(kind, *current, std::move(*write.value));
  } else {
    SetValue(write.channel, ValueAfter(entry, nullptr, *write.value));
  }
  if (kind == ChannelKind::kTopic && slots_[write.channel]->get_array().empty()) {
    Clear(write.channel);
  }
}

void ThreadState::LogWrite(int channel, const json::Value& written) {
  std::string& unsaved = logs[channel].unsaved;
  unsaved += unsaved.empty() ? '[' : ',';
  json::AppendText(unsaved, written);
}

void ThreadState::FollowEdges(std::span<Task> tasks, std::int64_t version) {
  for (Task& task : tasks) {
    if (task.state != TaskState::kDone || task.without_edges) continue;
    if (!task.handling) {
      const NodeEntry& node = graph_->nodes()[task.node];
      for (const int trigger : node.edges) SetTrigger(trigger, version);
      for (const JoinArrival& arrival : node.joins) Arrive(arrival, version);
    }
    FollowRoute(task.output, version);
  }
}

void ThreadState::FollowRoute(NodeOutput& output, std::int64_t version) {
  for (const std::string& name : output.go_to) {
    const int target = graph_->FindNode(name);
    if (target > 0) SetTrigger(graph_->nodes()[target].triggers.front(), version);
  }
  for (Send& send : output.sends) {
    sends.push_back({graph_->FindNode(send.node), std::move(send.argument), send.timeout});
  }
}

void ThreadState::SetTrigger(int trigger, std::int64_t version) {
  TriggerState& state = triggers[trigger];
  state.set = true;
  state.ready = false;
  state.version = version;
}

void ThreadState::Arrive(const JoinArrival& arrival, std::int64_t version) {
  TriggerState& state = triggers[arrival.trigger];
  if ((state.arrived & arrival.source) != 0) return;
  state.arrived |= arrival.source;
  state.version = version;
}

// What was for one super-step only has had it.
void ThreadState::EndFleeting(std::int64_t version) {
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    const TriggerEntry& entry = graph_->triggers()[i];
    TriggerState& state = triggers[i];
    if (entry.sources != 0 || entry.deferred || !state.set || state.version == version) continue;
    state.set = false;
    state.version = version;
    if (i != CompiledGraph::kStartTrigger) continue;
    input = nullptr;
    input_blobs.clear();
  }
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (!IsFleeting(graph_->channels()[i].spec)) continue;
    if (slots_[i] == nullptr || versions[i] == version) continue;
    Clear(static_cast<int>(i));
    versions[i] = version;
  }
}

bool ThreadState::AnythingReady(std::int64_t version) const {
  if (!sends.empty()) return true;
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    if (VersionOf(static_cast<int>(i)) == version && IsReady(static_cast<int>(i))) return true;
  }
  return false;
}

void ThreadState::ReadyDeferred(std::int64_t version) {
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    const TriggerEntry& entry = graph_->triggers()[i];
    TriggerState& state = triggers[i];
    const bool filled = entry.sources == 0 ? state.set : state.arrived == entry.sources;
    if (!entry.deferred || !filled || state.ready) continue;
    state.ready = true;
    state.version = version;
  }
}

void ThreadState::FinishChannels(std::int64_t version) {
  for (auto& [channel, held] : held_) {
    if (!FinishHeld(graph_->channels()[channel].spec, held)) continue;
    versions[channel] = version;
    Publish(channel);
  }
}

}  // namespace baton::graph
