// A channel: one named part of a graph's state, and how writes to it combine.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/status.h"
#include "json/json.h"

namespace baton::graph {

enum class ChannelKind {
  kLastValue,  // one value; two writers in one super-step are an error; absent until written
  kAnyValue,   // one value; of several writers in a super-step the last in path order stays
  kEphemeral,  // readable in the super-step after it was written, then absent; not stored
  kAppend,     // a list: a list written is concatenated, any other value pushed
  kSum,        // a number, starting at 0
  kMax,        // a number, starting at 0
  kMerge,      // an object; members written replace those of the same name
  kMessages,   // a list of objects with "id": a known id replaces, {"remove": id} removes
  kReducer,    // whatever `reduce` makes of it, starting at `initial`
};

// current value, written value → new value. Pure: it may run again for the same write.
using Reducer = std::function<Result<json::Value>(json::Value current, const json::Value& written)>;

struct ChannelSpec {
  ChannelKind kind = ChannelKind::kLastValue;
  json::Value initial;  // kReducer only
  Reducer reduce;       // kReducer only
};

// Ordered by name, so that equal graphs give identical checkpoints.
using Channels = std::map<std::string, ChannelSpec, std::less<>>;

}  // namespace baton::graph
