#include "graph/internal/held_channel.h"

#include <algorithm>
#include <utility>

namespace baton::graph {
namespace {

bool IsFinished(const json::Value& held) { return json::GetBool(held, "finished"); }

// Whether it lacks nothing but the end of everything else.
bool IsComplete(const ChannelSpec& spec, const json::Value& held) {
  if (spec.kind == ChannelKind::kLastValueAfterFinish) return json::Find(held, "value") != nullptr;
  const json::Value* seen = json::Find(held, "seen");
  return seen != nullptr && seen->is_array() && seen->get_array().size() == spec.names.size();
}

bool HoldName(json::Value& held, json::Value name) {
  if (!held.is_object()) held = json::Object{{"seen", json::Array()}, {"finished", false}};
  json::Array& seen = held.get_object()["seen"].get_array();
  if (std::find(seen.begin(), seen.end(), name) != seen.end()) return false;
  seen.push_back(std::move(name));
  return true;
}

}  // namespace

bool HoldWrite(const ChannelSpec& spec, json::Value& held, json::Value written) {
  if (spec.kind != ChannelKind::kLastValueAfterFinish) return HoldName(held, std::move(written));
  json::Object object{{"finished", false}};
  object.emplace("value", std::move(written));
  held = std::move(object);
  return true;
}

bool FinishHeld(const ChannelSpec& spec, json::Value& held) {
  if (spec.kind == ChannelKind::kBarrier || !IsComplete(spec, held) || IsFinished(held)) {
    return false;
  }
  held.get_object()["finished"] = true;
  return true;
}

const json::Value* ReadableIn(const ChannelSpec& spec, const json::Value& held) {
  static const json::Value kFull = nullptr;
  if (!IsComplete(spec, held)) return nullptr;
  if (spec.kind == ChannelKind::kBarrier) return &kFull;
  if (!IsFinished(held)) return nullptr;
  return spec.kind == ChannelKind::kLastValueAfterFinish ? json::Find(held, "value") : &kFull;
}

}  // namespace baton::graph
