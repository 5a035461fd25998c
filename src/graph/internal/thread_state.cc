#include "graph/internal/thread_state.h"

#include <algorithm>

#include "graph/internal/channel_rules.h"
#include "graph/internal/held_channel.h"

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

const json::Value* ThreadState::stored(int channel) const {
  if (!IsHeld(graph_->channels()[channel].spec.kind)) return slots_[channel];
  const auto held = held_.find(channel);
  return held == held_.end() ? nullptr : &held->second;
}

void ThreadState::Restore(int channel, json::Value stored) {
  if (!IsHeld(graph_->channels()[channel].spec.kind)) {
    SetValue(channel, std::move(stored));
    return;
  }
  held_.insert_or_assign(channel, std::move(stored));
  Publish(channel);
}

// Lets nodes see what a channel no longer holds back, and nothing else of it.
void ThreadState::Publish(int channel) {
  const auto held = held_.find(channel);
  const json::Value* readable =
      held == held_.end() ? nullptr : ReadableIn(graph_->channels()[channel].spec, held->second);
  if (readable == nullptr) {
    Clear(channel);
  } else {
    SetValue(channel, *readable);
  }
}

std::int64_t ThreadState::VersionOf(int trigger) const {
  const int channel = graph_->triggers()[trigger].channel;
  return channel >= 0 ? versions[channel] : triggers[trigger].version;
}

bool ThreadState::IsReady(int trigger) const {
  const TriggerEntry& entry = graph_->triggers()[trigger];
  if (entry.channel >= 0) return slots_[entry.channel] != nullptr;
  const TriggerState& state = triggers[trigger];
  const bool filled = entry.sources == 0 ? state.set : state.arrived == entry.sources;
  return filled && (!entry.deferred || state.ready);
}

void ThreadState::Plan(std::vector<Task>& tasks) const {
  const std::vector<NodeEntry>& nodes = graph_->nodes();
  for (int node = 0; node < static_cast<int>(nodes.size()); ++node) {
    for (const int trigger : nodes[node].triggers) {
      if (VersionOf(trigger) <= triggers[trigger].seen || !IsReady(trigger)) continue;
      Task& task = tasks.emplace_back();
      task.node = node;
      task.trigger = trigger;
      break;
    }
  }
  for (int i = 0; i < static_cast<int>(sends.size()); ++i) {
    Task& task = tasks.emplace_back();
    task.node = sends[i].node;
    task.send = i;
  }
}

// What a channel would hold back is left out: it shows only once the super-step is over.
void ThreadState::OverlayWrites(const NodeOutput& output, bool alone) {
  for (const auto& [name, written] : output.writes) {
    const int channel = graph_->FindChannel(name);
    const ChannelEntry& entry = graph_->channels()[channel];
    json::Value* current = slots_[channel];
    if (IsHeld(entry.spec.kind)) continue;
    if (current == nullptr) {
      overlay_.push_back({channel, true, false, 0, nullptr});
      SetValue(channel, ValueAfter(entry, nullptr, written));
    } else if (alone && OnlyAppends(entry.spec, *current, written)) {
      overlay_.push_back({channel, false, true, current->get_array().size(), nullptr});
      ApplyWrite(entry.spec.kind, *current, written);
    } else {
      // The original moves aside whole: references into it stay good.
      json::Value changed = ValueAfter(entry, current, written);
      overlay_.push_back({channel, false, false, 0, std::move(*current)});
      *current = std::move(changed);
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
