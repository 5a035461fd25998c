// Finding the files that an import is to read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace baton::workspace::internal {

// Lists the files under some paths, a step at a time. Files and folders whose name begins with
// '.' are left out, and so are links (a link's target in the same folder is found by itself; one
// outside is not meant; a loop cannot arise). The paths asked for are taken as they are, hidden
// or links. What cannot be listed is remembered with its reason.
//
// Threads: one at a time.
class FolderWalk {
 public:
  struct Unreadable {
    std::string path;
    std::string reason;
  };

  // kNotFound naming the first of `paths` that does not exist, kPermissionDenied if that cannot
  // be seen.
  static Result<FolderWalk> Begin(const std::vector<std::filesystem::path>& paths);

  // Looks at up to `count` further entries. False when nothing is left.
  bool Advance(std::size_t count);

  // Absolute paths, each once, sorted. Valid when Advance() has returned false.
  std::vector<std::filesystem::path> TakeFiles() &&;
  const std::vector<Unreadable>& unreadable() const { return unreadable_; }

 private:
  // A folder's entries are read at once; its subfolders wait here.
  void ReadFolder(const std::filesystem::path& folder);
  void Look(const std::filesystem::directory_entry& entry);

  std::vector<std::filesystem::path> folders_;
  std::vector<std::filesystem::directory_entry> entries_;
  std::set<std::filesystem::path> files_;
  std::vector<Unreadable> unreadable_;
};

}  // namespace baton::workspace::internal
