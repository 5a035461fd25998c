#include "workspace/vectors/vector_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "async/timeout.h"
#include "base/log.h"
#include "embedding/embed_texts.h"
#include "embedding/vector.h"
#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_rows.h"
#include "workspace/vectors/internal/vector_set.h"

namespace baton::workspace::vectors {
namespace {

constexpr std::size_t kLoadedBySearch = 8192;  // vectors, at most, plus a page
constexpr int kDocumentsPerPage = 50;
constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();
constexpr std::chrono::seconds kAfterFailure{15};
// What is stale or excluded is left out after the search.
constexpr std::size_t kSpareMatches = 50;
constexpr std::size_t kMostMatches = 2000;

std::size_t DimensionsIn(std::string_view bytes) { return bytes.size() / sizeof(float); }

// Whether stored bytes are a vector of length 1.
bool IsSound(std::span<const float> vector) {
  const double length = embedding::Cosine(vector, vector);
  return std::isfinite(length) && std::abs(length - 1) < 0.01;
}

using DocumentIds = std::set<std::string, std::less<>>;

// The documents that have the scope's labels.
async::Task<Result<DocumentIds>> DocumentsInScope(storage::Database& database,
                                                  const SearchScope& scope) {
  storage::Statement statement{"SELECT d.id FROM documents AS d WHERE d.user_id = $1",
                               {scope.user_id}};
  statement.sql += workspace::internal::HasLabels("d.id", scope.user_id, scope.labels, statement);
  const Result<storage::Rows> rows = co_await database.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  DocumentIds ids;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) ids.emplace(rows->Text(row, 0));
  co_return ids;
}

}  // namespace

// One user's vectors, and how far they are loaded.
struct VectorSearch::UserVectors {
  UserVectors(std::string id, std::size_t dimensions, std::size_t exact)
      : user_id(std::move(id)), set(dimensions, exact) {}

  const std::string user_id;
  internal::VectorSet set;
  std::atomic<bool> refreshing = false;  // one at a time
  std::atomic<bool> unready = false;     // KeepReady() has something to do
  std::int64_t loaded = 0;               // the version; of who refreshes
  std::uint64_t used = 0;                // under the search's mutex
  bool full = false;                     // of who refreshes: memory allows no more
};

VectorSearch::VectorSearch(storage::Database& database, embedding::Embedder& embedder,
                           const Clock& clock, MetricsRegistry& metrics, VectorOptions options)
    : database_(database),
      embedder_(embedder),
      clock_(clock),
      options_(options),
      model_(embedder.name()),
      memory_(metrics.GetGauge("baton_vectors_memory_bytes",
                               "Memory that users' vectors take for searching")),
      seconds_(metrics.GetHistogram("baton_vector_search_seconds",
                                    "Time to find chunks by their vectors",
                                    {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2})) {}

VectorSearch::~VectorSearch() = default;

VectorSearch::UserHandle VectorSearch::Acquire(const std::string& user_id) {
  const std::lock_guard lock(mutex_);
  UserHandle& user = users_[user_id];
  if (user == nullptr) {
    user = std::make_shared<UserVectors>(user_id, embedder_.dimensions(), options_.exact);
  }
  user->used = ++searches_;
  return user;
}

void VectorSearch::EvictOthers(const UserHandle& keep) {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [id, user] : users_) bytes += user->set.memory_bytes();
  while (bytes > options_.memory_bytes) {
    auto oldest = users_.end();
    for (auto it = users_.begin(); it != users_.end(); ++it) {
      if (it->second == keep) continue;
      if (oldest == users_.end() || it->second->used < oldest->second->used) oldest = it;
    }
    if (oldest == users_.end()) break;
    bytes -= oldest->second->set.memory_bytes();
    users_.erase(oldest);
  }
  memory_.Set(static_cast<double>(bytes));
}

std::size_t VectorSearch::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [id, user] : users_) bytes += user->set.memory_bytes();
  return bytes;
}

async::Task<Result<std::vector<float>>> VectorSearch::EmbedQuestion(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (clock_.Now() < no_embedding_before_) {
      co_return Fail(Code::kUnavailable, "embedder {} has just failed: it is asked again later",
                     model_);
    }
  }
  std::vector<std::string> texts;
  texts.push_back(std::move(text));
  auto vectors =
      co_await async::WithDeadline(embedding::EmbedTexts(embedder_, std::move(texts)),
                                   Deadline::In(options_.patience), "the question's vector");
  if (vectors) co_return std::move(vectors->front());
  if (vectors.error().code() != Code::kCancelled) {
    const std::lock_guard lock(mutex_);
    no_embedding_before_ = clock_.Now() + kAfterFailure;
  }
  co_return Fail(std::move(vectors).error());
}

