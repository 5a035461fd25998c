// graph_simulation FIRST_SEED COUNT: random graphs on a store that fails, in processes that die.
//
// Each seed makes a graph and runs it twice: once on a store in good health, and once through
// as many lives of a process as it takes, with writes that are lost, slow or in doubt, nodes
// that fail, time that leaps, a wall clock that may go back between two lives, threads that are
// pruned, and questions answered one by one or together. Both must end with the same state, and
// both must have changed the world outside in the same way, each change made once.
// In between, after every failure, the state must be readable, an accepted run must be there,
// and in sync mode no task of a committed super-step may start again.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/id_generator.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/memory_node_cache.h"
#include "faulty_store.h"
#include "graph/runner.h"
#include "graph/threads.h"
#include "random_graph.h"
#include "testing/manual_clock.h"
#include "world.h"

namespace baton::simulation {
namespace {

using CompiledPtr = std::shared_ptr<const graph::CompiledGraph>;

constexpr int kMaxLives = 400;
// Faults become rarer with each life, so that every run ends.
constexpr int kFaultyLives = 40;

const json::Value kInput = json::Object{{"log", json::Array{"in"}}};

// What a run did so far, across lives: the tasks that a commit has made final.
class Ledger final : public graph::StreamListener {
 public:
  bool Wants(graph::StreamEvent::Kind kind) const override {
    return kind == graph::StreamEvent::Kind::kCheckpoint;
  }
  async::Task<Status> OnEvent(graph::StreamEvent event) override {
    if (!event.ns.empty()) co_return Status();
    accepted = true;
    final_.insert(started_.begin(), started_.end());
    started_.clear();
    co_return Status();
  }
  // False if the task was final already.
  bool Start(std::string_view task) {
    started_.emplace(task);
    return !final_.contains(std::string(task));
  }
  void Forget() { started_.clear(); }

  bool accepted = false;

 private:
  std::set<std::string> started_;
  std::set<std::string> final_;
};

// What all simulations together went through: a test that nothing happens in shows here.
struct Totals {
  int lives = 0;
  int deaths = 0;
  int failures = 0;
  int answers = 0;
  int tasks = 0;
  int leaps = 0;      // of time, within a life
  int timeouts = 0;   // runs that ended with kDeadlineExceeded
  int in_doubt = 0;   // questions about a call
  int expired = 0;    // answers that came too late
  int changes = 0;    // of the world outside
  int pruned = 0;     // checkpoints
  int subgraphs = 0;  // namespaces at the end
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Totals& totals)
      : random_(seed), scheduler_(random_, clock_), totals_(totals) {}

  // Empty, or what went wrong.
  std::string Run() {
    compiled_ = MakeGraph(random_);
    expected_ = InGoodHealth();
    mode_ = std::array{graph::DurabilityMode::kSync, graph::DurabilityMode::kAsync,
                       graph::DurabilityMode::kExit}[static_cast<std::size_t>(Pick(random_, 3))];
    for (life_ = 0; life_ < kMaxLives && wrong_.empty(); ++life_) {
      if (Live()) return wrong_.empty() ? CompareOutside() : wrong_;
      LetTimePass();
    }
    return wrong_.empty() ? "not finished after " + std::to_string(life_) + " lives" : wrong_;
  }

 private:
  // The state that a run ends with if nothing goes wrong, or its failure.
  json::Value InGoodHealth() {
    checkpoint::MemoryCheckpointStore store;
    graph::Runner runner(store, clock_, ids_);
    World world(scheduler_, expected_outside_);
    graph::RunRequest request{.thread_id = "t", .input = kInput};
    for (;;) {
      graph::RunResult result =
          scheduler_.Run(runner.Run(compiled_, std::move(request), {.scope = &world}));
      if (!result.status.ok()) return json::Value(CodeName(result.status.code()));
      if (result.questions.empty()) return std::move(result.values);
      request = {.thread_id = "t"};
      for (const auto& question : result.questions) {
        request.answers[question.id] = AnswerTo(question.payload, expected_outside_);
      }
    }
  }

