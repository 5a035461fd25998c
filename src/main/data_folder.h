// The folder that holds what a server keeps, owned by one server at a time.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace baton::app {

// Holds the lock DIR/baton.lock (flock, so that the death of the process frees it): whoever has
// it knows that every run left behind by an earlier owner is nobody's.
// Lifetime: the lock lasts as long as the object.
class DataFolder {
 public:
  // Creates the folder. kFailedPrecondition if another server has it.
  static Result<DataFolder> Own(const std::filesystem::path& path);
  ~DataFolder();
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;

 private:
  explicit DataFolder(int lock) : lock_(lock) {}
  int lock_;
};

}  // namespace baton::app
