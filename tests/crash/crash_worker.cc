// A process that runs durable graphs until somebody kills it, for crash_check.py (R1).
//
//   crash_worker ADDRESS JOURNAL THREADS [drain]
//
// Works on THREADS conversations at once, one run after another: those that JOURNAL and the
// store say are unfinished first; with `drain` nothing but those. What it does it writes to the
// end of JOURNAL, a line a write, so that a kill -9 loses nothing that happened before it:
//
//   G pid            this process has begun
//   S pid run task   a task starts
//   C pid run step   a super-step is committed; the first one is that the input was accepted
//   F pid run text   a run has finished with this text
//   E pid run text   a run was ended by the store: another process has taken it over
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "async/block_on.h"
#include "async/signal.h"
#include "async/task_group.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "graph/runner.h"
#include "graph/state_graph.h"
#include "storage/open.h"

namespace baton {
namespace {

constexpr int kRounds = 3;
constexpr int kMaxNodeMicros = 2000;

void Must(const Status& status) { BATON_CHECK(status.ok(), status.ToString()); }

template <typename T>
T Must(Result<T> result) {
  BATON_CHECK(result.has_value(), result.error().ToString());
  return *std::move(result);
}

// Conversation `slot`, run `number` of it.
std::string RunName(int slot, int number) {
  return "w" + std::to_string(slot) + "-" + std::to_string(number);
}

class Journal {
 public:
  explicit Journal(const std::string& path)
      : fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    BATON_CHECK(fd_ >= 0, path);
  }

  void Write(char what, const std::string& text) const {
    const std::string line =
        std::string(1, what) + " " + std::to_string(getpid()) + " " + text + "\n";
    BATON_CHECK(write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()), line);
  }

 private:
  const int fd_;
};

class Scope final : public graph::RunScope {
 public:
  Scope(const Journal& a_journal, std::string a_run) : journal(a_journal), run(std::move(a_run)) {}
  const Journal& journal;
  const std::string run;
};

// Appends its name and the round to the log, after a moment.
class Step final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    const auto& scope = static_cast<const Scope&>(*context.scope());
    scope.journal.Write('S', scope.run + " " + std::string(context.task_id()));
    thread_local std::minstd_rand random(static_cast<std::uint32_t>(getpid()));
    const std::chrono::microseconds pause(random() % kMaxNodeMicros);
    co_await async::SleepUntil(Deadline::At(Deadline::Clock::now() + pause));
    const json::Value* round = json::Find(context.input(), "round");
    const std::string name(context.node_name());
    graph::NodeOutput output;
    output.writes["log"] = json::Array{
        json::Value(name + std::to_string(round == nullptr ? 0 : round->to_number<int>()))};
    if (name == "join") output.writes["round"] = 1;
    co_return output;
  }
};

Result<graph::Route> AfterJoin(const json::Value& state) {
  const bool more = json::Find(state, "round")->to_number<int>() < kRounds;
  return graph::Route{{more ? "begin" : std::string(graph::kEnd)}, {}};
}

std::shared_ptr<const graph::CompiledGraph> BuildGraph() {
  graph::Channels channels;
  channels["log"] = {.kind = graph::ChannelKind::kAppend};
  channels["round"] = {.kind = graph::ChannelKind::kSum};
  graph::StateGraph graph(std::move(channels));
  for (const char* name : {"begin", "x", "y", "z", "join"}) {
    Must(graph.AddNode(name, std::make_unique<Step>()));
  }
  Must(graph.AddEdge(graph::kStart, "begin"));
  for (const char* name : {"x", "y", "z"}) Must(graph.AddEdge("begin", name));
  Must(graph.AddJoin({"x", "y", "z"}, "join"));
  Must(graph.AddConditional("join", AfterJoin, {"begin", std::string(graph::kEnd)}));
  graph::CompileOptions options;
  options.recursion_limit = 100;
  return Must(std::move(graph).Compile(options));
}

