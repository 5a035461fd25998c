// Telling when a folder's files change.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/status.h"

namespace baton::agents {

// Calls `changed` on a thread of its own whenever a file of the folder, or of the one `subfolder`,
// has been written, renamed or removed (inotify). What happens at once may be one call. The
// subfolder may be made, and made anew, at any time.
//
// Lifetime: the destructor waits for a call under way; no call comes after it.
class FolderWatch {
 public:
  // kNotFound for a folder that is not there, kResourceExhausted where the machine's inotify
  // limits are reached.
  static Result<std::unique_ptr<FolderWatch>> Start(const std::filesystem::path& folder,
                                                    std::string_view subfolder,
                                                    std::function<void()> changed);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

 private:
  struct Loop;
  explicit FolderWatch(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace baton::agents