// Removes a row that is no vector, and has its document embedded again.
async::Task<Status> VectorSearch::Repair(std::string document_id, std::int64_t position) {
  Log(LogLevel::kWarning, "vector unreadable, made again",
      {{"document", document_id}, {"chunk", position}});
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"UPDATE document_vectors SET model = '', stamp = stamp + 1, claimed_until = 0"
       " WHERE document_id = $1",
       {document_id}});
  batch.push_back({"DELETE FROM chunk_vectors WHERE document_id = $1 AND position = $2",
                   {document_id, position}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kBuffered));
  co_return Status();
}

async::Task<Status> VectorSearch::LoadDocuments(UserVectors& user, const storage::Rows& documents) {
  storage::Statement statement{
      fmt::format("SELECT document_id, position, vector FROM chunk_vectors WHERE user_id = $1"
                  " AND model = $2 AND position >= 0 AND document_id IN ({})"
                  " ORDER BY document_id, position",
                  workspace::internal::Placeholders(3, documents.rows.size())),
      {user.user_id, model_}};
  for (std::size_t row = 0; row < documents.rows.size(); ++row) {
    statement.params.emplace_back(std::string(documents.Text(row, 0)));
  }
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return rows.error();
  std::map<std::string_view, std::vector<internal::ChunkVector>> vectors;
  std::vector<std::size_t> unsound;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    const std::string_view bytes = rows->Text(row, 2);
    if (bytes.empty()) continue;
    internal::ChunkVector chunk{.position = rows->Int(row, 1)};
    if (bytes.size() % sizeof(float) == 0 && DimensionsIn(bytes) == embedder_.dimensions()) {
      chunk.vector = embedding::DecodeVector(bytes);
    }
    if (chunk.vector.empty() || !IsSound(chunk.vector)) {
      unsound.push_back(row);
    } else {
      vectors[rows->Text(row, 0)].push_back(std::move(chunk));
    }
  }
  co_await pool_.Run([&] {
    for (std::size_t row = 0; row < documents.rows.size(); ++row) {
      user.set.Put(std::string(documents.Text(row, 0)), documents.Int(row, 1),
                   vectors[documents.Text(row, 0)]);
    }
    return true;
  });
  for (const std::size_t row : unsound) {
    BATON_CO_TRY(co_await Repair(std::string(rows->Text(row, 0)), rows->Int(row, 1)));
  }
  co_return Status();
}

// The next documents whose vectors have changed; false if there are none.
async::Task<Result<bool>> VectorSearch::LoadPage(UserVectors& user, std::int64_t until) {
  const Result<storage::Rows> documents = co_await database_.Read(
      {fmt::format("SELECT document_id, stamp, version FROM document_vectors WHERE user_id = $1"
                   " AND version > $2 AND model = $3 ORDER BY version LIMIT {}",
                   kDocumentsPerPage),
       {user.user_id, user.loaded, model_}});
  if (!documents) co_return Fail(documents.error());
  const std::size_t count = documents->rows.size();
  if (count == 0) {
    user.loaded = until;
    co_return false;
  }
  if (Status status = co_await LoadDocuments(user, *documents); !status.ok()) {
    co_return Fail(std::move(status));
  }
  user.loaded = documents->Int(count - 1, 2);
  co_return true;
}

// Loads what has changed, up to `most` vectors, and yields whether something is left. Does nothing
// while another call does so.
async::Task<Result<bool>> VectorSearch::Refresh(UserHandle user, std::size_t most) {
  const Result<storage::Rows> version = co_await database_.Read(
      {"SELECT version FROM vector_users WHERE user_id = $1", {user->user_id}});
  if (!version) co_return Fail(version.error());
  const std::int64_t until = version->rows.empty() ? 0 : version->Int(0, 0);
  if (user->refreshing.exchange(true)) co_return false;
  const std::size_t before = user->set.size();
  Result<bool> more = user->loaded < until && !user->full;
  while (more && *more && user->set.size() < before + most) {
    more = co_await LoadPage(*user, until);
    if (user->set.memory_bytes() <= options_.memory_bytes) continue;
    Log(LogLevel::kWarning, "vectors of a user exceed the memory for them, not all are searched",
        {{"vectors", user->set.size()}, {"setting", "search.memory_mb"}});
    user->full = true;
    break;
  }
  const bool left = user->loaded < until && !user->full;
  user->unready = left || user->set.size() > options_.exact;
  user->refreshing = false;
  EvictOthers(user);
  if (!more) co_return Fail(std::move(more).error());
  co_return left;
}

