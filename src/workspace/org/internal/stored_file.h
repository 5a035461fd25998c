// Org files as the store holds them in memory.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "workspace/org/entry.h"
#include "workspace/org/search_index.h"

namespace baton::workspace::org::internal {

// Whether the id is somebody's: nobody's files are shared.
bool IsPerson(std::string_view user_id);
// kInvalidArgument if it is not, for who wants to write.
Status CheckPerson(std::string_view user_id);

// Which version of which file.
struct FileVersion {
  std::string id;
  std::string path;
  std::int64_t version = 0;  // counts changes; 0: not stored yet
};

// One version of a file, read.
// Threads: immutable but for words(), which is safe.
struct StoredFile {
  IndexedFile read;
  std::int64_t version = 0;  // as FileVersion's

  // Made when first asked for, as most files are never searched between two changes.
  const SearchIndex& words() const {
    std::call_once(words_made_, [this] { words_.emplace(read.org); });
    return *words_;
  }

 private:
  mutable std::once_flag words_made_;
  mutable std::optional<SearchIndex> words_;
};

// The files read last, so that a change or a search does not read them again.
// Threads: safe.
class FileCache {
 public:
  using FilePtr = std::shared_ptr<const StoredFile>;

  // Null if this version is not there.
  FilePtr Find(const std::string& file_id, std::int64_t version);
  // Replaces other versions of the file; the files used longest ago go when there are too many.
  void Put(FilePtr file);

 private:
  // Of text; what is made of it takes several times that.
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;

  std::mutex mutex_;
  std::list<FilePtr> files_;  // guarded by mutex_; used last first
  std::map<std::string, std::list<FilePtr>::iterator, std::less<>> by_id_;  // guarded by mutex_
  std::size_t bytes_ = 0;                                                   // guarded by mutex_
};

}  // namespace baton::workspace::org::internal
