// E2 and E3: the linear graph of engine_bench.cc with a store behind it.
//
//   durable_bench run ADDRESS sync|async|exit THREADS SECONDS
//   durable_bench bare ADDRESS COMMITS BYTES SECONDS
//   durable_bench growth ADDRESS TURNS
//
// ADDRESS is that of storage/open.h. `run` works on THREADS conversations at once, each run on
// a thread of its own. `bare` is the floor: COMMITS inserts of BYTES a run, each committed by
// itself, straight at the database's C library. `growth` sends TURNS messages of 1 KB to one
// thread. Each prints one line of JSON; `run` also how many batches shared a commit and how long
// one took, on average.
#include <libpq-fe.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "async/block_on.h"
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

using Clock = std::chrono::steady_clock;
using CompiledPtr = std::shared_ptr<const graph::CompiledGraph>;

void Must(const Status& status) { BATON_CHECK(status.ok(), status.ToString()); }

template <typename T>
T Must(Result<T> result) {
  BATON_CHECK(result.has_value(), result.error().ToString());
  return *std::move(result);
}

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Writes [name] to the list channel `log`.
class LogName final : public graph::Node {
 public:
  explicit LogName(std::string name) : name_(std::move(name)) {}
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext&) override {
    graph::NodeOutput output;
    output.writes["log"] = json::Array{json::Value(name_)};
    co_return output;
  }

 private:
  const std::string name_;
};

// Takes note of a message, so that the thread grows by what it is sent.
class Note final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext&) override {
    graph::NodeOutput output;
    output.writes["log"] = json::Array{"noted"};
    co_return output;
  }
};

graph::StateGraph NewGraph() {
  graph::Channels channels;
  channels["log"] = {.kind = graph::ChannelKind::kAppend};
  return graph::StateGraph(std::move(channels));
}

CompiledPtr Linear3() {
  graph::StateGraph graph = NewGraph();
  for (const char* name : {"a", "b", "c"}) {
    Must(graph.AddNode(name, std::make_unique<LogName>(name)));
  }
  Must(graph.AddEdge(graph::kStart, "a"));
  Must(graph.AddEdge("a", "b"));
  Must(graph.AddEdge("b", "c"));
  Must(graph.AddEdge("c", graph::kEnd));
  return Must(std::move(graph).Compile());
}

CompiledPtr Chat() {
  graph::StateGraph graph = NewGraph();
  Must(graph.AddNode("note", std::make_unique<Note>()));
  Must(graph.AddEdge(graph::kStart, "note"));
  Must(graph.AddEdge("note", graph::kEnd));
  return Must(std::move(graph).Compile());
}

struct Store {
  explicit Store(std::string_view address)
      : database(Must(storage::OpenDatabase(address, metrics))),
        checkpoints(Must(async::BlockOn(checkpoint::SqlCheckpointStore::Open(*database)))) {}

  MetricsRegistry metrics;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<checkpoint::SqlCheckpointStore> checkpoints;
  IdGenerator ids{SystemClock()};
  graph::Runner runner{*checkpoints, SystemClock(), ids};
};

struct Load {
  graph::DurabilityMode mode;
  Clock::time_point end;
  std::vector<double> seconds;  // of each run
};

async::Task<void> RunUntilEnd(Store& store, CompiledPtr compiled, Load& load) {
  const json::Value input = json::Object{{"log", json::Array{"in"}}};
  while (Clock::now() < load.end) {
    const auto begin = Clock::now();
    graph::RunRequest request{
        .thread_id = store.ids.New("bench"), .new_thread = true, .input = input};
    const graph::RunResult result =
        co_await store.runner.Run(compiled, std::move(request), {.durability = load.mode});
    const json::Value* log = json::Find(result.values, "log");
    BATON_CHECK(result.status.ok() && log != nullptr && log->get_array().size() == 4,
                "wrong answer: " + result.status.ToString());
    load.seconds.push_back(Seconds(Clock::now() - begin));
  }
}

async::Task<void> RunTogether(Store& store, int threads, Load& load) {
  const CompiledPtr compiled = Linear3();
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (int i = 0; i < threads; ++i) group.Spawn(RunUntilEnd(store, compiled, load));
  co_await group.Join();
}

graph::DurabilityMode ModeOf(std::string_view name) {
  if (name == "sync") return graph::DurabilityMode::kSync;
  if (name == "async") return graph::DurabilityMode::kAsync;
  BATON_CHECK(name == "exit", "sync, async or exit");
  return graph::DurabilityMode::kExit;
}

// Of a histogram, how many observations there were and what they came to.
struct Observed {
  double count = 0;
  double sum = 0;
};

Observed ReadHistogram(const std::string& metrics, std::string_view name) {
  const auto value_of = [&](std::string_view suffix) {
    const std::size_t line = metrics.find(fmt::format("\n{}{}{{", name, suffix));
    BATON_CHECK(line != std::string::npos, name);
    return std::stod(metrics.substr(metrics.find("} ", line) + 2));
  };
  return {.count = value_of("_count"), .sum = value_of("_sum")};
}

// Members about the group commits so far.
std::string CommitsAsJson(const std::string& metrics) {
  const Observed batches = ReadHistogram(metrics, "baton_storage_commit_batches");
  const Observed commits = ReadHistogram(metrics, "baton_storage_commit_seconds");
  return fmt::format(R"(, "batches_per_commit": {:.2f}, "commit_us": {:.1f})",
                     batches.sum / batches.count, 1e6 * commits.sum / commits.count);
}

