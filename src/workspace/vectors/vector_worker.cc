#include "workspace/vectors/vector_worker.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/core.h>

#include "async/block_on.h"
#include "async/signal.h"
#include "async/timeout.h"
#include "base/hash.h"
#include "base/log.h"
#include "embedding/embed_texts.h"
#include "embedding/vector.h"
#include "workspace/internal/document_rows.h"

namespace baton::workspace::vectors {
namespace {

constexpr int kDocumentsPerBatch = 32;
constexpr std::size_t kTextsPerBatch = 64;
constexpr std::chrono::seconds kEmbedPatience{60};

std::int64_t UnixMilliseconds(Timestamp time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Whether the texts are at fault, and not the embedder or the way to it.
bool IsRefusal(const Status& status) {
  return status.code() == Code::kInvalidArgument || status.code() == Code::kInternal;
}

}  // namespace

struct VectorWorker::Taken {
  std::string document_id;
  std::string user_id;
  std::int64_t stamp = 0;
};

// A chunk without a vector.
struct VectorWorker::Part {
  std::size_t document = 0;  // of those taken
  std::int64_t position = 0;
  std::string text;
  std::string hash;           // of the text
  bool embedded = false;      // `vector` is there
  std::vector<float> vector;  // empty for a text that says nothing
};

VectorWorker::VectorWorker(storage::Database& database, embedding::Embedder& embedder,
                           const Clock& clock, MetricsRegistry& metrics, VectorSearch* search,
                           WorkerPace pace)
    : database_(database),
      embedder_(embedder),
      clock_(clock),
      search_(search),
      pace_(pace),
      model_(embedder.name()),
      pending_(metrics.GetGauge("baton_vectors_pending_chunks",
                                "Chunks of documents that wait for their vectors")),
      seconds_(metrics.GetHistogram("baton_vectors_embed_seconds",
                                    "Time of one batch of chunks at the embedder",
                                    {0.01, 0.05, 0.1, 0.5, 1, 5, 30})) {}

VectorWorker::~VectorWorker() = default;

async::Task<Status> VectorWorker::TakeOver() {
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"INSERT INTO vector_model (only_row, model) VALUES (1, $1)"
       " ON CONFLICT (only_row) DO UPDATE SET model = excluded.model",
       {model_}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kBuffered));
  co_return Status();
}

// PostgreSQL would have two processes wait for each other's rows.
async::Task<Result<std::vector<VectorWorker::Taken>>> VectorWorker::Take() {
  const std::int64_t now = UnixMilliseconds(clock_.Now());
  const bool postgres = database_.dialect() == storage::Dialect::kPostgres;
  std::vector<storage::Statement> batch;
  batch.push_back(
      {fmt::format("UPDATE document_vectors SET claimed_until = $1 WHERE claimed_until <= $2"
                   " AND EXISTS (SELECT 1 FROM vector_model AS m WHERE m.model = $3)"
                   " AND document_id IN (SELECT document_id FROM document_vectors"
                   "  WHERE (model < $3 OR model > $3) AND claimed_until <= $2 LIMIT {}{})"
                   " RETURNING document_id, user_id, stamp",
                   kDocumentsPerBatch, postgres ? " FOR UPDATE SKIP LOCKED" : ""),
       {now + pace_.lease.count(), now, model_}});
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kBuffered);
  if (!written) co_return Fail(written.error());
  const storage::Rows& rows = written->front();
  std::vector<Taken> taken;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    taken.push_back({.document_id = std::string(rows.Text(row, 0)),
                     .user_id = std::string(rows.Text(row, 1)),
                     .stamp = rows.Int(row, 2)});
  }
  co_return taken;
}

