#include "agents/internal/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/runtime.h"
#include "async/task_group.h"
#include "base/log.h"

namespace baton::agents {
namespace {

// Editors write a new file and rename it over the old one, or write in place and close.
constexpr std::uint32_t kFileChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr std::uint32_t kFolderChanges = kFileChanges | IN_CREATE | IN_ONLYDIR;

// Whether something is there that was not, or is not any more. Of creations only a folder's: a file
// is still empty then.
bool TellsOfChange(std::string_view events) {
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event event;
    std::memcpy(&event, events.data(), sizeof(event));
    if ((event.mask & IN_CREATE) == 0 || (event.mask & IN_ISDIR) != 0) return true;
    events.remove_prefix(std::min(events.size(), sizeof(event) + event.len));
  }
  return false;
}

Status InotifyFailure(const std::filesystem::path& folder, int error) {
  const bool limit = error == EMFILE || error == ENFILE || error == ENOSPC || error == ENOMEM;
  return {limit ? Code::kResourceExhausted : Code::kNotFound,
          "watch folder '" + folder.string() + "': " + std::generic_category().message(error)};
}

}  // namespace

struct FolderWatch::Loop {
  Loop(int inotify, std::filesystem::path inner, std::function<void()> on_change)
      : subfolder(std::move(inner)),
        changed(std::move(on_change)),
        descriptor(runtime.At(0), inotify),
        group(runtime.At(0)) {}

  async::Task<bool> Begin() {
    group.Spawn(Follow());
    co_return true;
  }

  async::Task<bool> End() {
    group.Cancel(CancelReason::kShutdown);
    co_await group.Join();
    co_return true;
  }

  // Which file it was does not matter: the whole folder is read again.
  async::Task<void> Follow() {
    std::array<char, 4096> events;
    while (!co_await async::IsCancelled()) {
      const auto [error, bytes] = co_await descriptor.async_read_some(
          boost::asio::buffer(events), boost::asio::as_tuple(boost::asio::use_awaitable));
      if (error && !co_await async::IsCancelled()) {
        Log(LogLevel::kError, "folder watch ended", {{"reason", error.message()}});
      }
      if (error) co_return;
      if (!TellsOfChange({events.data(), bytes})) continue;
      WatchSubfolder();  // before it is read: what changes meanwhile is another event
      changed();
    }
  }

  // Watching what is watched already changes nothing; without it there is nothing to watch.
  void WatchSubfolder() {
    const int watch =
        inotify_add_watch(descriptor.native_handle(), subfolder.c_str(), kFileChanges | IN_ONLYDIR);
    if (watch >= 0 || errno == ENOENT || errno == ENOTDIR) return;
    Log(LogLevel::kWarning, "changes in a folder are not seen",
        {{"reason", InotifyFailure(subfolder, errno).message()}});
  }

  const std::filesystem::path subfolder;
  std::function<void()> changed;
  async::Runtime runtime{1};
  boost::asio::posix::stream_descriptor descriptor;  // on the runtime's thread
  async::TaskGroup group;                            // likewise
};

FolderWatch::FolderWatch(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {
  loop_->WatchSubfolder();
  async::BlockOn(loop_->runtime.At(0), loop_->Begin());
}

FolderWatch::~FolderWatch() { async::BlockOn(loop_->runtime.At(0), loop_->End()); }

Result<std::unique_ptr<FolderWatch>> FolderWatch::Start(const std::filesystem::path& folder,
                                                        std::string_view subfolder,
                                                        std::function<void()> changed) {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return Fail(InotifyFailure(folder, errno));
  if (inotify_add_watch(inotify, folder.c_str(), kFolderChanges) < 0) {
    const int error = errno;
    close(inotify);
    return Fail(InotifyFailure(folder, error));
  }
  return std::unique_ptr<FolderWatch>(
      new FolderWatch(std::make_unique<Loop>(inotify, folder / subfolder, std::move(changed))));
}

}  // namespace baton::agents
