// Between the state in memory and the rows of docs/checkpoint-format.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/internal/task.h"
#include "graph/internal/thread_state.h"

namespace baton::graph {

inline constexpr int kDoneIndex = 0;
inline constexpr int kAskIndex = -1;
inline constexpr int kAnswersIndex = -2;
inline constexpr int kErrorIndex = -3;

// The blobs of the channels that changed since the last call, as written by checkpoint `seq`.
// kInvalidArgument if a value is not UTF-8.
Result<std::vector<ChannelBlob>> TakeChangedBlobs(ThreadState& state, std::int64_t seq);

// The larger parts of the input, as blobs of checkpoint `seq`, to which START's writes need not be
// stored again. After TakeChangedBlobs(), whose blobs are `changed`.
Result<std::vector<ChannelBlob>> TakeInputBlobs(ThreadState& state, std::int64_t seq,
                                                const std::vector<ChannelBlob>& changed);

std::string EncodeBody(const ThreadState& state);

// Fills a new state with what the body says but for the values. kDataLoss for what is no body
// of a version that is known.
Status DecodeBody(const std::string& body, ThreadState& state);

// Of a body, what does not need the graph. kDataLoss like DecodeBody().
struct BodySummary {
  std::string run_id;
  std::vector<BlobRange> ranges;   // of the channels that have a value, and of the input
  std::vector<std::string> sends;  // the nodes
  std::vector<ForkPoint> forks;
};
Result<BodySummary> Summarize(const std::string& body);

// What of the channels that are not loaded, and of the input, is to be read.
std::vector<BlobRange> RangesOf(const ThreadState& state);

// Puts the values of RangesOf(), and the input, into the state. kDataLoss names a channel whose
// blobs do not add up.
Status DecodeBlobs(const std::vector<ChannelBlob>& blobs, ThreadState& state);

// The rows of a task that is done, asking, failed, or handling its failure.
Result<std::vector<TaskWrite>> EncodeTask(const CompiledGraph& graph, const Task& task);

// Of these the one that says what it asked, unless the row it has says the same.
Result<std::vector<TaskWrite>> EncodeAsked(const CompiledGraph& graph, const Task& task);

// {"update", "go_to", "sends"}, the last two left out when empty. Nodes and channels that the
// graph does not have are left out of what is read.
json::Value OutputToJson(const NodeOutput& output);
NodeOutput OutputFromJson(const CompiledGraph& graph, const json::Value& object);

// What a run was told to do before it went on, the `index`th time for this checkpoint.
Result<TaskWrite> EncodeCommand(const NodeOutput& command, int index);
Result<std::vector<NodeOutput>> DecodeCommands(const CompiledGraph& graph,
                                               const std::vector<TaskWrite>& rows);

// Finds what the rows say of the tasks, which have their ids: done, asking, or failed before.
Status RestoreTasks(const CompiledGraph& graph, const std::vector<TaskWrite>& rows,
                    std::vector<Task>& tasks);

// [node, argument] and, if the send has a timeout of its own, run and idle milliseconds, null for
// none.
json::Value SendToJson(std::string_view node, const json::Value& argument,
                       const TimeoutPolicy& timeout);
// Empty for what is no send.
std::optional<Send> SendFromJson(const json::Value& list);

// A row with `value` as JSON text. kInvalidArgument if that is not UTF-8; `what` holds it.
Result<TaskWrite> MakeRow(const std::string& task_id, int index, std::string channel,
                          const json::Value& value, std::string_view what);
Result<json::Value> ParseRow(const TaskWrite& row);

}  // namespace baton::graph
