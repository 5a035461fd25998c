#include "storage/testing/fresh_database.h"

#include <stdlib.h>

#include <atomic>

#include <fmt/format.h>

#include "base/check.h"

namespace baton::storage::testing {

PostgresServer& SharedPostgresServer() {
  static const std::unique_ptr<PostgresServer> server = [] {
    Result<std::unique_ptr<PostgresServer>> started = PostgresServer::Start();
    BATON_CHECK(started.has_value(), started.error().ToString());
    return std::move(*started);
  }();
  return *server;
}

FreshDatabase::FreshDatabase(Dialect dialect) {
  if (dialect == Dialect::kPostgres) {
    static std::atomic<int> count{0};
    Result<std::string> uri = SharedPostgresServer().CreateSchema(fmt::format("fresh{}", ++count));
    BATON_CHECK(uri.has_value(), uri.error().ToString());
    address_ = std::move(*uri);
    return;
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "baton-sqlite-XXXXXX").string();
  BATON_CHECK(mkdtemp(pattern.data()) != nullptr, pattern);
  folder_ = pattern;
  address_ = fmt::format("sqlite:{}/data/baton.db", pattern);
}

FreshDatabase::~FreshDatabase() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace baton::storage::testing