  // Nobody's process lives. The wall clock, and only that, may go back.
  void LetTimePass() {
    if (life_ >= kFaultyLives) return;
    if (Chance(random_, 20)) clock_.Advance(std::chrono::minutes(Pick(random_, 180)));
    if (Chance(random_, 10)) clock_.Advance(-std::chrono::minutes(Pick(random_, 180)));
    if (Chance(random_, 10)) Prune();
  }
  void Prune() {
    graph::Threads threads(disk_, ids_);
    const graph::Retention retention{.keep = 1 + static_cast<std::size_t>(Pick(random_, 3))};
    const auto pruned = scheduler_.Run(threads.Prune(*compiled_, "t", retention));
    if (pruned) totals_.pruned += static_cast<int>(*pruned);
    if (!pruned && pruned.error().code() != Code::kNotFound) {
      Wrong("prune: " + pruned.error().ToString());
    }
  }

  // Every change of the world is made, and made once.
  std::string CompareOutside() {
    totals_.leaps += scheduler_.leaps();
    for (const auto& [what, times] : outside_.changes()) totals_.changes += times;
    const auto names = scheduler_.Run(disk_.ListNamespaces("t"));
    totals_.subgraphs += static_cast<int>(names->size()) - 1;
    if (const std::string twice = outside_.MadeTwice(); !twice.empty()) {
      return "the call " + twice + " is made twice";
    }
    if (!outside_.mistaken().empty()) return "another call came as " + outside_.mistaken();
    // One that ends with a failure may have got further than the other.
    if (expected_.is_string() || outside_.changes() == expected_outside_.changes()) return {};
    std::string all;
    for (const auto& [what, times] : outside_.changes()) all += fmt::format(" {}:{}", what, times);
    all += " instead of";
    for (const auto& [what, times] : expected_outside_.changes()) {
      all += fmt::format(" {}:{}", what, times);
    }
    return "changes outside:" + all;
  }

  Faults FaultsOfThisLife() {
    if (life_ >= kFaultyLives) return {};
    return {.lost = Pick(random_, 12),
            .in_doubt = Pick(random_, 12),
            .unread = Pick(random_, 8),
            .slow = Pick(random_, 8),
            .crash = Pick(random_, 10)};
  }

  // One process, from its start to its end. True if the run has finished.
  bool Live() {
    graph::Runner healthy(disk_, clock_, ids_);
    const auto state = scheduler_.Run(healthy.GetState(*compiled_, "t"));
    const bool there = state.has_value();
    if (!there && state.error().code() != Code::kNotFound) return Wrong(state.error().ToString());
    if (!there && ledger_.accepted) return Wrong("accepted and lost");
    const auto history = scheduler_.Run(healthy.History(*compiled_, "t", 1000));
    if (there && !history) return Wrong("history: " + history.error().ToString());
    if (there && state->next.empty()) return Compare(state->values);
    graph::RunRequest request{.thread_id = "t"};
    if (!there) request.input = kInput;
    if (there) request.answers = ChooseAnswers(state->questions);
    return TryOnce(std::move(request));
  }

  // By id, some or all; or the only one without.
  std::map<std::string, json::Value> ChooseAnswers(
      const std::vector<graph::PendingQuestion>& questions) {
    std::map<std::string, json::Value> answers;
    for (const auto& question : questions) {
      const bool expired = question.expires && *question.expires <= clock_.Now();
      // Who is told that it has expired lets the run go on, which asks again.
      if (!Chance(random_, expired ? 20 : 50)) continue;
      totals_.in_doubt += json::Find(question.payload, "in_doubt") != nullptr;
      answers[question.id] = AnswerTo(question.payload, outside_);
    }
    const bool may_be_nameless = questions.size() == 1 && !questions[0].expires;
    if (answers.empty() && may_be_nameless) {
      answers[""] = AnswerTo(questions[0].payload, outside_);
    }
    return answers;
  }

