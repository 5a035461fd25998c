// A channel: one named part of a graph's state, and how writes to it combine.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/status.h"
#include "json/json.h"

namespace baton::graph {

enum class ChannelKind {
  kLastValue,  // one value; two writers in one super-step are an error; absent until written
  kAnyValue,   // one value, readable in the next super-step only; of several writers the last
               // in path order stays: for writers that all say the same
  kEphemeral,  // one value, readable in the next super-step only, then absent
  kUntracked,  // one value that stays, and is not stored: absent when a run goes on
  kTopic,      // a list of what was written in the super-step before; with `accumulate` of all
               // that was ever written. Absent while it is empty
  kAppend,     // a list: a list written is concatenated, any other value pushed
  kSum,        // a number, starting at 0
  kMax,        // a number, starting at 0
  kMerge,      // an object; members written replace those of the same name
  kMessages,   // a list of objects with "id" (given to those without): a known id replaces,
               // RemoveMessage() removes, kRemoveAllMessages removes what is there
  kReducer,    // whatever `reduce` makes of it, starting at `initial`
  // The following are for nodes that subscribe to them (StateGraph::AddSubscription()), and are
  // absent again once such a node has run.
  kBarrier,               // takes the strings of `names`; null once it has got all of them
  kBarrierAfterFinish,    // the same, once nothing else is left to run
  kLastValueAfterFinish,  // the last value written, once nothing else is left to run
};

// current value, written value → new value. Pure: it may run again for the same write.
using Reducer = std::function<Result<json::Value>(json::Value current, const json::Value& written)>;

struct ChannelSpec {
  ChannelKind kind = ChannelKind::kLastValue;
  json::Value initial;          // kReducer only
  Reducer reduce;               // kReducer only
  bool accumulate = false;      // kTopic only
  bool guard = true;            // kEphemeral, kUntracked: two writers in a super-step are an error
  std::set<std::string> names;  // kBarrier, kBarrierAfterFinish: what it waits for
};

// Ordered by name, so that equal graphs give identical checkpoints.
using Channels = std::map<std::string, ChannelSpec, std::less<>>;

// What to write to have `value` take the place of what an append, sum, max, merge, messages or
// reducer channel holds. Of the writes of a super-step it is the last: earlier and later ones
// are lost, and two of them are an error. JSON: {"__overwrite__": value}.
json::Value Overwrite(json::Value value);

// What to write to a messages channel to remove the message `id`; it is an error if there is
// none. JSON: {"type": "remove", "id": id}.
json::Value RemoveMessage(std::string_view id);

// As `id` of RemoveMessage(): removes every message, those written before it included.
inline constexpr std::string_view kRemoveAllMessages = "__remove_all__";

}  // namespace baton::graph