void PrintRate(std::vector<double> seconds, double taken, const std::string& more = "") {
  std::sort(seconds.begin(), seconds.end());
  std::printf("{\"runs\": %zu, \"runs_per_s\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f%s}\n",
              seconds.size(), static_cast<double>(seconds.size()) / taken,
              1e6 * seconds[seconds.size() / 2], 1e6 * seconds[seconds.size() * 99 / 100],
              more.c_str());
}

void BenchRun(std::string_view address, std::string_view mode, int threads, double duration) {
  Store store(address);
  Load warm_up{ModeOf(mode), Clock::now() + std::chrono::milliseconds(200), {}};
  async::BlockOn(RunTogether(store, threads, warm_up));
  const auto begin = Clock::now();
  Load load{ModeOf(mode), begin + std::chrono::microseconds(static_cast<long>(1e6 * duration)), {}};
  async::BlockOn(RunTogether(store, threads, load));
  PrintRate(std::move(load.seconds), Seconds(Clock::now() - begin),
            CommitsAsJson(store.metrics.Render()));
}

// One prepared insert, committed each time it is executed.
class BareInsert {
 public:
  virtual ~BareInsert() = default;
  virtual void Commit(const std::string& bytes) = 0;
};

class BareSqlite final : public BareInsert {
 public:
  explicit BareSqlite(const std::string& path) {
    BATON_CHECK(sqlite3_open(path.c_str(), &db_) == SQLITE_OK, path);
    const char* set_up =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, bytes BLOB)";
    BATON_CHECK(sqlite3_exec(db_, set_up, nullptr, nullptr, nullptr) == SQLITE_OK, "set up");
    sqlite3_prepare_v2(db_, "INSERT INTO bare (bytes) VALUES (?)", -1, &insert_, nullptr);
  }
  ~BareSqlite() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void Commit(const std::string& bytes) override {
    sqlite3_bind_blob(insert_, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    BATON_CHECK(sqlite3_step(insert_) == SQLITE_DONE, sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

class BarePostgres final : public BareInsert {
 public:
  explicit BarePostgres(const std::string& uri) : connection_(PQconnectdb(uri.c_str())) {
    Check(PQexec(connection_,
                 "CREATE TABLE IF NOT EXISTS bare (id BIGSERIAL PRIMARY KEY, bytes BYTEA)"));
    Check(PQprepare(connection_, "insert", "INSERT INTO bare (bytes) VALUES ($1)", 1, nullptr));
  }
  ~BarePostgres() override { PQfinish(connection_); }
  void Commit(const std::string& bytes) override {
    const char* value = bytes.data();
    const int length = static_cast<int>(bytes.size());
    const int binary = 1;
    Check(PQexecPrepared(connection_, "insert", 1, &value, &length, &binary, 1));
  }

 private:
  void Check(PGresult* result) {
    BATON_CHECK(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(connection_));
    PQclear(result);
  }
  PGconn* connection_;
};

void BenchBare(const std::string& address, int commits, int bytes, double duration) {
  std::unique_ptr<BareInsert> database;
  if (address.starts_with("sqlite:")) {
    database = std::make_unique<BareSqlite>(address.substr(7));
  } else {
    database = std::make_unique<BarePostgres>(address);
  }
  const std::string row(static_cast<std::size_t>(bytes), 'x');
  std::vector<double> seconds;
  const auto begin = Clock::now();
  while (Seconds(Clock::now() - begin) < duration) {
    const auto started = Clock::now();
    for (int i = 0; i < commits; ++i) database->Commit(row);
    seconds.push_back(Seconds(Clock::now() - started));
  }
  PrintRate(std::move(seconds), Seconds(Clock::now() - begin));
}

// Random, so that nothing but storing less makes it smaller.
std::string RandomText(std::mt19937& random) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .";
  std::string text(1024, ' ');
  for (char& letter : text) letter = kLetters[random() % kLetters.size()];
  return text;
}

async::Task<void> Grow(Store& store, int turns, std::vector<double>& seconds) {
  const CompiledPtr compiled = Chat();
  std::mt19937 random(1);
  for (int turn = 0; turn < turns; ++turn) {
    const json::Value input = json::Object{{"log", json::Array{json::Value(RandomText(random))}}};
    const auto begin = Clock::now();
    const graph::RunResult result =
        co_await store.runner.Run(compiled, {.thread_id = "growth", .input = input}, {});
    BATON_CHECK(result.status.ok(), result.status.ToString());
    seconds.push_back(Seconds(Clock::now() - begin));
  }
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void BenchGrowth(std::string_view address, int turns) {
  Store store(address);
  std::vector<double> seconds;
  async::BlockOn(Grow(store, turns, seconds));
  const auto some = static_cast<long>(std::min<std::size_t>(seconds.size(), 20));
  // The first turn of all opens files and prepares statements.
  std::printf("{\"turns\": %d, \"first_us\": %.1f, \"last_us\": %.1f}\n", turns,
              1e6 * Median({seconds.begin() + 1, seconds.begin() + some}),
              1e6 * Median({seconds.end() - some, seconds.end()}));
}

double Number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  BATON_CHECK(error == std::errc() && end == text.data() + text.size(), "not a number");
  return number;
}

int Main(const std::vector<std::string>& args) {
  if (args.size() == 5 && args[0] == "run") {
    BenchRun(args[1], args[2], static_cast<int>(Number(args[3])), Number(args[4]));
  } else if (args.size() == 5 && args[0] == "bare") {
    BenchBare(args[1], static_cast<int>(Number(args[2])), static_cast<int>(Number(args[3])),
              Number(args[4]));
  } else if (args.size() == 3 && args[0] == "growth") {
    BenchGrowth(args[1], static_cast<int>(Number(args[2])));
  } else {
    std::fprintf(stderr, "usage: durable_bench run|bare|growth ADDRESS …; see its first lines\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::Main({argv + 1, argv + argc}); }