// The first chunks of the documents that have no vector yet, in order; one more than a batch, to
// know whether there are more.
async::Task<Result<std::vector<VectorWorker::Part>>> VectorWorker::ReadParts(
    const std::vector<Taken>& taken) {
  storage::Statement statement{
      fmt::format("SELECT c.document_id, c.position, d.title, c.heading, c.content"
                  " FROM document_chunks AS c JOIN documents AS d ON d.id = c.document_id"
                  " LEFT JOIN chunk_vectors AS v ON v.document_id = c.document_id"
                  "  AND v.position = c.position AND v.model = $1"
                  " WHERE c.document_id IN ({}) AND v.document_id IS NULL"
                  " ORDER BY c.document_id, c.position LIMIT {}",
                  workspace::internal::Placeholders(2, taken.size()), kTextsPerBatch + 1),
      {model_}};
  std::map<std::string_view, std::size_t> numbers;
  for (const Taken& document : taken) {
    statement.params.emplace_back(document.document_id);
    numbers.emplace(document.document_id, numbers.size());
  }
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  std::vector<Part> parts;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    std::string text =
        fmt::format("{}\n{}\n{}", rows->Text(row, 2), rows->Text(row, 3), rows->Text(row, 4));
    std::string hash = fmt::format("{:016x}-{}", Fnv1a(text), text.size());
    parts.push_back({.document = numbers[rows->Text(row, 0)],
                     .position = rows->Int(row, 1),
                     .text = std::move(text),
                     .hash = std::move(hash)});
  }
  co_return parts;
}

// Vectors of chunks that the documents had before they were changed, for those of the same text.
async::Task<Status> VectorWorker::TakeSpares(const std::vector<Taken>& taken,
                                             std::vector<Part>& parts) {
  if (parts.empty()) co_return Status();
  storage::Statement statement{
      fmt::format("SELECT document_id, text_hash, vector FROM chunk_vectors WHERE model = $1"
                  " AND position < 0 AND document_id IN ({})",
                  workspace::internal::Placeholders(2, taken.size())),
      {model_}};
  for (const Taken& document : taken) statement.params.emplace_back(document.document_id);
  statement.sql +=
      fmt::format(" AND text_hash IN ({})",
                  workspace::internal::Placeholders(statement.params.size() + 1, parts.size()));
  for (const Part& part : parts) statement.params.emplace_back(part.hash);
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return rows.error();
  std::map<std::pair<std::string_view, std::string_view>, std::string_view> spares;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    spares.emplace(std::pair(rows->Text(row, 0), rows->Text(row, 1)), rows->Text(row, 2));
  }
  for (Part& part : parts) {
    const auto spare = spares.find({taken[part.document].document_id, part.hash});
    if (spare == spares.end()) continue;
    if (spare->second.size() != embedder_.dimensions() * sizeof(float)) continue;
    part.vector = embedding::DecodeVector(spare->second);
    part.embedded = true;
  }
  co_return Status();
}

// Those that have no vector yet.
async::Task<Status> VectorWorker::EmbedTextsOf(std::vector<Part>& parts) {
  std::vector<std::string> texts;
  for (const Part& part : parts) {
    if (!part.embedded) texts.push_back(part.text);
  }
  if (texts.empty()) co_return Status();
  const auto began = std::chrono::steady_clock::now();
  auto vectors = co_await async::WithDeadline(embedding::EmbedTexts(embedder_, std::move(texts)),
                                              Deadline::In(kEmbedPatience), "embedding of chunks");
  if (!vectors) co_return vectors.error();
  seconds_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  std::size_t next = 0;
  for (Part& part : parts) {
    if (!part.embedded) part.vector = std::move((*vectors)[next++]);
    part.embedded = true;
  }
  co_return Status();
}

