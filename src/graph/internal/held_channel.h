// What a channel holds back until it may be read.
#pragma once

#include "graph/channel.h"
#include "json/json.h"

namespace baton::graph {

// The channels of kinds IsHeld(): barriers, and those that wait for everything else to finish.
// Held is {"seen": [names], "finished": bool} or {"value": v, "finished": bool}; null when
// nothing was written. Stored as it is.

// The channel takes `written`, which passed CheckWrite(). False if that changes nothing.
bool HoldWrite(const ChannelSpec& spec, json::Value& held, json::Value written);

// Nothing else is left to run. False if that changes nothing.
bool FinishHeld(const ChannelSpec& spec, json::Value& held);

// The value as nodes see it, null while they see none.
const json::Value* ReadableIn(const ChannelSpec& spec, const json::Value& held);

}  // namespace baton::graph
