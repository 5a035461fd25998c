#include "process.h"

#include <utility>

namespace baton::simulation {

async::Task<Status> Progress::OnEvent(graph::StreamEvent event) {
  if (!event.ns.empty()) co_return Status();
  ledger_.accepted = true;
  ledger_.final.insert(started_.begin(), started_.end());
  final_.insert(started_.begin(), started_.end());
  started_.clear();
  co_return Status();
}

Process::Process(Surroundings& surroundings, int number, const Faults& faults, int flaky)
    : surroundings_(surroundings),
      number_(number),
      flaky_(flaky),
      turns_(surroundings.scheduler),
      store_({surroundings.disk, turns_, surroundings.random, surroundings.witness, number},
             faults),
      progress_(surroundings.ledger) {}

async::Task<void> Process::Run(graph::RunRequest request) {
  answers_ = !request.answers.empty();
  World world(turns_, surroundings_.outside);
  world.survives = [this] { return store_.Survives(); };
  world.on_start = [this](const graph::NodeContext& context) { return Start(context); };
  graph::Runner runner(store_, surroundings_.clock, surroundings_.ids);
  graph::RunOptions options{.durability = surroundings_.mode,
                            .listener = &progress_,
                            .scope = &world,
                            .cache = &surroundings_.cache};
  result_ = co_await runner.Run(surroundings_.graph, std::move(request), std::move(options));
}

Status Process::Start(const graph::NodeContext& context) {
  // A dead process starts nothing; that its coroutines still run is the simulation's.
  if (store_.dead()) return Status(Code::kUnavailable, "the process is dead");
  ++tasks_;
  handled_ += context.failure() != nullptr;
  if (!progress_.Start(context.task_id()) && surroundings_.mode == graph::DurabilityMode::kSync) {
    wrong_ = fmt::format("task {} of node '{}' is final and starts again", context.task_id(),
                         context.node_name());
  }
  if (!Chance(surroundings_.random, flaky_)) return Status();
  return Status(Code::kUnavailable, "a flaky node");
}

}  // namespace baton::simulation