VectorSearch::UserHandle VectorSearch::FindUnready() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, user] : users_) {
    if (user->unready) return user;
  }
  return nullptr;
}

async::Task<bool> VectorSearch::KeepReady() {
  const UserHandle user = FindUnready();
  if (user == nullptr || stopped_) co_return false;
  const Result<bool> left = co_await Refresh(user, kLoadedBySearch);
  if (!left) {
    Log(LogLevel::kWarning, "vectors not loaded", {{"why", left.error().message()}});
    co_return false;
  }
  if (*left) co_return true;
  user->unready = false;
  co_return co_await pool_.Run(
      [this, user] { return user->set.Grow([this] { return stopped_.load(); }); });
}

async::Task<Status> VectorSearch::Load(std::string user_id) {
  const UserHandle user = Acquire(user_id);
  const Result<bool> left = co_await Refresh(user, kEverything);
  if (!left) co_return left.error();
  co_await pool_.Run([this, user] { return user->set.Grow([this] { return stopped_.load(); }); });
  co_return Status();
}

// Those of documents that are what they were when they were embedded.
async::Task<Result<std::vector<VectorMatch>>> VectorSearch::Verified(
    const std::string& user_id, std::vector<VectorMatch> matches, std::vector<std::int64_t> stamps,
    std::size_t limit) {
  if (matches.empty()) co_return matches;
  std::set<std::string_view> ids;
  for (const VectorMatch& match : matches) ids.insert(match.document_id);
  storage::Statement statement{
      fmt::format("SELECT document_id, stamp FROM document_vectors WHERE user_id = $1"
                  " AND model = $2 AND document_id IN ({})",
                  workspace::internal::Placeholders(3, ids.size())),
      {user_id, model_}};
  for (const std::string_view id : ids) statement.params.emplace_back(std::string(id));
  const Result<storage::Rows> rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  std::map<std::string_view, std::int64_t> current;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    current.emplace(rows->Text(row, 0), rows->Int(row, 1));
  }
  std::vector<VectorMatch> verified;
  for (std::size_t i = 0; i < matches.size() && verified.size() < limit; ++i) {
    const auto found = current.find(matches[i].document_id);
    if (found == current.end() || found->second != stamps[i]) continue;
    verified.push_back(std::move(matches[i]));
  }
  co_return verified;
}

async::Task<Result<std::vector<VectorMatch>>> VectorSearch::Find(SearchScope scope,
                                                                 std::string text,
                                                                 std::vector<std::string> excluded,
                                                                 std::size_t limit) {
  const auto began = std::chrono::steady_clock::now();
  Result<std::vector<float>> question = co_await EmbedQuestion(std::move(text));
  if (!question) co_return Fail(std::move(question).error());
  if (question->empty()) co_return std::vector<VectorMatch>();
  const UserHandle user = Acquire(scope.user_id);
  const Result<bool> left = co_await Refresh(user, kLoadedBySearch);
  if (!left) co_return Fail(left.error());
  Result<DocumentIds> only = DocumentIds();
  if (!scope.labels.empty()) only = co_await DocumentsInScope(database_, scope);
  if (!only) co_return Fail(std::move(only).error());
  const DocumentIds leave(excluded.begin(), excluded.end());
  const auto nearest = co_await pool_.Run([&] {
    const std::size_t count =
        std::min(limit + kSpareMatches + user->set.CountOf(excluded), kMostMatches);
    return user->set.Search(*question, count, scope.labels.empty() ? nullptr : &*only);
  });
  std::vector<VectorMatch> matches;
  std::vector<std::int64_t> stamps;
  for (const internal::SetMatch& near : nearest) {
    const double likeness = (near.cosine - options_.unrelated) / (1 - options_.unrelated);
    if (likeness <= 0 || matches.size() == limit + kSpareMatches) break;
    if (leave.contains(near.document_id)) continue;
    matches.push_back({near.document_id, near.position, std::min(likeness, 1.0)});
    stamps.push_back(near.stamp);
  }
  auto verified = co_await Verified(scope.user_id, std::move(matches), std::move(stamps), limit);
  seconds_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  co_return verified;
}

}  // namespace baton::workspace::vectors
