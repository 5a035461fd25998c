// The changes of OrgStore: locate, edit, save; and again if somebody else was quicker.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "workspace/org/internal/stored_file.h"
#include "workspace/org/org_store.h"

namespace baton::workspace::org {

using internal::StoredFile;

namespace {

// Another change may come between our look and our write; we then look again. More often than
// this it is not chance.
constexpr int kEditAttempts = 5;

bool LostTheRace(const Status& status) {
  return status.code() == Code::kAborted || status.code() == Code::kAlreadyExists;
}

// Ok if what was not saved is to be tried again; else what the caller is told.
Status MayTryAgain(const Status& not_saved, int attempt, std::string_view path) {
  if (!LostTheRace(not_saved)) return not_saved;
  if (attempt < kEditAttempts) return {};
  return Fail(Code::kAborted, "{} is being changed by others: try again", path);
}

Status CheckVersion(const Entry& entry, const EntryRef& wanted) {
  if (wanted.version.empty() || wanted.version == entry.version) return {};
  return Fail(Code::kAborted, "entry '{}' has changed since it was read: read it again", entry.id);
}

Result<Item> DescribeAt(const StoredFile& file, std::uint32_t at) {
  const Entry* entry = file.read.AtLine(file.read.org.LineAt(at));
  if (entry == nullptr) {
    return Fail(Code::kInternal, "{}: the changed entry was not found again", file.read.path);
  }
  return DescribeEntry(file.read, *entry);
}

}  // namespace

async::Task<Result<OrgStore::Located>> OrgStore::Locate(const std::string& user_id,
                                                        EntryRef entry) {
  BATON_CO_TRY(internal::CheckPerson(user_id));
  if (!entry.id.empty()) {
    Result<Located> located = co_await LocateById(user_id, entry.id);
    if (located) BATON_CO_TRY(CheckVersion(*located->entry, entry));
    co_return located;
  }
  if (entry.line < 0) {
    co_return Fail(Code::kInvalidArgument, "which entry? Neither an item id nor a line is given");
  }
  Result<FilePtr> inbox = co_await LoadInbox(user_id);
  if (!inbox) co_return Fail(std::move(inbox).error());
  const StoredFile& file = **inbox;
  const Entry* found = file.read.AtLine(static_cast<std::size_t>(entry.line));
  if (found == nullptr) {
    co_return Fail(Code::kFailedPrecondition,
                   "line {} of {} begins no item: the inbox may have changed, list it again",
                   entry.line, file.read.path);
  }
  BATON_CO_TRY(CheckVersion(*found, entry));
  co_return Located{*std::move(inbox), found};
}

async::Task<Result<OrgStore::Located>> OrgStore::LocateById(const std::string& user_id,
                                                            const std::string& id) {
  std::vector<FilePtr> files;
  if (const std::size_t mark = id.find('~'); mark != std::string::npos) {
    Result<FilePtr> file = co_await LoadById(user_id, id.substr(0, mark));
    if (!file && file.error().code() != Code::kNotFound) co_return Fail(std::move(file).error());
    if (file) files.push_back(*std::move(file));
  }
  // An :ID: property may stand in any file, and may look like anything.
  if (files.empty()) {
    Result<std::vector<FilePtr>> all = co_await LoadAll(user_id);
    if (!all) co_return Fail(std::move(all).error());
    files = *std::move(all);
  }
  for (FilePtr& file : files) {
    const Entry* entry = file->read.Find(id);
    if (entry == nullptr) continue;
    if (const std::size_t count = file->read.by_id.count(id); count > 1) {
      co_return Fail(Code::kFailedPrecondition,
                     "{} entries of {} have the id '{}': give them different ones", count,
                     file->read.path, id);
    }
    co_return Located{std::move(file), entry};
  }
  co_return Fail(Code::kNotFound, "entry '{}': no such entry", id);
}

async::Task<Result<OrgStore::Located>> OrgStore::LocateTarget(const std::string& user_id,
                                                              RefileTarget target) {
  if (!target.entry_id.empty()) co_return co_await LocateById(user_id, target.entry_id);
  Result<FilePtr> file = co_await LoadByPath(user_id, target.path);
  if (!file) co_return Fail(std::move(file).error());
  co_return Located{*std::move(file), nullptr};
}

// All or none. kAborted or kAlreadyExists if one of them is no longer what it was.
async::Task<Result<std::vector<OrgStore::FilePtr>>> OrgStore::Save(const std::string& user_id,
                                                                   std::vector<NewText> files) {
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<storage::Statement> batch;
  std::vector<FilePtr> saved;
  for (NewText& each : files) {
    const StoredFile& old = *each.file;
    if (old.version == 0) {
      batch.push_back(
          {"INSERT INTO org_files (id, user_id, path, content, version, imported_hash, created_at,"
           " updated_at) VALUES ($1, $2, $3, $4, 1, '', $5, $5)",
           {old.read.id, user_id, old.read.path, each.text, now}});
    } else {
      batch.push_back(
          {"UPDATE org_files SET content = $4, version = version + 1, updated_at = $5"
           " WHERE id = $1 AND user_id = $2 AND version = $3",
           {old.read.id, user_id, old.version, each.text, now},
           1});
    }
    Result<FilePtr> read =
        co_await ReadInPool({old.read.id, old.read.path, old.version + 1}, std::move(each.text));
    if (!read) co_return Fail(std::move(read).error());
    saved.push_back(*std::move(read));
  }
  const StoredFile& first = *files.front().file;
  if (first.version == 0) {  // a new file that is not the archive is the inbox
    batch.push_back(
        {"INSERT INTO org_inboxes (user_id, file_id) VALUES ($1, $2)", {user_id, first.read.id}});
  }
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  for (const FilePtr& file : saved) cache_->Put(file);
  co_return saved;
}

// Writers of one person wait for each other here: a race is one with another process.
async::Task<Result<Item>> OrgStore::EditEntry(std::string user_id, EntryRef entry, EntryEdit edit) {
  const auto held = co_await writing_.Lock(user_id);
  for (int attempt = 1;; ++attempt) {
    const Result<Located> located = co_await Locate(user_id, entry);
    if (!located) co_return Fail(located.error());
    const StoredFile& file = *located->file;
    Result<Edited> edited =
        co_await reading_.Run([&] { return edit(file.read.org, *located->entry); });
    if (!edited) co_return Fail(std::move(edited).error());
    const std::uint32_t at = edited->at;
    if (edited->text == file.read.org.text) co_return DescribeAt(file, at);
    std::vector<NewText> changed;
    changed.push_back({located->file, std::move(edited->text)});
    const Result<std::vector<FilePtr>> saved = co_await Save(user_id, std::move(changed));
    if (saved) co_return DescribeAt(*saved->front(), at);
    BATON_CO_TRY(MayTryAgain(saved.error(), attempt, file.read.path));
    // The line may be another entry's by now; what was meant is this one, as it was.
    if (entry.id.empty()) entry = {.id = located->entry->id, .version = located->entry->version};
  }
}

async::Task<Result<Item>> OrgStore::EditInbox(std::string user_id, FileEdit edit) {
  BATON_CO_TRY(internal::CheckPerson(user_id));
  const auto held = co_await writing_.Lock(user_id);
  for (int attempt = 1;; ++attempt) {
    const Result<FilePtr> inbox = co_await LoadInbox(user_id);
    if (!inbox) co_return Fail(inbox.error());
    Result<Edited> edited = co_await reading_.Run([&] { return edit((*inbox)->read.org); });
    if (!edited) co_return Fail(std::move(edited).error());
    const std::uint32_t at = edited->at;
    std::vector<NewText> changed;
    changed.push_back({*inbox, std::move(edited->text)});
    const Result<std::vector<FilePtr>> saved = co_await Save(user_id, std::move(changed));
    if (saved) {
      const StoredFile& file = *saved->front();
      const Entry* entry = file.read.AtLine(file.read.org.LineAt(at));
      co_return entry == nullptr ? Item() : DescribeEntry(file.read, *entry);
    }
    BATON_CO_TRY(MayTryAgain(saved.error(), attempt, (*inbox)->read.path));
  }
}

async::Task<Result<Item>> OrgStore::Add(std::string user_id, NewEntry entry) {
  const std::string id = ids_.New("org");
  const FileEdit edit = [&entry, id, now = Now()](const OrgFile& file) {
    return AddEntry(file, entry, id, now);
  };
  co_return co_await EditInbox(std::move(user_id), edit);
}

async::Task<Status> OrgStore::Append(std::string user_id, std::string text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    co_return Fail(Code::kInvalidArgument, "the text is empty");
  }
  const FileEdit edit = [&text](const OrgFile& file) -> Result<Edited> {
    return AppendText(file, text);
  };
  const Result<Item> appended = co_await EditInbox(std::move(user_id), edit);
  co_return appended ? Status() : appended.error();
}

