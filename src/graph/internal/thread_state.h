// The state of one graph on one thread, in memory.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "graph/compiled_graph.h"
#include "graph/internal/task.h"
#include "json/json.h"

namespace baton::graph {

struct TriggerState {
  std::int64_t version = 0;
  std::int64_t seen = 0;      // the version that last started its node
  std::uint64_t arrived = 0;  // of a join's sources
  bool set = false;           // not for joins
  bool ready = false;         // for deferred ones: nothing else is left to run
};

// A blob that holds what START is going to write to a channel. seq 0: none.
struct InputBlob {
  std::int64_t seq = 0;
  std::int64_t base_seq = 0;
  std::string bytes;
};

// What of a channel is stored already. Kept only for stores that keep something.
struct ChannelLog {
  std::int64_t saved_version = 0;
  std::int64_t head_seq = 0;
  std::int64_t snapshot_seq = 0;
  std::size_t snapshot_bytes = 0;
  std::size_t increment_bytes = 0;
  std::size_t increments = 0;  // since the snapshot
  InputBlob input;
  bool is_loaded = false;  // its value need not be read
  std::string unsaved;     // what was written since, "[a,b": an increment without its end
};

// A Send of the super-step before.
struct PlannedSend {
  int node = 0;
  json::Value argument;
  TimeoutPolicy timeout;
};

// From checkpoint `from` the thread went on as another branch, with checkpoint `to`.
struct ForkPoint {
  std::int64_t from = 0;  // seq
  std::int64_t to = 0;
};

// Versions, values and triggers between two super-steps, and the rules that lead from one
// super-step to the next. Knows no store and runs no node.
//
// Values live in one JSON object, so that a node's input is that object and not a copy. They
// move only in Apply…().
class ThreadState {
 public:
  // The state of a thread that has seen no input. The graph outlives it.
  ThreadState(const CompiledGraph& graph, bool keep_log);
  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;

  const CompiledGraph& graph() const { return *graph_; }
  const json::Value& values() const { return values_; }
  json::Value TakeValues() { return std::move(values_); }

  // Null while the channel is absent.
  const json::Value* value(int channel) const { return slots_[channel]; }
  void SetValue(int channel, json::Value value);
  void Clear(int channel);

  // What is stored of the channel: its value, or what it holds back. Null if that is nothing.
  const json::Value* stored(int channel) const;
  void Restore(int channel, json::Value stored);

  // Appends the tasks of the next super-step: nodes by name, then sends in order.
  void Plan(std::vector<Task>& tasks) const;

  // Whether anything changed since the run last went on: a breakpoint stops only then.
  bool MayStop() const { return max_version > stop_seen; }

  // Ends a super-step: applies the writes of the tasks that are done, in the order given, and
  // works out which triggers are set. Consumes their outputs. kInvalidArgument if two tasks
  // write an exclusive channel, or a reducer fails; the state is unchanged then.
  Status ApplyStep(std::span<Task> tasks);

  // Writes to the state and starts nodes, beside what is waiting to run. Consumes `output`.
  // Fails like ApplyStep().
  Status ApplyCommand(NodeOutput& output);

  // What started these tasks, which were planned, has had its effect: they do not run.
  void Discard(std::span<Task> tasks);

  // Drops `discarded`, the tasks that were planned, and makes `new_input` START's.
  void ApplyInput(std::span<Task> discarded, json::Value new_input);

  // Runs `visit` on the values as they will be with the writes of `output`, and puts them back
  // as they were. `alone`: no other task of the step holds a reference into the values.
  template <typename Visit>
  auto WithWrites(const NodeOutput& output, bool alone, Visit visit) {
    OverlayWrites(output, alone);
    auto result = visit(std::as_const(values_));
    RemoveOverlay();
    return result;
  }

  std::vector<std::int64_t> versions;  // by channel
  std::vector<TriggerState> triggers;  // by trigger
  std::vector<ChannelLog> logs;        // by channel; empty without store
  std::vector<PlannedSend> sends;      // in order
  json::Value input;                   // of START, while its trigger is set
  json::Object input_blobs;            // channel → seq of the blob that holds its part of `input`
  std::vector<ForkPoint> forks;        // on the way to here
  std::string run_task;                // the task that runs this subgraph (kOwn)
  std::string run_id;                  // of the run that makes the checkpoints
  json::Object metadata;               // likewise
  std::int64_t max_version = 0;
  std::int64_t stop_seen = 0;

 private:
  struct Write {
    int channel;
    json::Value* value;
  };
  // A channel whose value WithWrites() replaced; or, in place, its length before.
  struct Overlay {
    int channel;
    bool absent;
    bool in_place;
    std::size_t length;
    json::Value original;
  };

  // The value after writes that may fail, or that another takes the place of.
  struct Tried {
    int channel;
    bool overwritten;
    json::Value value;
  };

  bool IsReady(int trigger) const;
  std::int64_t VersionOf(int trigger) const;
  Status CollectWrites(std::span<Task> tasks);
  Status Collect(const Task& task, int channel, json::Value& written);
  Status TryFirst(int channel, const json::Value& written);
  Tried* FindTried(int channel);
  bool ConsumeTriggers(std::span<const Task> tasks);
  bool ConsumeTriggersOfRun(std::span<Task> tasks);
  void ConsumeChannel(int channel);
  void ApplyCollected(std::int64_t version);
  void Apply(const Write& write, std::int64_t version);
  void Publish(int channel);
  void LogWrite(int channel, const json::Value& written);
  void FollowEdges(std::span<Task> tasks, std::int64_t version);
  void FollowRoute(NodeOutput& output, std::int64_t version);
  void SetTrigger(int trigger, std::int64_t version);
  void Arrive(const JoinArrival& arrival, std::int64_t version);
  void EndFleeting(std::int64_t version);
  bool AnythingReady(std::int64_t version) const;
  void ReadyDeferred(std::int64_t version);
  void FinishChannels(std::int64_t version);
  void OverlayWrites(const NodeOutput& output, bool alone);
  void RemoveOverlay();
  void RefreshSlots();

  const CompiledGraph* graph_;
  json::Value values_;
  std::vector<json::Value*> slots_;
  std::map<int, json::Value> held_;  // held_channel.h
  // Used within ApplyStep(), kept for their memory.
  std::vector<Write> writes_;
  std::vector<const Task*> writers_;
  std::vector<Tried> tried_;
  std::vector<Overlay> overlay_;
};

}  // namespace baton::graph
