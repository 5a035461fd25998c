// A store whose process dies.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/checkpoint_store.h"

namespace baton::graph::testing {

// Passes calls on to a store that survives, until the write that it dies at: that one is lost,
// or applied without the caller hearing of it, and everything after it fails.
class MortalStore final : public CheckpointStore {
 public:
  enum class Death { kBeforeWrite, kAfterWrite };

  // `writes`: how many succeed.
  MortalStore(CheckpointStore& survivor, int writes, Death death)
      : survivor_(survivor), writes_left_(writes), death_(death) {}

  async::Task<Result<StoredCheckpoint>> Get(std::string thread_id, std::string ns,
                                            std::string checkpoint_id) override {
    if (dead_) co_return Dead();
    co_return co_await survivor_.Get(std::move(thread_id), std::move(ns), std::move(checkpoint_id));
  }
  async::Task<Result<std::vector<ChannelBlob>>> ReadBlobs(std::string thread_id, std::string ns,
                                                          std::vector<BlobRange> ranges) override {
    if (dead_) co_return Dead();
    co_return co_await survivor_.ReadBlobs(std::move(thread_id), std::move(ns), std::move(ranges));
  }
  async::Task<Result<std::vector<StoredCheckpoint>>> List(std::string thread_id, std::string ns,
                                                          std::int64_t before_seq,
                                                          std::size_t limit) override {
    if (dead_) co_return Dead();
    co_return co_await survivor_.List(std::move(thread_id), std::move(ns), before_seq, limit);
  }
  async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread_id) override {
    if (dead_) co_return Dead();
    co_return co_await survivor_.ListNamespaces(std::move(thread_id));
  }
  async::Task<Status> Put(CheckpointBatch batch) override {
    if (dead_) co_return Dead();
    if (writes_left_-- > 0) co_return co_await survivor_.Put(std::move(batch));
    dead_ = true;
    if (death_ == Death::kAfterWrite) {
      static_cast<void>((co_await survivor_.Put(std::move(batch))).ok());
    }
    co_return Dead();
  }
  async::Task<Status> DeleteThread(std::string) override { co_return Dead(); }

  bool dead() const { return dead_; }

 private:
  static std::unexpected<Status> Dead() { return Fail(Code::kUnavailable, "the store is dead"); }

  CheckpointStore& survivor_;
  int writes_left_;
  const Death death_;
  bool dead_ = false;
};

}  // namespace baton::graph::testing
