// What a store must do, asked in rows.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "async/block_on.h"
#include "base/clock.h"
#include "checkpoint/testing/store_test.h"
#include "graph/checkpoint_store.h"

namespace baton::checkpoint::testing {

// A test that speaks to the store itself, a row at a time.
class StoreConformance : public StoreTest {
 protected:
  Status Put(graph::CheckpointBatch batch) { return async::BlockOn(store_->Put(std::move(batch))); }
  graph::StoredCheckpoint Get(const std::string& thread, const std::string& ns = "",
                              const std::string& id = "") {
    auto stored = async::BlockOn(store_->Get(thread, ns, id));
    EXPECT_TRUE(stored.has_value()) << stored.error().ToString();
    return stored ? *stored : graph::StoredCheckpoint();
  }
  std::vector<graph::StoredCheckpoint> List(const std::string& thread, const std::string& ns = "",
                                            std::int64_t before = 0, std::size_t limit = 100) {
    auto list = async::BlockOn(store_->List(thread, ns, before, limit));
    EXPECT_TRUE(list.has_value()) << list.error().ToString();
    return list ? *list : std::vector<graph::StoredCheckpoint>();
  }
  std::vector<graph::ChannelBlob> Blobs(const std::string& thread, const std::string& ns,
                                        std::vector<graph::BlobRange> ranges) {
    auto blobs = async::BlockOn(store_->ReadBlobs(thread, ns, std::move(ranges)));
    EXPECT_TRUE(blobs.has_value()) << blobs.error().ToString();
    return blobs ? *blobs : std::vector<graph::ChannelBlob>();
  }

  // A batch that continues the thread as it is.
  graph::CheckpointBatch Next(const std::string& thread) {
    const graph::ThreadVersion now = Get(thread).thread;
    return {.thread_id = thread,
            .expected = now,
            .next = {std::max<std::int64_t>(now.token, 1), now.seq + 1}};
  }
  void AddCheckpoint(const std::string& thread, const std::string& id, const std::string& ns = "",
                     std::vector<graph::ChannelBlob> blobs = {}) {
    graph::CheckpointBatch batch = Next(thread);
    graph::CheckpointBatch::Checkpoint checkpoint{.ns = ns};
    checkpoint.row = {
        .seq = batch.next.seq, .id = id, .source = "loop", .created = now_, .body = "{}"};
    for (graph::ChannelBlob& blob : blobs) blob.seq = batch.next.seq;
    checkpoint.blobs = std::move(blobs);
    batch.checkpoints.push_back(std::move(checkpoint));
    ASSERT_TRUE(Put(std::move(batch)).ok());
  }
  void AddWrites(const std::string& thread, const std::string& ns, std::int64_t seq,
                 std::vector<graph::TaskWrite> rows) {
    graph::CheckpointBatch batch = Next(thread);
    batch.writes.push_back({ns, seq, std::move(rows)});
    const Status status = Put(std::move(batch));
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // Every row of the thread but the blobs of channels that are not named, a line each.
  std::string Dump(const std::string& thread,
                   const std::vector<std::string>& channels = {"log", "sum", "v"}) {
    const graph::ThreadVersion version = Get(thread).thread;
    std::string text = fmt::format("{} {}\n", version.token, version.seq);
    auto names = async::BlockOn(store_->ListNamespaces(thread)).value();
    std::sort(names.begin(), names.end());
    std::vector<graph::BlobRange> ranges;
    for (const std::string& channel : channels) ranges.push_back({channel, 0, 1'000'000});
    for (const std::string& ns : names) {
      for (const graph::StoredCheckpoint& listed : List(thread, ns, 0, 1'000'000)) {
        const graph::StoredCheckpoint stored = Get(thread, ns, listed.row.id);
        const graph::CheckpointRow& row = stored.row;
        text += fmt::format("{} {} {} {} {} {} {} {}\n", ns, row.seq, row.id, row.parent_id,
                            row.source, row.step, row.created.time_since_epoch().count(), row.body);
        for (const graph::TaskWrite& write : stored.writes) {
          text += fmt::format("  {} {} {} {}\n", write.task_id, write.index, write.channel,
                              write.value);
        }
      }
      for (const graph::ChannelBlob& blob : Blobs(thread, ns, ranges)) {
        text += fmt::format("  {} {} {} {}\n", blob.channel, blob.seq, blob.base_seq, blob.bytes);
      }
    }
    return text;
  }

  static std::vector<std::string> Ids(const std::vector<graph::StoredCheckpoint>& list) {
    std::vector<std::string> ids;
    ids.reserve(list.size());
    for (const graph::StoredCheckpoint& stored : list) ids.push_back(stored.row.id);
    return ids;
  }
  static std::vector<std::string> Values(const std::vector<graph::TaskWrite>& rows) {
    std::vector<std::string> values;
    values.reserve(rows.size());
    for (const graph::TaskWrite& row : rows) {
      values.push_back(row.task_id + "/" + std::to_string(row.index) + "=" + row.value);
    }
    return values;
  }

  Timestamp now_{std::chrono::microseconds(1'767'225'600'000'000)};  // of what is added next
};

}  // namespace baton::checkpoint::testing