// The first statement is the guard: a document that was stored again since is left to the next
// round. The user's count is the last row that is locked.
async::Task<Status> VectorWorker::Store(const Taken& document, const std::vector<Part>& parts,
                                        bool complete) {
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"UPDATE document_vectors SET claimed_until = 0"
       " WHERE document_id = $1 AND user_id = $2 AND stamp = $3",
       {document.document_id, document.user_id, document.stamp},
       1});
  for (const Part& part : parts) {
    batch.push_back(
        {"INSERT INTO chunk_vectors (document_id, position, user_id, model, vector, text_hash)"
         " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (document_id, position) DO UPDATE SET"
         " model = excluded.model, vector = excluded.vector, text_hash = excluded.text_hash",
         {document.document_id, part.position, document.user_id, model_,
          storage::Blob{embedding::EncodeVector(part.vector)}, part.hash}});
  }
  if (complete) {
    batch.push_back({"DELETE FROM chunk_vectors WHERE document_id = $1 AND position < 0",
                     {document.document_id}});
    batch.push_back(
        {"INSERT INTO vector_users (user_id, version) VALUES ($1, 1)"
         " ON CONFLICT (user_id) DO UPDATE SET version = vector_users.version + 1",
         {document.user_id}});
    batch.push_back(
        {"UPDATE document_vectors SET model = $2, version ="
         " (SELECT version FROM vector_users WHERE user_id = $3)"
         " WHERE document_id = $1",
         {document.document_id, model_, document.user_id}});
  }
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kBuffered);
  if (written || written.error().code() == Code::kAborted) co_return Status();
  co_return written.error();
}

async::Task<Status> VectorWorker::PutBack(const std::vector<Taken>& taken,
                                          std::chrono::milliseconds wait) {
  std::vector<storage::Statement> batch;
  const std::int64_t until = wait.count() == 0 ? 0 : UnixMilliseconds(clock_.Now()) + wait.count();
  for (const Taken& document : taken) {
    batch.push_back(
        {"UPDATE document_vectors SET claimed_until = $3"
         " WHERE document_id = $1 AND stamp = $2",
         {document.document_id, document.stamp, until}});
  }
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kBuffered));
  co_return Status();
}

// `parts` are those of a batch, document by document, and perhaps one more, which says that its
// document, and any that no part is of, may have others. Without it all documents are complete.
async::Task<Result<std::size_t>> VectorWorker::EmbedParts(const std::vector<Taken>& taken,
                                                          std::vector<Part> parts) {
  const bool more = parts.size() > kTextsPerBatch;
  std::set<std::size_t> complete;
  for (std::size_t i = 0; more && i < parts.size(); ++i) complete.insert(parts[i].document);
  if (more) {
    complete.erase(parts.back().document);
    parts.pop_back();
  }
  if (Status status = co_await TakeSpares(taken, parts); !status.ok()) {
    co_return Fail(std::move(status));
  }
  if (Status status = co_await EmbedTextsOf(parts); !status.ok()) co_return Fail(std::move(status));
  for (std::size_t number = 0; number < taken.size(); ++number) {
    std::vector<Part> own;
    for (const Part& part : parts) {
      if (part.document == number) own.push_back(part);
    }
    Status stored = co_await Store(taken[number], own, !more || complete.contains(number));
    if (!stored.ok()) co_return Fail(std::move(stored));
  }
  co_return taken.size() + parts.size();
}

// Finds out which of the documents has a text that the embedder refuses.
async::Task<Result<std::size_t>> VectorWorker::EmbedOneByOne(const std::vector<Taken>& taken) {
  std::size_t done = 0;
  for (const Taken& document : taken) {
    const std::vector<Taken> one = {document};
    Result<std::vector<Part>> parts = co_await ReadParts(one);
    if (!parts) co_return Fail(std::move(parts).error());
    const auto embedded = co_await EmbedParts(one, *std::move(parts));
    if (embedded) {
      done += *embedded;
      continue;
    }
    if (!IsRefusal(embedded.error())) co_return Fail(embedded.error());
    Log(LogLevel::kWarning, "document not embedded: found by its words only",
        {{"document", document.document_id}, {"why", embedded.error().message()}});
    Status put_back = co_await PutBack(one, pace_.after_refusal);
    if (!put_back.ok()) co_return Fail(std::move(put_back));
    ++done;
  }
  co_return done;
}

async::Task<Result<std::size_t>> VectorWorker::EmbedDue() {
  const Result<std::vector<Taken>> taken = co_await Take();
  if (!taken) co_return Fail(taken.error());
  if (taken->empty()) co_return std::size_t{0};
  Result<std::vector<Part>> parts = co_await ReadParts(*taken);
  if (!parts) co_return Fail(std::move(parts).error());
  Result<std::size_t> done = co_await EmbedParts(*taken, *parts);
  if (!done && IsRefusal(done.error())) done = co_await EmbedOneByOne(*taken);
  if (!done) {
    // Whether this succeeds or the lease ends, they are taken again.
    static_cast<void>(co_await PutBack(*taken, std::chrono::milliseconds(0)));
  }
  co_return done;
}

