#include "graph/checkpoint_store.h"

namespace baton::graph {

async::Task<Result<StoredCheckpoint>> NullCheckpointStore::Get(std::string, std::string,
                                                               std::string) {
  co_return StoredCheckpoint();
}

async::Task<Result<std::vector<ChannelBlob>>> NullCheckpointStore::ReadBlobs(
    std::string, std::string, std::vector<BlobRange>) {
  co_return std::vector<ChannelBlob>();
}

async::Task<Result<std::vector<StoredCheckpoint>>> NullCheckpointStore::List(std::string,
                                                                             std::string,
                                                                             std::int64_t,
                                                                             std::size_t) {
  co_return std::vector<StoredCheckpoint>();
}

async::Task<Result<std::vector<std::string>>> NullCheckpointStore::ListNamespaces(std::string) {
  co_return std::vector<std::string>();
}

async::Task<Status> NullCheckpointStore::Put(CheckpointBatch) { co_return Status(); }

async::Task<Status> NullCheckpointStore::DeleteThread(std::string) { co_return Status(); }

}  // namespace baton::graph