  bool TryOnce(graph::RunRequest request) {
    store_.Revive(FaultsOfThisLife());
    ++totals_.lives;
    totals_.answers += static_cast<int>(request.answers.size());
    const int flaky = life_ < kFaultyLives ? Pick(random_, 10) : 0;
    ledger_.Forget();
    scheduler_.SetLeaps(life_ < kFaultyLives ? Pick(random_, 4) : 0);
    const bool answers = !request.answers.empty();
    World world(scheduler_, outside_);
    world.survives = [this] { return store_.Survives(); };
    world.on_start = [&](const graph::NodeContext& context) {
      // A dead process starts nothing; that its coroutines still run is the simulation's.
      if (store_.dead()) return Status(Code::kUnavailable, "the process is dead");
      ++totals_.tasks;
      if (!ledger_.Start(context.task_id()) && mode_ == graph::DurabilityMode::kSync) {
        wrong_ = fmt::format("task {} of node '{}' is final and starts again", context.task_id(),
                             context.node_name());
      }
      return Chance(random_, flaky) ? Status(Code::kUnavailable, "a flaky node") : Status();
    };
    graph::Runner runner(store_, clock_, ids_);
    const graph::RunResult result = scheduler_.Run(
        runner.Run(compiled_, std::move(request),
                   {.durability = mode_, .listener = &ledger_, .scope = &world, .cache = &cache_}));
    totals_.deaths += store_.dead();
    totals_.failures += !result.status.ok();
    if (result.status.ok() && result.next.empty()) return Compare(result.values);
    if (!result.status.ok() && json::Value(CodeName(result.status.code())) == expected_)
      return true;
    const Code code = result.status.code();
    if (code == Code::kDeadlineExceeded && answers) ++totals_.expired;
    if (code == Code::kDeadlineExceeded && !answers) ++totals_.timeouts;
    const bool is_clear =
        code == Code::kUnavailable || (code == Code::kDeadlineExceeded && life_ < kFaultyLives + 2);
    if (!result.status.ok() && !is_clear) {
      return Wrong("not a clear error: " + result.status.ToString());
    }
    return false;
  }

  bool Compare(const json::Value& values) {
    if (values == expected_) return true;
    return Wrong("ends with " + json::Serialize(values) + "\n  instead of " +
                 json::Serialize(expected_));
  }

  bool Wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
    return true;
  }

  Random random_;
  testing::ManualClock clock_;
  Scheduler scheduler_;
  Totals& totals_;
  IdGenerator ids_{clock_, 7};
  CompiledPtr compiled_;
  json::Value expected_;
  Outside expected_outside_;
  graph::DurabilityMode mode_ = graph::DurabilityMode::kSync;
  checkpoint::MemoryCheckpointStore disk_;
  checkpoint::MemoryNodeCache cache_;
  FaultyStore store_{disk_, scheduler_, random_};
  Outside outside_;
  Ledger ledger_;
  int life_ = 0;
  std::string wrong_;
};

// Of each at least one happens in so many seeds.
constexpr std::uint64_t kSeedsWithEverything = 300;

bool HasEverything(const Totals& totals) {
  return totals.deaths > 0 && totals.failures > 0 && totals.answers > 0 && totals.leaps > 0 &&
         totals.timeouts > 0 && totals.in_doubt > 0 && totals.expired > 0 && totals.changes > 0 &&
         totals.pruned > 0 && totals.subgraphs > 0;
}

std::uint64_t seed_under_way = 0;

// A check that fails ends the process without a word about the seed.
void NameSeed(int) {
  std::fprintf(stderr, "seed %llu: ended the process\n",
               static_cast<unsigned long long>(seed_under_way));
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: graph_simulation FIRST_SEED COUNT\n");
    return 2;
  }
  const std::uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  std::signal(SIGABRT, NameSeed);
  Totals totals;
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    seed_under_way = seed;
    const std::string wrong = Simulation(seed, totals).Run();
    if (wrong.empty()) continue;
    ++failed;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), wrong.c_str());
    std::fflush(stdout);
  }
  std::printf("%llu seeds from %llu, %d failed\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(first), failed);
  std::printf("%d lives, %d of them cut off, %d failed runs, %d answers, %d tasks\n", totals.lives,
              totals.deaths, totals.failures, totals.answers, totals.tasks);
  std::printf("%d leaps of time, %d timeouts, %d answers too late, %d checkpoints pruned\n",
              totals.leaps, totals.timeouts, totals.expired, totals.pruned);
  std::printf("%d changes outside, %d answers about calls in doubt, %d namespaces of subgraphs\n",
              totals.changes, totals.in_doubt, totals.subgraphs);
  if (count >= kSeedsWithEverything && !HasEverything(totals)) {
    std::printf("something of this never happened\n");
    ++failed;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace baton::simulation

int main(int argc, char** argv) { return baton::simulation::Main(argc, argv); }
