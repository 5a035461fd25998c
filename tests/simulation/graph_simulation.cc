// graph_simulation FIRST_SEED COUNT: random graphs on a store that fails, in processes that die,
// and beside each other.
//
// Each seed makes a graph and runs it twice: once on a store in good health, and once through
// as many lives of a process as it takes, with writes that are lost, slow or in doubt, nodes
// that fail, time that leaps, a wall clock that may go back between two lives, threads that are
// pruned, and questions answered one by one or together. In some lives a second process takes the
// thread over from one that was only slow, or stopped, and goes on. Some nodes always fail, and
// their error handlers do the work. Both runs must end with the
// same state, and both must have changed the world outside in the same way, each change made once.
// In between, after every failure, the state must be readable, an accepted run must be there,
// in sync mode no task of a committed super-step may start again, and of a process that was
// superseded every write must be refused, which it must not end well with.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id_generator.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/memory_node_cache.h"
#include "graph/runner.h"
#include "graph/threads.h"
#include "process.h"
#include "random_graph.h"
#include "testing/manual_clock.h"

namespace baton::simulation {
namespace {

using CompiledPtr = std::shared_ptr<const graph::CompiledGraph>;

constexpr int kMaxLives = 400;
// Faults become rarer with each life, so that every run ends.
constexpr int kFaultyLives = 40;
constexpr int kPercentBeside = 30;  // of the lives: those in which a second process takes over

const json::Value kInput = json::Object{{"log", json::Array{"in"}}};

// What all simulations together went through: a test that nothing happens in shows here.
struct Totals {
  int lives = 0;
  int deaths = 0;
  int failures = 0;
  int answers = 0;
  int tasks = 0;
  int handled = 0;    // failures, by error handlers
  int leaps = 0;      // of time, within a life
  int timeouts = 0;   // runs that ended with kDeadlineExceeded
  int in_doubt = 0;   // questions about a call
  int expired = 0;    // answers that came too late
  int changes = 0;    // of the world outside
  int pruned = 0;     // checkpoints
  int subgraphs = 0;  // namespaces at the end
  int beside = 0;     // lives in which a second process took over
  int slow = 0;       // processes that were superseded
  int refused = 0;    // writes of theirs
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Totals& totals)
      : random_(seed), scheduler_(random_, clock_), totals_(totals) {}

