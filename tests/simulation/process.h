// A process that runs the graph, from its start to its end.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/id_generator.h"
#include "faulty_store.h"
#include "graph/node_cache.h"
#include "graph/runner.h"
#include "world.h"

namespace baton::simulation {

// What is known of the run, whichever process did it.
struct Ledger {
  bool accepted = false;
  std::set<std::string> final;  // the tasks of committed super-steps
};

// What one process knows of the run: what it found, and what it did.
class Progress final : public graph::StreamListener {
 public:
  explicit Progress(Ledger& ledger) : ledger_(ledger), final_(ledger.final) {}

  bool Wants(graph::StreamEvent::Kind kind) const override {
    return kind == graph::StreamEvent::Kind::kCheckpoint;
  }
  async::Task<Status> OnEvent(graph::StreamEvent event) override;

  // False if the task was final already. One that another process has made final meanwhile may
  // start: this one is only slow.
  bool Start(std::string_view task) {
    started_.emplace(task);
    return !final_.contains(std::string(task));
  }

 private:
  Ledger& ledger_;
  std::set<std::string> final_;
  std::set<std::string> started_;
};

// What all processes of a simulation have in common.
struct Surroundings {
  Random& random;
  Scheduler& scheduler;
  testing::ManualClock& clock;
  IdGenerator& ids;
  graph::CheckpointStore& disk;
  Witness& witness;
  graph::NodeCache& cache;
  Outside& outside;
  Ledger& ledger;
  std::shared_ptr<const graph::CompiledGraph> graph;
  graph::DurabilityMode mode = graph::DurabilityMode::kSync;
};

// Lifetime: the surroundings outlive it; it outlives Run().
// Threads:  one.
class Process {
 public:
  // `flaky`: how many of its nodes fail, in percent.
  Process(Surroundings& surroundings, int number, const Faults& faults, int flaky);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Once.
  async::Task<void> Run(graph::RunRequest request);

  Turns& turns() { return turns_; }
  int number() const { return number_; }
  const graph::RunResult& result() const { return result_; }
  bool answers() const { return answers_; }  // whether it was given answers
  bool dead() const { return store_.dead(); }
  bool was_refused() const { return store_.was_refused(); }
  int tasks() const { return tasks_; }
  int handled() const { return handled_; }             // failures
  const std::string& wrong() const { return wrong_; }  // empty if nothing is

 private:
  Status Start(const graph::NodeContext& context);

  Surroundings& surroundings_;
  const int number_;
  const int flaky_;
  Turns turns_;
  FaultyStore store_;
  Progress progress_;
  graph::RunResult result_;
  bool answers_ = false;
  int tasks_ = 0;
  int handled_ = 0;
  std::string wrong_;
};

}  // namespace baton::simulation
