// What a write does to a channel, kind by kind.
#pragma once

#include <optional>
#include <string_view>

#include "graph/channel.h"
#include "graph/compiled_graph.h"

namespace baton::graph {

// The value before anything is written; empty for kinds that are absent until then.
std::optional<json::Value> InitialValue(const ChannelSpec& spec);

// Two writers in one super-step are an error.
inline bool IsExclusive(const ChannelSpec& spec) {
  return spec.kind == ChannelKind::kLastValue ||
         (spec.guard &&
          (spec.kind == ChannelKind::kEphemeral || spec.kind == ChannelKind::kUntracked));
}

// Grows by what is written, so that a checkpoint can keep the increment.
inline bool IsIncremental(const ChannelSpec& spec) {
  return spec.kind == ChannelKind::kAppend || spec.kind == ChannelKind::kMessages ||
         (spec.kind == ChannelKind::kTopic && spec.accumulate);
}

// Readable in one super-step only.
inline bool IsFleeting(const ChannelSpec& spec) {
  return spec.kind == ChannelKind::kEphemeral || spec.kind == ChannelKind::kAnyValue ||
         (spec.kind == ChannelKind::kTopic && !spec.accumulate);
}

// Keeps back what is written until it may be read (held_channel.h).
inline bool IsHeld(ChannelKind kind) {
  return kind == ChannelKind::kBarrier || kind == ChannelKind::kBarrierAfterFinish ||
         kind == ChannelKind::kLastValueAfterFinish;
}

inline bool IsStored(const ChannelSpec& spec) { return spec.kind != ChannelKind::kUntracked; }

// Whether a stored value can be one of the channel: false if the channel has changed its kind.
bool CanHold(const ChannelSpec& spec, const json::Value& stored);

// What Overwrite() was given, or null if `written` is something else.
json::Value* OverwriteIn(json::Value& written);
const json::Value* OverwriteIn(const json::Value& written);

// Whether an Overwrite() differs from a plain write.
bool TakesOverwrite(ChannelKind kind);

// Whether `written` is of a kind that the channel takes. kInvalidArgument names the channel.
Status CheckWrite(const ChannelEntry& channel, const json::Value& written);

// Adds `written`, which passed CheckWrite() and is no Overwrite(), to `current`. Not for
// kReducer and held kinds.
void ApplyWrite(ChannelKind kind, json::Value& current, json::Value written);

// Whether a write can fail although it passed CheckWrite(): then TryWrite() has to try it first.
bool MayFail(const ChannelSpec& spec, const json::Value& written);

// The value after a write that may fail. kInvalidArgument for the removal of a message that is
// not there; whatever a reducer says.
Result<json::Value> TryWrite(const ChannelEntry& channel, json::Value current,
                             const json::Value& written);

// The value after the first write of a super-step; null `current`: the channel is absent. A
// write that fails changes nothing.
json::Value ValueAfter(const ChannelEntry& channel, const json::Value* current,
                       const json::Value& written);

// Whether ApplyWrite() would only add elements behind those that are there.
bool OnlyAppends(const ChannelSpec& spec, const json::Value& current, const json::Value& written);

// Gives the messages in a write to a messages channel that have no id one that follows from
// `seed`, so that it is the same when the node runs again.
void NameMessages(json::Value& written, std::string_view seed);

// Whether NameMessages() would change anything.
bool HasNamelessMessages(const json::Value& written);

}  // namespace baton::graph
