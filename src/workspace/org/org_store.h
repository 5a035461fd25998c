// The org files of every user.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/blocking_pool.h"
#include "async/keyed_lock.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/org/agenda.h"
#include "workspace/org/edit.h"
#include "workspace/org/search_index.h"

namespace baton::workspace::org {

namespace internal {
class FileCache;
struct FileVersion;
struct StoredFile;
}  // namespace internal

// Which entry is meant: `id`, wherever it is, or else the one that begins on `line` of the inbox.
struct EntryRef {
  std::string id;
  int line = -1;
  // As the caller read it. An entry that has changed since is not edited (kAborted). Empty: the
  // caller takes what is there.
  std::string version;
};

struct Inbox {
  std::string path;
  std::vector<Item> items;  // in the order of the file
};

struct OrgHit {
  Item item;               // of the text before the first heading: path, file_id and content only
  std::uint32_t line = 0;  // of the first word found, from 0
  std::string snippet;
  double score = 0;
};

struct OrgFileCard {
  std::string id;
  std::string path;
};

enum class ImportOutcome { kAdded, kUpdated, kUnchanged };

// Where a heading moves to: below an entry, or to the top level of a file.
struct RefileTarget {
  std::string entry_id;
  std::string path;  // of a file that is there; for an empty entry_id
};

// Every method acts for one user; files and entries of another do not exist for it. Org files
// are personal: an empty user id, and "system", read nothing and may not change anything
// (kInvalidArgument). A change is one transaction, on disk when the method returns; of two that
// meet, the second is made to what the first has left, or refused if that is not what it was
// meant for.
//
// Lifetime: database, clock and ids outlive it.
// Threads:  safe; calls resume on the caller's executor. Files are read on a thread of its own.
// Errors:   kNotFound names the entry or file; kAborted: what was read has changed since.
class OrgStore {
 public:
  // Creates or migrates the tables. `zone`: where "today" and "now" are, for all users.
  static async::Task<Result<std::unique_ptr<OrgStore>>> Open(storage::Database& database,
                                                             const Clock& clock, IdGenerator& ids,
                                                             TimeZone zone);
  ~OrgStore();

  // Takes in a file as it is on disk; known by `path`. Changed on both sides since the last
  // import, it is left alone (kFailedPrecondition). A user's first "inbox.org" is their inbox
  // from then on.
  async::Task<Result<ImportOutcome>> Import(std::string user_id, std::string path,
                                            std::string bytes);
  async::Task<Result<std::vector<OrgFileCard>>> Files(std::string user_id);
  async::Task<Result<std::string>> GetText(std::string user_id, std::string file_id);

  // Best first; those with all the words of the query before those with some.
  async::Task<Result<std::vector<OrgHit>>> Search(std::string user_id, OrgQuery query);
  // kInvalidArgument for more than kMaxAgendaDays.
  async::Task<Result<std::vector<AgendaEntry>>> Agenda(std::string user_id, Day first, Day last);
  async::Task<Result<Inbox>> ListInbox(std::string user_id);

  // Changes; edit.h says what each does. They yield the entry as it is then.
  async::Task<Result<Item>> Add(std::string user_id, NewEntry entry);
  async::Task<Status> Append(std::string user_id, std::string text);
  async::Task<Result<Item>> Toggle(std::string user_id, EntryRef entry);
  async::Task<Result<Item>> SetTitle(std::string user_id, EntryRef entry, std::string title);
  async::Task<Result<Item>> Schedule(std::string user_id, EntryRef entry, Stamp stamp);
  async::Task<Result<Item>> AddTags(std::string user_id, EntryRef entry,
                                    std::vector<std::string> tags);
  async::Task<Result<Item>> Refile(std::string user_id, EntryRef entry, RefileTarget target);
  // From the inbox to the file beside it with "_archive" appended to its name; where that is full
  // (kMaxOrgFileBytes), with "_archive_2", and so on. How many.
  async::Task<Result<int>> ArchiveDone(std::string user_id);

  // Now, where the store is.
  LocalMinute Now() const { return zone_.At(clock_.Now()); }

 private:
  using FilePtr = std::shared_ptr<const internal::StoredFile>;
  using EntryEdit = std::function<Result<Edited>(const OrgFile&, const Entry&)>;
  using FileEdit = std::function<Result<Edited>(const OrgFile&)>;
  struct Located {
    FilePtr file;
    const Entry* entry = nullptr;  // of `file`
  };
  struct NewText {
    FilePtr file;
    std::string text;
  };

  OrgStore(storage::Database& database, const Clock& clock, IdGenerator& ids, TimeZone zone);

  async::Task<Result<FilePtr>> Load(const storage::Rows& rows, std::size_t row);
  async::Task<Result<std::vector<FilePtr>>> LoadAll(const std::string& user_id);
  async::Task<Result<FilePtr>> LoadById(const std::string& user_id, const std::string& file_id);
  async::Task<Result<FilePtr>> LoadByPath(const std::string& user_id, const std::string& path);
  async::Task<Result<FilePtr>> LoadInbox(const std::string& user_id);
  async::Task<Result<FilePtr>> LoadArchive(const std::string& user_id, const std::string& path,
                                           int number);
  async::Task<Result<FilePtr>> ReadInPool(internal::FileVersion file, std::string text);
  async::Task<Result<Located>> Locate(const std::string& user_id, EntryRef entry);
  async::Task<Result<Located>> LocateById(const std::string& user_id, const std::string& id);
  async::Task<Result<Located>> LocateTarget(const std::string& user_id, RefileTarget target);
  async::Task<Result<Item>> EditEntry(std::string user_id, EntryRef entry, EntryEdit edit);
  async::Task<Result<Item>> EditInbox(std::string user_id, FileEdit edit);
  async::Task<Result<std::vector<FilePtr>>> Save(const std::string& user_id,
                                                 std::vector<NewText> files);

  storage::Database& database_;
  const Clock& clock_;
  IdGenerator& ids_;
  const TimeZone zone_;
  async::KeyedLock writing_;  // by person, over reading and writing
  async::BlockingPool reading_;
  std::unique_ptr<internal::FileCache> cache_;
};

inline constexpr int kMaxAgendaDays = 400;

}  // namespace baton::workspace::org