// Tells the journal of each commit: in sync mode the event comes after the store has confirmed.
class CommitListener final : public graph::StreamListener {
 public:
  CommitListener(const Journal& journal, std::string run)
      : journal_(journal), run_(std::move(run)) {}
  bool Wants(graph::StreamEvent::Kind kind) const override {
    return kind == graph::StreamEvent::Kind::kCheckpoint;
  }
  async::Task<Status> OnEvent(graph::StreamEvent event) override {
    journal_.Write('C', run_ + " " + json::Serialize(event.data.at("step")));
    co_return Status();
  }

 private:
  const Journal& journal_;
  const std::string run_;
};

// Where to go on with each conversation, from the journal of the processes before: at its oldest
// run that is not finished.
class Past {
 public:
  explicit Past(const std::string& path) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string what, pid, run;
      if (!(words >> what >> pid >> run) || what == "G") continue;
      const std::size_t dash = run.find('-');
      bool& finished = runs_[std::atoi(run.substr(1, dash - 1).c_str())]
                            [std::atoi(run.substr(dash + 1).c_str())];
      finished = finished || what == "F";
    }
  }

  int FirstUnfinished(int slot) const {
    const auto known = runs_.find(slot);
    int number = 0;
    if (known == runs_.end()) return number;
    for (const auto& [next, finished] : known->second) {
      if (next != number || !finished) return number;
      ++number;
    }
    return number;
  }

 private:
  std::map<int, std::map<int, bool>> runs_;  // slot → number → whether it has finished
};

class Worker {
 public:
  Worker(std::string_view address, const Journal& journal, const Past& past, bool drain)
      : journal_(journal),
        past_(past),
        drain_(drain),
        compiled_(BuildGraph()),
        database_(Must(storage::OpenDatabase(address, metrics_))),
        store_(Must(async::BlockOn(checkpoint::SqlCheckpointStore::Open(*database_)))) {}

  async::Task<void> Work(int threads) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    for (int slot = 0; slot < threads; ++slot) group.Spawn(WorkOn(slot));
    co_await group.Join();
  }

 private:
  async::Task<void> WorkOn(int slot) {
    for (int number = past_.FirstUnfinished(slot);; ++number) {
      if (!co_await Execute(RunName(slot, number), /*may_begin=*/!drain_)) co_return;
    }
  }

  // Goes on with the run, or begins it. False if it is not there and may not begin, or if
  // another process has taken it.
  async::Task<bool> Execute(std::string run, bool may_begin) {
    const auto state = co_await runner_.GetState(*compiled_, run);
    graph::RunRequest request{.thread_id = run};
    if (!state) {
      BATON_CHECK(state.error().code() == Code::kNotFound, state.error().ToString());
      if (!may_begin) co_return false;
      request.input = json::Object{{"log", json::Array{"in"}}};
      request.new_thread = true;  // or else another process has begun it since
    } else if (state->next.empty()) {
      journal_.Write('F', run + " " + json::Serialize(*json::Find(state->values, "log")));
      co_return true;
    }
    CommitListener listener(journal_, run);
    Scope scope(journal_, run);
    const graph::RunResult result = co_await runner_.Run(compiled_, std::move(request),
                                                         {.listener = &listener, .scope = &scope});
    if (result.status.ok()) {
      journal_.Write('F', run + " " + json::Serialize(*json::Find(result.values, "log")));
    } else {
      journal_.Write('E', run + " " + result.status.ToString());
    }
    co_return result.status.ok();
  }

  const Journal& journal_;
  const Past& past_;
  const bool drain_;
  const std::shared_ptr<const graph::CompiledGraph> compiled_;
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<checkpoint::SqlCheckpointStore> store_;
  IdGenerator ids_{SystemClock()};
  graph::Runner runner_{*store_, SystemClock(), ids_};
};

int Main(const std::vector<std::string>& args) {
  if (args.size() < 3 || args.size() > 4 || (args.size() == 4 && args[3] != "drain")) {
    std::fprintf(stderr, "usage: crash_worker ADDRESS JOURNAL THREADS [drain]\n");
    return 2;
  }
  const Past past(args[1]);
  const Journal journal(args[1]);
  Worker worker(args[0], journal, past, args.size() == 4);
  journal.Write('G', "");
  async::BlockOn(worker.Work(std::atoi(args[2].c_str())));
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::Main({argv + 1, argv + argc}); }
