// Tests that run against every store.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/metrics.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"

namespace baton::checkpoint::testing {

enum class StoreKind { kMemory, kSqlite, kPostgres };

inline auto AllStores() {
  return ::testing::Values(StoreKind::kMemory, StoreKind::kSqlite, StoreKind::kPostgres);
}

inline std::string StoreName(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param == StoreKind::kMemory   ? "Memory"
         : info.param == StoreKind::kSqlite ? "Sqlite"
                                            : "Postgres";
}

// INSTANTIATE_TEST_SUITE_P(Stores, MyTest, AllStores(), StoreName).
class StoreTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreKind::kMemory) {
      store_ = std::make_unique<MemoryCheckpointStore>();
      return;
    }
    fresh_ = std::make_unique<storage::testing::FreshDatabase>(
        GetParam() == StoreKind::kSqlite ? storage::Dialect::kSqlite : storage::Dialect::kPostgres);
    Reopen();
  }
  void TearDown() override {
    store_.reset();
    database_.reset();
  }

  // As another process sees it. Nothing to do for memory. Connections to PostgreSQL stay: they
  // know nothing, and are slow to make.
  void Reopen() {
    if (GetParam() == StoreKind::kMemory) return;
    store_.reset();
    if (GetParam() == StoreKind::kSqlite) database_.reset();
    if (database_ == nullptr) {
      auto database = storage::OpenDatabase(fresh_->address(), metrics_);
      ASSERT_TRUE(database.has_value()) << database.error().ToString();
      database_ = std::move(*database);
    }
    auto store = async::BlockOn(SqlCheckpointStore::Open(*database_));
    ASSERT_TRUE(store.has_value()) << store.error().ToString();
    store_ = std::move(*store);
  }

  MetricsRegistry metrics_;
  std::unique_ptr<storage::testing::FreshDatabase> fresh_;
  std::unique_ptr<storage::Database> database_;  // null for memory
  std::unique_ptr<graph::CheckpointStore> store_;
};

}  // namespace baton::checkpoint::testing