  // Empty, or what went wrong.
  std::string Run() {
    compiled_ = surroundings_.graph = MakeGraph(random_);
    expected_ = InGoodHealth();
    surroundings_.mode =
        std::array{graph::DurabilityMode::kSync, graph::DurabilityMode::kAsync,
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
    Turns turns(scheduler_);
    World world(turns, expected_outside_);
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
    totals_.refused += witness_.refused();
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

  bool faulty() const { return life_ < kFaultyLives; }

  Faults FaultsOfThisLife() {
    if (!faulty()) return {};
    return {.lost = Pick(random_, 12),
            .in_doubt = Pick(random_, 12),
            .unread = Pick(random_, 8),
            .slow = Pick(random_, 8),
            .stop = Pick(random_, 4),
            .crash = Pick(random_, 10)};
  }

  // One process, or two beside each other, from the start to the end. True if the run has finished.
  bool Live() {
    graph::Runner healthy(disk_, clock_, ids_);
    const auto state = scheduler_.Run(healthy.GetState(*compiled_, "t"));
    if (!state && state.error().code() == Code::kNotFound && ledger_.accepted) {
      return Wrong("accepted and lost");
    }
    const auto history = scheduler_.Run(healthy.History(*compiled_, "t", 1000));
    if (state && !history) return Wrong("history: " + history.error().ToString());
    const bool beside = faulty() && Chance(random_, kPercentBeside);
    std::optional<graph::RunRequest> request = ToGoOn(state, beside);
    if (!request) return !wrong_.empty() || Compare(state->values);
    scheduler_.SetLeaps(faulty() ? Pick(random_, 4) : 0);
    // Two that make the thread both want to be the one that does.
    request->new_thread = beside && request->input;
    Process& first = StartProcess();
    scheduler_.Run(beside ? RunBeside(first, *std::move(request))
                          : RunAlone(first, *std::move(request)));
    return Conclude();
  }

  Process& StartProcess() {
    const int flaky = faulty() ? Pick(random_, 10) : 0;
    const Faults faults = FaultsOfThisLife();
    ++totals_.lives;
    return processes_.emplace_back(surroundings_, ++process_number_, faults, flaky);
  }

  // What the run needs next; none if it has finished, or if something is wrong. `beside`: another
  // process may go on with it too.
  std::optional<graph::RunRequest> ToGoOn(const Result<graph::StateSnapshot>& state, bool beside) {
    graph::RunRequest request{.thread_id = "t"};
    if (state) {
      if (state->next.empty()) return std::nullopt;
      request.answers = ChooseAnswers(state->questions, beside);
      totals_.answers += static_cast<int>(request.answers.size());
    } else if (state.error().code() == Code::kNotFound) {
      request.input = kInput;
    } else {
      Wrong(state.error().ToString());
      return std::nullopt;
    }
    return request;
  }

  static async::Task<bool> RunAlone(Process& process, graph::RunRequest request) {
    co_await process.Run(std::move(request));
    co_return true;
  }

  // The second process comes while the first is at work, or stopped.
  async::Task<bool> RunBeside(Process& first, graph::RunRequest request) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(first.Run(std::move(request)));
    group.Spawn(TakeOver(first));
    co_await group.Join();
    co_return true;
  }

  async::Task<void> TakeOver(Process& first) {
    if (Chance(random_, 30)) {
      co_await async::SleepUntil(Deadline::In(std::chrono::milliseconds(Pick(random_, 3000))));
    }
    for (int turns = Pick(random_, 40); turns > 0; --turns) co_await scheduler_.Yield();
    if (Chance(random_, 60)) first.turns().Stop(std::chrono::milliseconds(Pick(random_, 10'000)));
    graph::Runner healthy(disk_, clock_, ids_);
    std::optional<graph::RunRequest> request =
        ToGoOn(co_await healthy.GetState(*compiled_, "t"), true);
    if (!request) co_return;
    request->new_thread = request->input.has_value();
    ++totals_.beside;
    co_await StartProcess().Run(*std::move(request));
  }

  // By id, some or all; or the only one without, if nobody else answers it.
  std::map<std::string, json::Value> ChooseAnswers(
      const std::vector<graph::PendingQuestion>& questions, bool beside) {
    std::map<std::string, json::Value> answers;
    for (const auto& question : questions) {
      const bool expired = question.expires && *question.expires <= clock_.Now();
      // Who is told that it has expired lets the run go on, which asks again.
      if (!Chance(random_, expired ? 20 : 50)) continue;
      totals_.in_doubt += json::Find(question.payload, "in_doubt") != nullptr;
      answers[question.id] = AnswerTo(question.payload, outside_);
    }
    const bool may_be_nameless = !beside && questions.size() == 1 && !questions[0].expires;
    if (answers.empty() && may_be_nameless) {
      answers[""] = AnswerTo(questions[0].payload, outside_);
    }
    return answers;
  }

  // What has become of the processes of this life. True if the run has finished.
  bool Conclude() {
    bool finished = false;
    const bool beside = processes_.size() > 1;
    for (const Process& process : processes_) {
      if (wrong_.empty()) wrong_ = process.wrong();
      finished = ConcludeOne(process, beside) || finished;
    }
    processes_.clear();
    if (witness_.broken()) return Wrong("a superseded process has written");
    if (!finished || expected_.is_string() || !wrong_.empty()) return finished;
    // Whatever a slow process does after the end, or did before.
    graph::Runner healthy(disk_, clock_, ids_);
    const auto state = scheduler_.Run(healthy.GetState(*compiled_, "t"));
    if (!state) return Wrong("finished and lost: " + state.error().ToString());
    if (!state->next.empty()) return Wrong("finished, and something is left to run");
    return Compare(state->values);
  }

  bool ConcludeOne(const Process& process, bool beside) {
    const graph::RunResult& result = process.result();
    const Code code = result.status.code();
    totals_.tasks += process.tasks();
    totals_.handled += process.handled();
    totals_.deaths += process.dead();
    totals_.failures += !result.status.ok();
    totals_.slow += witness_.IsSuperseded(process.number());
    if (process.was_refused() && result.status.ok()) return Wrong("ends well without its writes");
    if (result.status.ok()) return result.next.empty() && Compare(result.values);
    if (json::Value(CodeName(code)) == expected_) return true;
    if (code == Code::kDeadlineExceeded) ++(process.answers() ? totals_.expired : totals_.timeouts);
    // Somebody else has answered, or it is too late to. A node failed when its step's time was
    // over: its error handler comes with the next run.
    const bool answered = code == Code::kFailedPrecondition || code == Code::kInvalidArgument;
    const bool is_clear =
        code == Code::kUnavailable || (beside && code == Code::kAborted) ||
        (beside && answered && process.answers()) || (code == Code::kInternal && faulty()) ||
        (code == Code::kDeadlineExceeded && (process.answers() || life_ < kFaultyLives + 2));
    return !is_clear && Wrong("not a clear error: " + result.status.ToString());
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
  checkpoint::MemoryCheckpointStore disk_;
  checkpoint::MemoryNodeCache cache_;
  Outside outside_;
  Ledger ledger_;
  Witness witness_;
  Surroundings surroundings_{random_, scheduler_, clock_,  ids_,    disk_, witness_,
                             cache_,  outside_,   ledger_, nullptr, {}};
  int life_ = 0;
  int process_number_ = 0;
  std::list<Process> processes_;  // of this life
  std::string wrong_;
};

// Of each at least one happens in so many seeds.
constexpr std::uint64_t kSeedsWithEverything = 300;

bool HasEverything(const Totals& totals) {
  return totals.deaths > 0 && totals.failures > 0 && totals.answers > 0 && totals.leaps > 0 &&
         totals.timeouts > 0 && totals.in_doubt > 0 && totals.expired > 0 && totals.changes > 0 &&
         totals.pruned > 0 && totals.subgraphs > 0 && totals.beside > 0 && totals.slow > 0 &&
         totals.refused > 0 && totals.handled > 0;
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
  std::printf("%d processes beside another, %d superseded, %d of their writes refused\n",
              totals.beside, totals.slow, totals.refused);
  std::printf("%d failures handled\n", totals.handled);
  if (count >= kSeedsWithEverything && !HasEverything(totals)) {
    std::printf("something of this never happened\n");
    ++failed;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace baton::simulation

int main(int argc, char** argv) { return baton::simulation::Main(argc, argv); }
