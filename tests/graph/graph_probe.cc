// Builds a graph of a case (cases.md) with the public builder, runs the case's script against a
// checkpointer, and prints what the engine answers. It knows nothing of the expected answers.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/block_on.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "case_reader.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "graph/runner.h"
#include "json/json.h"
#include "storage/open.h"

namespace baton::probe {
namespace {

using json::Value;
using GraphPtr = std::shared_ptr<const graph::CompiledGraph>;

// Collects what the nodes of the outermost graph returned.
class UpdateCollector final : public graph::StreamListener {
 public:
  bool Wants(graph::StreamEvent::Kind kind) const override {
    return kind == graph::StreamEvent::Kind::kUpdates;
  }
  async::Task<Status> OnEvent(graph::StreamEvent event) override {
    if (event.ns.empty()) updates_.push_back(json::Array{Value(event.node), event.data});
    co_return Status();
  }
  Value Sorted() {
    std::sort(updates_.begin(), updates_.end(), [](const Value& left, const Value& right) {
      return json::Serialize(left) < json::Serialize(right);
    });
    return json::Array(updates_.begin(), updates_.end());
  }

 private:
  std::vector<Value> updates_;
};

std::string ErrorOf(const Status& status) {
  if (status.details().contains("node")) return "node_error";
  switch (status.code()) {
    case Code::kResourceExhausted:
      return "recursion_limit";
    case Code::kNotFound:
      return "empty_input";
    case Code::kInvalidArgument:
      return "invalid_update";
    default:
      return status.ToString();
  }
}

constexpr std::size_t kWholeHistory = std::numeric_limits<std::int32_t>::max();

Value NextToJson(const std::vector<std::string>& names) {
  json::Array next;
  for (const std::string& name : names) next.emplace_back(name == "START" ? "__start__" : name);
  return next;
}

Value QuestionsToJson(const std::vector<graph::PendingQuestion>& questions) {
  json::Array payloads;
  for (const graph::PendingQuestion& question : questions) payloads.push_back(question.payload);
  return payloads;
}

Value SnapshotToJson(const graph::StateSnapshot& snapshot) {
  return json::Object{{"values", snapshot.values},
                      {"next", NextToJson(snapshot.next)},
                      {"interrupts", QuestionsToJson(snapshot.questions)},
                      {"source", snapshot.source},
                      {"step", snapshot.step}};
}

Value ErrorToJson(const Status& status) { return json::Object{{"error", ErrorOf(status)}}; }

// Runs the script of one case.
class Script {
 public:
  Script(graph::CheckpointStore& store, GraphPtr graph)
      : ids_(SystemClock()), runner_(store, SystemClock(), ids_), graph_(std::move(graph)) {}

  async::Task<Value> Answer(const CaseStep& step) {
    if (step.op == CaseStep::Op::kInvoke || step.op == CaseStep::Op::kResume) {
      co_return co_await Run(step);
    }
    if (step.op == CaseStep::Op::kHistory) {
      auto history = co_await runner_.History(*graph_, step.thread, kWholeHistory);
      if (!history) co_return ErrorToJson(history.error());
      json::Array snapshots;
      for (const graph::StateSnapshot& snapshot : *history) {
        snapshots.push_back(SnapshotToJson(snapshot));
      }
      co_return snapshots;
    }
    auto state =
        co_await (step.op == CaseStep::Op::kUpdateState
                      ? runner_.UpdateState(*graph_, step.thread, step.update, step.as_node)
                      : runner_.GetState(*graph_, step.thread));
    if (state) co_return SnapshotToJson(*state);
    const bool none = step.op == CaseStep::Op::kState && state.error().code() == Code::kNotFound;
    if (!none) co_return ErrorToJson(state.error());
    // The reference's state of a thread that is not there.
    co_return json::Object{
        {"values", json::Object()}, {"next", json::Array()}, {"interrupts", json::Array()}};
  }

 private:
  async::Task<Value> Run(const CaseStep& step) {
    graph::RunRequest request;
    request.thread_id = step.thread;
    // To the reference that is a command without anything in it.
    if (step.op == CaseStep::Op::kResume && step.value.is_null()) {
      co_return ErrorToJson(Fail(Code::kNotFound, "nothing to resume with"));
    }
    if (step.op == CaseStep::Op::kResume) {
      request.answers.emplace("", step.value);
    } else if (!step.value.is_null()) {
      request.input = step.value;
    }
    if (step.at) {
      auto history = co_await runner_.History(*graph_, step.thread, kWholeHistory);
      if (!history) co_return ErrorToJson(history.error());
      if (*step.at >= history->size()) {
        co_return ErrorToJson(Fail(Code::kInvalidArgument, "the history is shorter than 'at'"));
      }
      request.checkpoint_id = (*history)[*step.at].checkpoint_id;
    }
    UpdateCollector updates;
    graph::RunOptions options;
    options.listener = &updates;
    graph::RunResult result = co_await runner_.Run(graph_, std::move(request), options);
    json::Object answer{{"values", result.values},
                        {"next", NextToJson(result.next)},
                        {"interrupts", QuestionsToJson(result.questions)}};
    if (result.status.ok()) {
      answer["updates"] = updates.Sorted();
    } else {
      answer["error"] = ErrorOf(result.status);
      answer["message"] = result.status.message();
    }
    co_return answer;
  }

  IdGenerator ids_;
  graph::Runner runner_;
  GraphPtr graph_;
};

async::Task<Value> RunCase(const GraphCase& read, graph::CheckpointStore& store) {
  if (!read.graph) {
    co_return json::Array{
        json::Object{{"error", "invalid_graph"}, {"message", read.graph.error().message()}}};
  }
  Script script(store, *read.graph);
  json::Array answers;
  for (const CaseStep& step : read.script) answers.push_back(co_await script.Answer(step));
  co_return answers;
}

async::Task<Result<Value>> RunOnDatabase(const GraphCase& read, storage::Database& database) {
  auto store = co_await checkpoint::SqlCheckpointStore::Open(database);
  if (!store) co_return Fail(std::move(store).error());
  // The cases all use the same thread names; what an earlier case left is in the way.
  for (const CaseStep& step : read.script) {
    BATON_CO_TRY(co_await (*store)->DeleteThread(step.thread));
  }
  co_return co_await RunCase(read, **store);
}

Result<Value> RunWithStore(const GraphCase& read, const std::string& address) {
  if (address == "memory") {
    checkpoint::MemoryCheckpointStore store;
    return async::BlockOn(RunCase(read, store));
  }
  MetricsRegistry metrics;
  Result<std::unique_ptr<storage::Database>> database = storage::OpenDatabase(
      address.starts_with("postgres:") ? address.substr(9) : address, metrics);
  if (!database) return Fail(std::move(database).error());
  return async::BlockOn(RunOnDatabase(read, **database));
}

int Main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Result<GraphCase> read = ReadCase(text, std::getenv("PROBE_SUSPEND") != nullptr);
  if (!read) {
    std::cerr << read.error().ToString() << '\n';
    return 2;
  }
  const char* checkpointer = std::getenv("PROBE_CHECKPOINTER");
  Result<Value> answers = RunWithStore(*read, checkpointer == nullptr ? "memory" : checkpointer);
  if (!answers) {
    std::cerr << answers.error().ToString() << '\n';
    return 1;
  }
  std::cout << json::Serialize(*answers) << '\n';
  return 0;
}

}  // namespace
}  // namespace baton::probe

int main() { return baton::probe::Main(); }
