// What a graph tells who listens to its run.
#pragma once

#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/internal/graph_frame.h"
#include "graph/stream_event.h"

namespace baton::graph {

// Makes the events of one graph and gives them to the run's listener, if that wants them.
//
// Lifetime: the frame outlives it. Threads: the run's executor.
// Errors:   those of the listener; they end the run.
class Reporter {
 public:
  explicit Reporter(GraphFrame& frame) : frame_(frame), environment_(frame.environment) {}

  // The checkpoint that opening made, as `source`, if it made one; `later`: with ReportHeld() or
  // ReportStep().
  async::Task<Status> ReportOpened(std::string_view source, bool later);
  async::Task<Status> ReportHeld();
  async::Task<Status> ReportValues(const json::Value& values);

  // The tasks of the super-step begin; one has settled; all have, and the frame is one further.
  async::Task<Status> ReportStarted();
  async::Task<Status> ReportSettled(Task& task);
  async::Task<Status> ReportStep();

  // What a task says while it runs: NodeContext::Emit() and EmitMessage().
  async::Task<Status> ReportCustom(Task& task, json::Value event);
  async::Task<Status> ReportStreamed(Task& task, json::Value message);

 private:
  async::Task<Status> ReportMessage(Task& task, json::Value message);
  async::Task<Status> ReportMessages(Task& task);
  std::vector<StreamEvent> CheckpointEvents(std::string_view source) const;
  async::Task<Status> EmitAll(std::vector<StreamEvent> events);
  StreamEvent MakeEvent(StreamEvent::Kind kind, Task& task, json::Value data);
  StreamEvent MakeDebugEvent(std::string_view type, int step, json::Object payload) const;
  StreamEvent MakeDebugEvent(std::string_view type, Task& task, json::Object payload);
  json::Object DescribeStart(const Task& task, bool details) const;
  json::Object DescribeCheckpoint(std::string_view source, bool details) const;

  GraphFrame& frame_;
  RunEnvironment& environment_;
  std::vector<StreamEvent> held_;
};

}  // namespace baton::graph
