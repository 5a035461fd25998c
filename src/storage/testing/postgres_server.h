// A PostgreSQL server of one's own, for tests and benchmarks.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::storage::testing {

// Runs PostgreSQL 15 (Debian's package) on loopback, in a new folder under /tmp, flushing like
// a real one. Start one per test program, as starting takes a second or two, and give each test
// a schema of its own.
//
// Lifetime: the destructor stops the server and deletes its folder. The server dies with the
//           thread that started it, so that a killed test leaves none behind.
// Threads:  one.
class PostgresServer {
 public:
  // kFailedPrecondition if the server is not installed. As root the server runs as the user
  // postgres: it refuses to run as root.
  static Result<std::unique_ptr<PostgresServer>> Start();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // The URI of the database "postgres", on which every connection is trusted.
  std::string uri() const;
  int port() const { return port_; }

  // Creates an empty schema and yields a URI whose connections see it alone. The URI ends in
  // server options: append "%20-cNAME%3DVALUE" for more. Far cheaper than a database, for
  // which the server copies some hundred files.
  Result<std::string> CreateSchema(std::string_view name);

  // Ends the server as a crash would: every connection breaks, nothing is written back. What
  // was not flushed to the log is lost.
  void Kill();

  // Starts it again on the same port after Kill(); returns when it has recovered.
  Status Restart();

 private:
  PostgresServer() = default;
  Status InitializeFolder();
  Status Launch();
  Status AwaitReady();

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t pid_ = -1;  // -1 while it does not run
};

}  // namespace baton::storage::testing
