// Chunks that are like a question, found by vectors.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/blocking_pool.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "embedding/embedder.h"
#include "storage/database.h"
#include "workspace/text_index.h"

namespace baton::workspace::vectors {

struct VectorOptions {
  std::size_t memory_bytes = std::size_t{512} << 20U;  // of all users' vectors together
  // Up to so many vectors of a user are compared one by one; above, by a graph.
  std::size_t exact = 4000;
  // Two texts with a smaller cosine have nothing to do with each other, as the model sees it.
  double unrelated = 0.25;
  // 0 to 1: how much a likeness counts beside words that were found.
  double trust = 0.5;
  // How long a question waits for its vector; then only words count.
  std::chrono::milliseconds patience = std::chrono::seconds(2);
};

// For embedding::HashingEmbedder, which knows words and no meaning: it decides only what words
// leave open. docs/search.md says what was measured.
inline VectorOptions HashingOptions() { return {.unrelated = 0.3, .trust = 0.3}; }

struct VectorMatch {
  std::string document_id;
  std::int64_t position = 0;
  double likeness = 0;  // 0: unrelated; 1: the same
};

// Each user's vectors are loaded from the database when the user first searches, kept in memory
// apart from all others', and brought up to date by every search: what any process has embedded
// is found by the next. A search loads some thousand vectors at most; those of more chunks are
// loaded, and their graph is made, by KeepReady(). The vectors of whoever has searched least
// recently go first when memory is short; of a user whose own are too many, only some are kept.
//
// Lifetime: database, embedder and clock outlive it; the tables of documents exist.
// Threads:  safe; calls resume on the caller's executor.
class VectorSearch {
 public:
  VectorSearch(storage::Database& database, embedding::Embedder& embedder, const Clock& clock,
               MetricsRegistry& metrics, VectorOptions options);
  ~VectorSearch();
  VectorSearch(const VectorSearch&) = delete;
  VectorSearch& operator=(const VectorSearch&) = delete;

  const VectorOptions& options() const { return options_; }

  // The scope's chunks most like `text`, best first, at most `limit`, none of `excluded`
  // documents and none whose text has changed since it was embedded. None if the text says
  // nothing. An embedder that fails is not asked again for some seconds: kUnavailable until then.
  async::Task<Result<std::vector<VectorMatch>>> Find(SearchScope scope, std::string text,
                                                     std::vector<std::string> excluded,
                                                     std::size_t limit);

  // Loads what searches have left and makes the graphs they would profit from, for one user.
  // False if there was nothing to do. One call at a time.
  async::Task<bool> KeepReady();
  // Ends a KeepReady() that is under way, and makes further ones do nothing. From any thread.
  void StopKeepingReady() { stopped_ = true; }

  // All of a user's vectors, with their graph. For benchmarks and tests.
  async::Task<Status> Load(std::string user_id);

  std::size_t memory_bytes() const;

 private:
  struct UserVectors;
  using UserHandle = std::shared_ptr<UserVectors>;

  UserHandle Acquire(const std::string& user_id);
  void EvictOthers(const UserHandle& keep);
  UserHandle FindUnready() const;
  async::Task<Result<std::vector<float>>> EmbedQuestion(std::string text);
  async::Task<Result<bool>> Refresh(UserHandle user, std::size_t most);
  async::Task<Result<bool>> LoadPage(UserVectors& user, std::int64_t until);
  async::Task<Status> LoadDocuments(UserVectors& user, const storage::Rows& documents);
  async::Task<Status> Repair(std::string document_id, std::int64_t position);
  async::Task<Result<std::vector<VectorMatch>>> Verified(const std::string& user_id,
                                                         std::vector<VectorMatch> matches,
                                                         std::vector<std::int64_t> stamps,
                                                         std::size_t limit);

  storage::Database& database_;
  embedding::Embedder& embedder_;
  const Clock& clock_;
  const VectorOptions options_;
  const std::string model_;
  Gauge& memory_;
  Histogram& seconds_;
  async::BlockingPool pool_{"vectors", 2};

  std::atomic<bool> stopped_ = false;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, UserHandle> users_;
  std::uint64_t searches_ = 0;
  Timestamp no_embedding_before_{};
};

}  // namespace baton::workspace::vectors
