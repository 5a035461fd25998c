// A disk for SQLite that can fail to flush.
#pragma once

#include <string>

namespace baton::storage::testing {

// The machine's file system, with every flush counted and, on demand, failing. It is one for
// the process, as SQLite's list of file systems is.
//
// Threads: safe.
class FaultyDisk {
 public:
  // The name to open a database with (SqliteOptions::vfs).
  static std::string Register();

  static void FailFlushes(bool fail);
  static int flushes();  // since the start of the process, failed ones included
};

}  // namespace baton::storage::testing
