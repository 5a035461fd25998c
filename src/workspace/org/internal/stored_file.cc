#include "workspace/org/internal/stored_file.h"

#include <utility>

namespace baton::workspace::org::internal {

bool IsPerson(std::string_view user_id) { return !user_id.empty() && user_id != "system"; }

Status CheckPerson(std::string_view user_id) {
  if (IsPerson(user_id)) return {};
  return Fail(Code::kInvalidArgument,
              "user_id '{}' is no person: org files are personal, nothing can be written", user_id);
}

FileCache::FilePtr FileCache::Find(const std::string& file_id, std::int64_t version) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(file_id);
  if (found == by_id_.end() || (*found->second)->version != version) return nullptr;
  files_.splice(files_.begin(), files_, found->second);
  return files_.front();
}

void FileCache::Put(FilePtr file) {
  const std::lock_guard lock(mutex_);
  const auto old = by_id_.find(file->read.id);
  if (old != by_id_.end()) {
    bytes_ -= (*old->second)->read.org.text.size();
    files_.erase(old->second);
    by_id_.erase(old);
  }
  bytes_ += file->read.org.text.size();
  files_.push_front(std::move(file));
  by_id_[files_.front()->read.id] = files_.begin();
  while (bytes_ > kMaxBytes && files_.size() > 1) {
    bytes_ -= files_.back()->read.org.text.size();
    by_id_.erase(files_.back()->read.id);
    files_.pop_back();
  }
}

}  // namespace baton::workspace::org::internal
