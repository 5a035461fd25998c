// Between the state in memory and the rows of docs/checkpoint-format.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/internal/task.h"
#include "graph/internal/thread_state.h"

namespace baton::graph {

inline constexpr int kDoneIndex = 0;
inline constexpr int kAskIndex = -1;
inline constexpr int kAnswersIndex = -2;

// The blobs of the channels that changed since the last call, as written by checkpoint `seq`.
// kInvalidArgument if a value is not UTF-8.
Result<std::vector<ChannelBlob>> TakeChangedBlobs(ThreadState& state, std::int64_t seq);

std::string EncodeBody(const ThreadState& state);

// Fills a new state with what the body says but for the values. kDataLoss for what is no body
// of version 1.
Status DecodeBody(const std::string& body, ThreadState& state);

// What of the channels is to be read.
std::vector<BlobRange> RangesOf(const ThreadState& state);

// Puts the values of RangesOf() into the state. kDataLoss names a channel whose blobs do not
// add up.
Status DecodeBlobs(const std::vector<ChannelBlob>& blobs, ThreadState& state);

// The rows of a task that is done or asking.
Result<std::vector<TaskWrite>> EncodeTask(const CompiledGraph& graph, const Task& task);

// Finds what the rows say of the tasks, which have their ids: done, or asking.
Status RestoreTasks(const CompiledGraph& graph, const std::vector<TaskWrite>& rows,
                    std::vector<Task>& tasks);

using Answers = std::map<std::string, json::Value, std::less<>>;
Result<TaskWrite> EncodeAnswers(const Answers& answers);
Result<Answers> DecodeAnswers(const std::vector<TaskWrite>& rows);

}  // namespace baton::graph
