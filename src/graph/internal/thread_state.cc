#include "graph/internal/thread_state.h"

#include <algorithm>

#include "graph/internal/channel_rules.h"

namespace baton::graph {

ThreadState::ThreadState(const CompiledGraph& graph, bool keep_log)
    : versions(graph.channels().size()),
      triggers(graph.triggers().size()),
      logs(keep_log ? graph.channels().size() : 0),
      graph_(&graph),
      values_(graph.initial_values()) {
  // Room for every channel: members never move, so that references into a node's input stay.
  values_.get_object().reserve(graph.channels().size());
  slots_.resize(graph.channels().size());
  RefreshSlots();
}

void ThreadState::RefreshSlots() {
  json::Object& object = values_.get_object();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i] = object.if_contains(graph_->channels()[i].name);
  }
}

void ThreadState::SetValue(int channel, json::Value value) {
  if (slots_[channel] != nullptr) {
    *slots_[channel] = std::move(value);
    return;
  }
  values_.get_object().insert_or_assign(graph_->channels()[channel].name, std::move(value));
  RefreshSlots();
}

void ThreadState::Clear(int channel) {
  if (slots_[channel] == nullptr) return;
  values_.get_object().erase(graph_->channels()[channel].name);
  RefreshSlots();
}

bool ThreadState::IsReady(int trigger) const {
  const TriggerEntry& entry = graph_->triggers()[trigger];
  const TriggerState& state = triggers[trigger];
  const bool filled = entry.sources == 0 ? state.set : state.arrived == entry.sources;
  return filled && (!entry.deferred || state.ready);
}

void ThreadState::Plan(std::vector<Task>& tasks) const {
  const std::vector<NodeEntry>& nodes = graph_->nodes();
  for (int node = 0; node < static_cast<int>(nodes.size()); ++node) {
    for (const int trigger : nodes[node].triggers) {
      if (triggers[trigger].version <= triggers[trigger].seen || !IsReady(trigger)) continue;
      Task& task = tasks.emplace_back();
      task.node = node;
      task.trigger = trigger;
      break;
    }
  }
  for (int i = 0; i < static_cast<int>(sends.size()); ++i) {
    Task& task = tasks.emplace_back();
    task.node = sends[i].first;
    task.send = i;
  }
}

void ThreadState::OverlayWrites(const NodeOutput& output, bool alone) {
  for (const auto& [name, written] : output.writes) {
    const int channel = graph_->FindChannel(name);
    const ChannelSpec& spec = graph_->channels()[channel].spec;
    json::Value* current = slots_[channel];
    if (current == nullptr) {
      overlay_.push_back({channel, true, false, 0, nullptr});
      SetValue(channel, written);
    } else if (alone && OnlyAppends(spec.kind, *current, written)) {
      overlay_.push_back({channel, false, true, current->get_array().size(), nullptr});
      ApplyWrite(spec.kind, *current, written);
    } else {
      // The original moves aside whole: references into it stay good.
      json::Value changed = *current;
      overlay_.push_back({channel, false, false, 0, std::move(*current)});
      if (spec.kind == ChannelKind::kReducer) {
        Result<json::Value> value = spec.reduce(changed, written);
        *current = value ? std::move(*value) : std::move(changed);
      } else {
        ApplyWrite(spec.kind, changed, written);
        *current = std::move(changed);
      }
    }
  }
}

void ThreadState::RemoveOverlay() {
  // Backwards: a member that was added last goes without moving another one.
  for (auto at = overlay_.rbegin(); at != overlay_.rend(); ++at) {
    Overlay& overlay = *at;
    if (overlay.absent) {
      Clear(overlay.channel);
    } else if (overlay.in_place) {
      json::Array& list = slots_[overlay.channel]->get_array();
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(overlay.length), list.end());
    } else {
      *slots_[overlay.channel] = std::move(overlay.original);
    }
  }
  overlay_.clear();
}

}  // namespace baton::graph