async::Task<Result<Item>> OrgStore::Toggle(std::string user_id, EntryRef entry) {
  const EntryEdit edit = [now = Now()](const OrgFile& file, const Entry& each) {
    return ToggleEntry(file, each, now);
  };
  co_return co_await EditEntry(std::move(user_id), std::move(entry), edit);
}

async::Task<Result<Item>> OrgStore::SetTitle(std::string user_id, EntryRef entry,
                                             std::string title) {
  const EntryEdit edit = [&title](const OrgFile& file, const Entry& each) {
    return SetEntryTitle(file, each, title);
  };
  co_return co_await EditEntry(std::move(user_id), std::move(entry), edit);
}

async::Task<Result<Item>> OrgStore::Schedule(std::string user_id, EntryRef entry, Stamp stamp) {
  const EntryEdit edit = [stamp](const OrgFile& file, const Entry& each) -> Result<Edited> {
    return ScheduleEntry(file, each, stamp);
  };
  co_return co_await EditEntry(std::move(user_id), std::move(entry), edit);
}

async::Task<Result<Item>> OrgStore::AddTags(std::string user_id, EntryRef entry,
                                            std::vector<std::string> tags) {
  const EntryEdit edit = [&tags](const OrgFile& file, const Entry& each) {
    return TagEntry(file, each, tags);
  };
  co_return co_await EditEntry(std::move(user_id), std::move(entry), edit);
}

