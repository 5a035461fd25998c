// An empty database for one test, on either driver.
#pragma once

#include <filesystem>
#include <string>

#include "storage/database.h"
#include "storage/testing/postgres_server.h"

namespace baton::storage::testing {

// The server that the tests of this program share; started by the first who asks. A program
// that cannot start it ends: a test that needs PostgreSQL fails, it does not skip.
PostgresServer& SharedPostgresServer();

// Lifetime: the SQLite file goes with the object, the PostgreSQL schema with the server.
class FreshDatabase {
 public:
  explicit FreshDatabase(Dialect dialect);
  ~FreshDatabase();
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;

  // For OpenDatabase().
  const std::string& address() const { return address_; }

 private:
  std::filesystem::path folder_;  // empty with PostgreSQL
  std::string address_;
};

}  // namespace baton::storage::testing
