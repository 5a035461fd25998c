// What a write does to a channel, kind by kind.
#pragma once

#include <optional>

#include "graph/channel.h"
#include "graph/compiled_graph.h"

namespace baton::graph {

// The value before anything is written; empty for kinds that are absent until then.
std::optional<json::Value> InitialValue(const ChannelSpec& spec);

// Two writers in one super-step are an error.
inline bool IsExclusive(ChannelKind kind) {
  return kind == ChannelKind::kLastValue || kind == ChannelKind::kEphemeral;
}

// Grows by what is written, so that a checkpoint can keep the increment.
inline bool IsIncremental(ChannelKind kind) {
  return kind == ChannelKind::kAppend || kind == ChannelKind::kMessages;
}

// Whether `written` is of a kind that the channel takes. kInvalidArgument names the channel.
Status CheckWrite(const ChannelEntry& channel, const json::Value& written);

// Adds `written`, which passed CheckWrite(), to `current`. Not for kReducer.
void ApplyWrite(ChannelKind kind, json::Value& current, json::Value written);

// Whether ApplyWrite() would only add elements behind those that are there.
bool OnlyAppends(ChannelKind kind, const json::Value& current, const json::Value& written);

}  // namespace baton::graph