async::Task<Result<Item>> OrgStore::Refile(std::string user_id, EntryRef entry,
                                           RefileTarget target) {
  const auto held = co_await writing_.Lock(user_id);
  for (int attempt = 1;; ++attempt) {
    const Result<Located> from = co_await Locate(user_id, entry);
    if (!from) co_return Fail(from.error());
    Result<Located> to = co_await LocateTarget(user_id, target);
    if (!to) co_return Fail(std::move(to).error());
    const bool same = to->file->read.id == from->file->read.id;
    if (same) {  // of one version, then
      if (to->entry != nullptr) to->entry = from->file->read.Find(to->entry->id);
      to->file = from->file;
    }
    Result<Refiled> refiled = co_await reading_.Run([&] {
      return RefileEntry(from->file->read.org, *from->entry, to->file->read.org, to->entry);
    });
    if (!refiled) co_return Fail(std::move(refiled).error());
    std::vector<NewText> changed;
    changed.push_back({to->file, std::move(refiled->target)});
    if (!same) changed.push_back({from->file, std::move(refiled->source)});
    const Result<std::vector<FilePtr>> saved = co_await Save(user_id, std::move(changed));
    if (saved) co_return DescribeAt(*saved->front(), refiled->at);
    BATON_CO_TRY(MayTryAgain(saved.error(), attempt, from->file->read.path));
    if (entry.id.empty()) entry = {.id = from->entry->id, .version = from->entry->version};
  }
}

// The `number`th archive of a file, from 1; an empty one if it is not there yet.
async::Task<Result<OrgStore::FilePtr>> OrgStore::LoadArchive(const std::string& user_id,
                                                             const std::string& path, int number) {
  const std::string suffix = number == 1 ? "" : fmt::format("_{}", number);
  const std::string archive_path = fmt::format("{}_archive{}", path, suffix);
  Result<FilePtr> archive = co_await LoadByPath(user_id, archive_path);
  if (archive || archive.error().code() != Code::kNotFound) co_return archive;
  co_return co_await ReadInPool({ids_.New("org"), archive_path}, "");
}

async::Task<Result<int>> OrgStore::ArchiveDone(std::string user_id) {
  BATON_CO_TRY(internal::CheckPerson(user_id));
  const auto held = co_await writing_.Lock(user_id);
  for (int attempt = 1;; ++attempt) {
    const Result<FilePtr> inbox = co_await LoadInbox(user_id);
    if (!inbox) co_return Fail(inbox.error());
    const std::string path = (*inbox)->read.path;
    Archived archived;
    Result<FilePtr> archive = co_await LoadArchive(user_id, path, 1);
    for (int next = 2; archive; ++next) {
      archived = co_await reading_.Run([&, now = Now()] {
        return org::ArchiveDone((*inbox)->read.org, path, (*archive)->read.org, now);
      });
      const bool full = archived.archive.size() > kMaxOrgFileBytes && (*archive)->version > 0;
      if (!full) break;
      archive = co_await LoadArchive(user_id, path, next);
    }
    if (!archive) co_return Fail(std::move(archive).error());
    if (archived.count == 0) co_return 0;
    std::vector<NewText> changed;
    changed.push_back({*inbox, std::move(archived.inbox)});
    changed.push_back({*archive, std::move(archived.archive)});
    const auto saved = co_await Save(user_id, std::move(changed));
    if (saved) co_return archived.count;
    BATON_CO_TRY(MayTryAgain(saved.error(), attempt, path));
  }
}

}  // namespace baton::workspace::org
