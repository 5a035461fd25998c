// A checkpoint store that is another one, for tests that change one thing about it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/checkpoint_store.h"

namespace baton::graph::testing {

// Lifetime: `inner` outlives it.
class ForwardingStore : public CheckpointStore {
 public:
  explicit ForwardingStore(CheckpointStore& inner) : inner_(inner) {}

  async::Task<Result<StoredCheckpoint>> Get(std::string thread_id, std::string ns,
                                            std::string checkpoint_id) override {
    co_return co_await inner_.Get(std::move(thread_id), std::move(ns), std::move(checkpoint_id));
  }
  async::Task<Result<std::vector<ChannelBlob>>> ReadBlobs(std::string thread_id, std::string ns,
                                                          std::vector<BlobRange> ranges) override {
    co_return co_await inner_.ReadBlobs(std::move(thread_id), std::move(ns), std::move(ranges));
  }
  async::Task<Result<std::vector<StoredCheckpoint>>> List(std::string thread_id, std::string ns,
                                                          std::int64_t before_seq,
                                                          std::size_t limit) override {
    co_return co_await inner_.List(std::move(thread_id), std::move(ns), before_seq, limit);
  }
  async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread_id) override {
    co_return co_await inner_.ListNamespaces(std::move(thread_id));
  }
  async::Task<Status> Put(CheckpointBatch batch) override {
    co_return co_await inner_.Put(std::move(batch));
  }
  async::Task<Status> DeleteThread(std::string thread_id) override {
    co_return co_await inner_.DeleteThread(std::move(thread_id));
  }

 private:
  CheckpointStore& inner_;
};

}  // namespace baton::graph::testing