async::Task<Result<PendingVectors>> VectorWorker::Pending() const {
  const Result<storage::Rows> rows = co_await database_.Read(
      {"SELECT count(*), CAST(coalesce(sum(d.chunk_count), 0) AS BIGINT)"
       " FROM document_vectors AS v JOIN documents AS d ON d.id = v.document_id"
       " WHERE v.model < $1 OR v.model > $1",
       {model_}});
  if (!rows) co_return Fail(rows.error());
  co_return PendingVectors{.documents = rows->Int(0, 0), .chunks = rows->Int(0, 1)};
}

async::Task<void> VectorWorker::NoticeOtherModel() {
  const Result<storage::Rows> model =
      co_await database_.Read({"SELECT model FROM vector_model", {}});
  const bool other = model && !model->rows.empty() && model->Text(0, 0) != model_;
  if (other && !paused_) {
    Log(LogLevel::kWarning,
        "another process of this database embeds with another model: give all"
        " the same and restart",
        {{"model", model_}, {"other", model->Text(0, 0)}});
  }
  if (model) paused_ = other;
}

// One batch; how long to wait before the next. An outage is logged when it begins and ends.
async::Task<std::chrono::milliseconds> VectorWorker::Round() {
  const Result<std::size_t> done = co_await EmbedDue();
  if (!done) {
    if (done.error().code() == Code::kCancelled) co_return pace_.look;
    if (failures_++ == 0) {
      Log(LogLevel::kWarning, "embedding fails: searches use words only, tried again and again",
          {{"model", model_}, {"why", done.error().message()}});
    }
    const auto pending = co_await Pending();
    if (pending) pending_.Set(static_cast<double>(pending->chunks));
    co_return std::min(pace_.longest_backoff,
                       pace_.first_backoff * (1 << std::min(failures_ - 1, 20)));
  }
  if (std::exchange(failures_, 0) > 0) {
    Log(LogLevel::kInfo, "embedding works again", {{"model", model_}});
  }
  if (*done > 0) co_return std::chrono::milliseconds(0);
  co_await NoticeOtherModel();
  const auto pending = co_await Pending();
  if (pending) pending_.Set(static_cast<double>(pending->chunks));
  co_return pace_.look;
}

async::Task<void> VectorWorker::KeepEmbedding() {
  Status taken_over = co_await TakeOver();
  if (!taken_over.ok()) {
    Log(LogLevel::kWarning, "vectors are not made", {{"why", taken_over.message()}});
  }
  while (!co_await async::IsCancelled()) {
    const auto wait = co_await Round();
    if (co_await async::SleepUntil(Deadline::In(wait)) == async::WaitResult::kCancelled) co_return;
  }
}

async::Task<void> VectorWorker::KeepSearchReady() {
  while (!co_await async::IsCancelled()) {
    const auto wait = co_await search_->KeepReady() ? std::chrono::milliseconds(0) : pace_.look;
    if (co_await async::SleepUntil(Deadline::In(wait)) == async::WaitResult::kCancelled) co_return;
  }
}

void VectorWorker::Start(async::Executor executor) {
  group_ = std::make_unique<async::TaskGroup>(executor);
  boost::asio::post(executor, [this] {
    group_->Spawn(KeepEmbedding());
    if (search_ != nullptr) group_->Spawn(KeepSearchReady());
  });
}

void VectorWorker::Stop() {
  if (group_ == nullptr) return;
  if (search_ != nullptr) search_->StopKeepingReady();
  const auto stop = [](async::TaskGroup& group) -> async::Task<Status> {
    group.Cancel(CancelReason::kShutdown);
    co_await group.Join();
    co_return Status();
  };
  const Status stopped = async::BlockOn(group_->executor(), stop(*group_));
  static_cast<void>(stopped);  // always ok
  group_.reset();
}

}  // namespace baton::workspace::vectors
