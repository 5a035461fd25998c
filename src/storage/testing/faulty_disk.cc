#include "storage/testing/faulty_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <map>
#include <mutex>

namespace baton::storage::testing {
namespace {

constexpr const char* kFaultyVfs = "baton-faulty";

std::atomic<bool> fail_flushes{false};
std::atomic<int> flush_count{0};

// The methods of one kind of file, with our flush in its place. SQLite has one kind for the
// database, which it locks, and one for the log.
struct FaultyMethods {
  sqlite3_io_methods faulty;  // first: a file points to it, and so to this
  const sqlite3_io_methods* real;
};

int FaultySync(sqlite3_file* file, int flags) {
  ++flush_count;
  const auto* methods = reinterpret_cast<const FaultyMethods*>(file->pMethods);
  return fail_flushes ? SQLITE_IOERR_FSYNC : methods->real->xSync(file, flags);
}

const sqlite3_io_methods* FaultyMethodsFor(const sqlite3_io_methods* real) {
  static std::mutex mutex;
  static std::map<const sqlite3_io_methods*, FaultyMethods> kinds;  // guarded by mutex
  const std::lock_guard lock(mutex);
  FaultyMethods& methods = kinds[real];
  if (methods.real == nullptr) {
    methods = {.faulty = *real, .real = real};
    methods.faulty.xSync = FaultySync;
  }
  return &methods.faulty;
}

int FaultyOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* real = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = real->xOpen(real, name, file, flags, out_flags);
  if (code == SQLITE_OK) file->pMethods = FaultyMethodsFor(file->pMethods);
  return code;
}

}  // namespace

std::string FaultyDisk::Register() {
  static sqlite3_vfs faulty = *sqlite3_vfs_find(nullptr);
  faulty.zName = kFaultyVfs;
  faulty.pAppData = sqlite3_vfs_find(nullptr);
  faulty.xOpen = FaultyOpen;
  sqlite3_vfs_register(&faulty, /*makeDflt=*/0);
  return kFaultyVfs;
}

void FaultyDisk::FailFlushes(bool fail) { fail_flushes = fail; }
int FaultyDisk::flushes() { return flush_count; }

}  // namespace baton::storage::testing
