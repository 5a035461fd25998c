// From the writes of a super-step to the state the next one sees.
#include <algorithm>

#include "graph/internal/channel_rules.h"
#include "graph/internal/thread_state.h"

namespace baton::graph {

Status ThreadState::ApplyStep(std::span<Task> tasks) {
  BATON_TRY(CollectWrites(tasks));
  std::int64_t version = max_version + 1;
  if (ConsumeTriggers(tasks)) ++version;
  sends.clear();
  ApplyCollected(version);
  FollowEdges(tasks, version);
  EndEphemerals(version);
  if (!AnythingReady(version)) ReadyDeferred(version);
  max_version = version;
  return {};
}

void ThreadState::ApplyInput(std::span<Task> discarded, json::Value new_input) {
  std::int64_t version = max_version + 1;
  if (!discarded.empty()) {
    writes_.clear();
    if (ConsumeTriggers(discarded)) ++version;
    sends.clear();
    EndEphemerals(version);
  }
  input = std::move(new_input);
  SetTrigger(CompiledGraph::kStartTrigger, version);
  max_version = version;
}

// Everything that can fail happens here, before anything changes.
Status ThreadState::CollectWrites(std::span<Task> tasks) {
  writes_.clear();
  reduced_.clear();
  writers_.assign(versions.size(), nullptr);
  for (Task& task : tasks) {
    if (task.state != TaskState::kDone) continue;
    for (auto& [name, value] : task.output.writes) {
      const int channel = graph_->FindChannel(name);
      const ChannelSpec& spec = graph_->channels()[channel].spec;
      if (IsExclusive(spec.kind) && writers_[channel] != nullptr) {
        return Fail(Code::kInvalidArgument,
                    "channel '{}': nodes '{}' and '{}' both write it in one super-step",
                    graph_->channels()[channel].name, graph_->nodes()[writers_[channel]->node].name,
                    graph_->nodes()[task.node].name);
      }
      writers_[channel] = &task;
      if (spec.kind == ChannelKind::kReducer) BATON_TRY(Reduce(channel, value));
      writes_.push_back({channel, &value});
    }
  }
  return {};
}

Status ThreadState::Reduce(int channel, const json::Value& written) {
  const auto known = std::find_if(reduced_.begin(), reduced_.end(),
                                  [&](const auto& entry) { return entry.first == channel; });
  json::Value current;
  if (known != reduced_.end()) {
    current = std::move(known->second);
  } else if (slots_[channel] != nullptr) {
    current = *slots_[channel];
  }
  Result<json::Value> value = graph_->channels()[channel].spec.reduce(std::move(current), written);
  if (!value) {
    return std::move(value).error().Annotate("reducer of channel '" +
                                             graph_->channels()[channel].name + "'");
  }
  if (known != reduced_.end()) {
    known->second = std::move(*value);
  } else {
    reduced_.emplace_back(channel, std::move(*value));
  }
  return {};
}

// A node that several triggers start at once runs once, for all of them.
bool ThreadState::ConsumeTriggers(std::span<Task> tasks) {
  bool consumed = false;
  for (const Task& task : tasks) {
    if (task.trigger < 0) continue;
    for (const int trigger : graph_->nodes()[task.node].triggers) {
      if (!IsReady(trigger)) continue;
      const TriggerEntry& entry = graph_->triggers()[trigger];
      TriggerState& state = triggers[trigger];
      state.seen = state.version;
      if (entry.sources == 0 && !entry.deferred) continue;
      state = {.version = max_version + 1, .seen = state.seen};
      consumed = true;
    }
  }
  return consumed;
}

void ThreadState::ApplyCollected(std::int64_t version) {
  for (const Write& write : writes_) {
    const ChannelKind kind = graph_->channels()[write.channel].spec.kind;
    versions[write.channel] = version;
    if (kind == ChannelKind::kReducer) continue;
    if (!logs.empty() && IsIncremental(kind)) LogWrite(write.channel, *write.value);
    if (json::Value* current = slots_[write.channel]) {
      ApplyWrite(kind, *current, std::move(*write.value));
    } else {
      SetValue(write.channel, std::move(*write.value));
    }
  }
  for (auto& [channel, value] : reduced_) SetValue(channel, std::move(value));
}

void ThreadState::LogWrite(int channel, const json::Value& written) {
  std::string& unsaved = logs[channel].unsaved;
  unsaved += unsaved.empty() ? '[' : ',';
  unsaved += json::Serialize(written);
}

void ThreadState::FollowEdges(std::span<Task> tasks, std::int64_t version) {
  for (Task& task : tasks) {
    if (task.state != TaskState::kDone || task.without_edges) continue;
    const NodeEntry& node = graph_->nodes()[task.node];
    for (const int trigger : node.edges) SetTrigger(trigger, version);
    for (const JoinArrival& arrival : node.joins) Arrive(arrival, version);
    for (const std::string& name : task.output.go_to) {
      const int target = graph_->FindNode(name);
      if (target > 0) SetTrigger(graph_->nodes()[target].triggers.front(), version);
    }
    for (Send& send : task.output.sends) {
      sends.emplace_back(graph_->FindNode(send.node), std::move(send.argument));
    }
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
void ThreadState::EndEphemerals(std::int64_t version) {
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    const TriggerEntry& entry = graph_->triggers()[i];
    TriggerState& state = triggers[i];
    if (entry.sources != 0 || entry.deferred || !state.set || state.version == version) continue;
    state.set = false;
    state.version = version;
    if (i == CompiledGraph::kStartTrigger) input = nullptr;
  }
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (graph_->channels()[i].spec.kind != ChannelKind::kEphemeral) continue;
    if (slots_[i] == nullptr || versions[i] == version) continue;
    Clear(static_cast<int>(i));
    versions[i] = version;
  }
}

bool ThreadState::AnythingReady(std::int64_t version) const {
  if (!sends.empty()) return true;
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    if (triggers[i].version == version && IsReady(static_cast<int>(i))) return true;
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

}  // namespace baton::graph
