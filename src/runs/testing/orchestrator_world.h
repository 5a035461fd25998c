// Everything an orchestrator stands on, for tests: one process, which can be started again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "checkpoint/memory_long_term_store.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "llm/model_catalog.h"
#include "runs/local_orchestrator.h"
#include "runs/testing/failing_database.h"
#include "runs/testing/test_agents.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "tools/tool.h"

namespace baton::runs::testing {

// What a reader got of a stream.
struct Transcript {
  std::vector<Chunk> chunks;
  Status status;  // of the stream; not ok: it broke, or was never opened

  // What who applies supersedes_seq holds, written as a client would.
  std::string answer() const {
    std::vector<std::pair<std::int64_t, std::string_view>> held;
    for (const Chunk& chunk : chunks) {
      if (chunk.supersedes_seq != 0) {
        std::erase_if(held, [&](const auto& piece) { return piece.first >= chunk.supersedes_seq; });
      }
      if (chunk.type == "content") held.emplace_back(chunk.seq, chunk.message);
    }
    std::string text;
    for (const auto& [seq, piece] : held) text += piece;
    return text;
  }
  std::string last_type() const { return chunks.empty() ? "" : chunks.back().type; }
  std::string meta(const std::string& key) const {
    if (chunks.empty()) return "";
    const auto found = chunks.back().metadata.find(key);
    return found == chunks.back().metadata.end() ? "" : found->second;
  }
  std::string run_id() const { return chunks.empty() ? "" : chunks.front().run_id; }
};

inline async::Task<Transcript> ReadToEnd(ChunkStream& stream) {
  Transcript transcript;
  for (;;) {
    Result<std::optional<Chunk>> chunk = co_await stream.Next();
    if (!chunk) {
      transcript.status = std::move(chunk).error();
      co_return transcript;
    }
    if (!*chunk) co_return transcript;
    transcript.chunks.push_back(**std::move(chunk));
  }
}

inline async::Task<Transcript> RunTurn(Orchestrator& orchestrator, TurnRequest request) {
  Result<std::unique_ptr<ChunkStream>> stream =
      co_await orchestrator.StreamChat(std::move(request));
  if (!stream) co_return Transcript{.chunks = {}, .status = std::move(stream).error()};
  co_return co_await ReadToEnd(**stream);
}

// Declaration order is the order of life: what stands below uses what stands above.
class OrchestratorWorld {
 public:
  OrchestratorWorld(const Clock& clock, std::shared_ptr<llm::ChatModel> model,
                    storage::Dialect dialect = storage::Dialect::kSqlite)
      : clock_(clock), ids_(clock, 1), files_(dialect) {
    models.Set("default", std::move(model));
    auto opened = storage::OpenDatabase(files_.address(), metrics);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    inner_ = *std::move(opened);
    database = std::make_unique<FailingDatabase>(*inner_);
  }
  ~OrchestratorWorld() { Stop(); }

  // A process: its own runtime, its own view of the database.
  LocalOrchestrator& Start(LocalOrchestratorOptions options = {}) {
    checkpoints_ = MakeCheckpoints();
    orchestrator = MakeOrchestrator(*checkpoints_, std::move(options));
    const Status started = async::BlockOn(orchestrator->Start());
    BATON_CHECK(started.ok(), started.ToString());
    return *orchestrator;
  }
  void Stop() {
    if (orchestrator == nullptr) return;
    async::BlockOn(orchestrator->Shutdown());
    orchestrator.reset();
  }

  std::unique_ptr<graph::CheckpointStore> MakeCheckpoints() {
    auto store = async::BlockOn(checkpoint::SqlCheckpointStore::Open(*database));
    BATON_CHECK(store.has_value(), store.error().ToString());
    return *std::move(store);
  }
  std::unique_ptr<LocalOrchestrator> MakeOrchestrator(graph::CheckpointStore& checkpoints,
                                                      LocalOrchestratorOptions options) {
    return std::make_unique<LocalOrchestrator>(LocalOrchestratorParts{.runtime = runtime,
                                                                      .database = *database,
                                                                      .checkpoints = checkpoints,
                                                                      .agents = agents,
                                                                      .models = models,
                                                                      .tools = tools,
                                                                      .clock = clock_,
                                                                      .ids = ids_,
                                                                      .metrics = metrics,
                                                                      .long_term = &long_term,
                                                                      .memories = memories},
                                               std::move(options));
  }

  Transcript Turn(TurnRequest request) {
    return async::BlockOn(RunTurn(*orchestrator, std::move(request)));
  }
  std::unique_ptr<ChunkStream> Open(const async::Executor& executor, TurnRequest request) {
    auto stream = async::BlockOn(executor, orchestrator->StreamChat(std::move(request)));
    BATON_CHECK(stream.has_value(), stream.error().ToString());
    return *std::move(stream);
  }
  storage::Rows Query(std::string sql, std::vector<storage::SqlValue> params = {}) {
    auto rows = async::BlockOn(inner_->Read({.sql = std::move(sql), .params = std::move(params)}));
    BATON_CHECK(rows.has_value(), rows.error().ToString());
    return *std::move(rows);
  }
  // The stored answers of a conversation, oldest first.
  std::vector<std::string> Answers(const std::string& thread_id) {
    const storage::Rows rows = Query(
        "SELECT content FROM messages WHERE thread_id = $1 AND role = 'assistant' "
        "ORDER BY position",
        {thread_id});
    std::vector<std::string> answers;
    answers.reserve(rows.rows.size());
    for (std::size_t i = 0; i < rows.rows.size(); ++i) answers.emplace_back(rows.Text(i, 0));
    return answers;
  }
  bool HasCheckpoints(const std::string& graph_thread) {
    const auto found = async::BlockOn(MakeCheckpoints()->Get(graph_thread, "", ""));
    BATON_CHECK(found.has_value(), found.error().ToString());
    return found->exists;
  }
  const Clock& clock() const { return clock_; }
  IdGenerator& ids() { return ids_; }
  std::string StateOf(const std::string& run_id) {
    const storage::Rows rows = Query("SELECT state FROM runs WHERE run_id = $1", {run_id});
    return rows.rows.empty() ? "" : std::string(rows.Text(0, 0));
  }

 private:
  const Clock& clock_;
  IdGenerator ids_;
  storage::testing::FreshDatabase files_;

 public:
  MetricsRegistry metrics;
  llm::ModelCatalog models;
  tools::ToolRegistry tools;
  TestAgents agents;
  checkpoint::MemoryLongTermStore long_term{clock_};
  memory::Memories* memories = nullptr;  // told to agents from the next Start() on
  async::Runtime runtime{2};             // outlives the database, whose threads resume on it

 private:
  std::unique_ptr<storage::Database> inner_;

 public:
  std::unique_ptr<FailingDatabase> database;

 private:
  std::unique_ptr<graph::CheckpointStore> checkpoints_;

 public:
  std::unique_ptr<LocalOrchestrator> orchestrator;
};

}  // namespace baton::runs::testing
