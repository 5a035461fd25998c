#include "workspace/internal/folder_walk.h"

#include <system_error>
#include <utility>

#include "base/utf8.h"

namespace baton::workspace::internal {

namespace {

// "docs/../notes/" as "/home/ann/notes".
std::filesystem::path AbsolutePath(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  return absolute;
}

}  // namespace

Result<FolderWalk> FolderWalk::Begin(const std::vector<std::filesystem::path>& paths) {
  FolderWalk walk;
  for (const std::filesystem::path& path : paths) {
    std::error_code error;
    const std::filesystem::path absolute = AbsolutePath(path);
    const std::filesystem::file_status status = std::filesystem::status(absolute, error);
    if (status.type() == std::filesystem::file_type::not_found) {
      return Fail(Code::kNotFound, "'{}': no such file or folder",
                  ReplaceInvalidUtf8(path.string()));
    }
    if (error) {
      return Fail(Code::kPermissionDenied, "'{}': {}", ReplaceInvalidUtf8(path.string()),
                  error.message());
    }
    if (std::filesystem::is_directory(status)) {
      walk.folders_.push_back(absolute);
    } else {
      walk.files_.insert(absolute);
    }
  }
  return walk;
}

bool FolderWalk::Advance(std::size_t count) {
  for (; count > 0; --count) {
    if (!entries_.empty()) {
      const std::filesystem::directory_entry entry = std::move(entries_.back());
      entries_.pop_back();
      Look(entry);
    } else if (!folders_.empty()) {
      const std::filesystem::path folder = std::move(folders_.back());
      folders_.pop_back();
      ReadFolder(folder);
    } else {
      return false;
    }
  }
  return true;
}

void FolderWalk::ReadFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    entries_.push_back(*entry);
    entry.increment(error);
  }
  if (error) unreadable_.push_back({ReplaceInvalidUtf8(folder.string()), error.message()});
}

void FolderWalk::Look(const std::filesystem::directory_entry& entry) {
  if (entry.path().filename().native().starts_with('.')) return;
  std::error_code error;
  const std::filesystem::file_status status = entry.symlink_status(error);
  if (error) {
    unreadable_.push_back({ReplaceInvalidUtf8(entry.path().string()), error.message()});
  } else if (std::filesystem::is_directory(status)) {
    folders_.push_back(entry.path());
  } else if (std::filesystem::is_regular_file(status)) {
    files_.insert(entry.path());
  }
}

std::vector<std::filesystem::path> FolderWalk::TakeFiles() && {
  std::vector<std::filesystem::path> files(files_.begin(), files_.end());
  files_.clear();
  return files;
}

}  // namespace baton::workspace::internal
