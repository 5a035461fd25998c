#include "workspace/org/org_store.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "workspace/internal/words.h"
#include "workspace/org/internal/org_tables.h"
#include "workspace/org/internal/stored_file.h"

namespace baton::workspace::org {

using internal::StoredFile;

namespace {

constexpr std::string_view kInboxName = "inbox.org";
constexpr std::string_view kFileColumns = "f.id, f.path, f.version, f.content";
// More than anyone keeps; every search looks through all of them.
constexpr std::int64_t kMaxFiles = 1000;
constexpr std::size_t kMaxOrgPathBytes = 2000;  // PostgreSQL indexes no value above 2.7 KB

std::string HashBytes(std::string_view bytes) { return fmt::format("{:016x}", Fnv1a(bytes)); }

bool IsInboxName(std::string_view path) { return path.substr(path.rfind('/') + 1) == kInboxName; }

Status CheckImport(std::string_view path, std::int64_t files) {
  if (path.empty() || path.size() > kMaxOrgPathBytes) {
    return Fail(Code::kInvalidArgument, "org file: the path has {} bytes, 1 to {} are possible",
                path.size(), kMaxOrgPathBytes);
  }
  if (files >= kMaxFiles) {
    return Fail(Code::kResourceExhausted, "org file '{}': there are {} already, the limit", path,
                files);
  }
  return {};
}

// `known`: id, version, imported hash and content of the file, if it is there.
Status CheckUnedited(const storage::Rows& known, std::string_view path, std::string_view bytes) {
  if (known.rows.empty() || bytes == known.Text(0, 3)) return {};
  if (HashBytes(known.Text(0, 3)) == known.Text(0, 2)) return {};
  return Fail(
      Code::kFailedPrecondition,
      "org file '{}': changed both here and on disk since it was imported; it is left as it "
      "is here",
      path);
}

std::vector<storage::Statement> BuildInsert(const std::string& user_id, const std::string& id,
                                            const std::string& path, std::string bytes,
                                            const std::string& now) {
  std::vector<storage::Statement> batch;
  const std::string hash = HashBytes(bytes);
  batch.push_back(
      {"INSERT INTO org_files (id, user_id, path, content, version, imported_hash, created_at,"
       " updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $6)",
       {id, user_id, path, std::move(bytes), hash, now}});
  if (IsInboxName(path)) {
    batch.push_back(
        {"INSERT INTO org_inboxes (user_id, file_id) VALUES ($1, $2)"
         " ON CONFLICT (user_id) DO NOTHING",
         {user_id, id}});
  }
  return batch;
}

std::vector<storage::Statement> BuildReplace(const std::string& user_id, const storage::Rows& known,
                                             std::string bytes, const std::string& now) {
  std::vector<storage::Statement> batch;
  const std::string hash = HashBytes(bytes);
  batch.push_back(
      {"UPDATE org_files SET content = $4, version = version + 1, imported_hash = $5,"
       " updated_at = $6 WHERE id = $1 AND user_id = $2 AND version = $3",
       {std::string(known.Text(0, 0)), user_id, known.Int(0, 1), std::move(bytes), hash, now},
       1});
  return batch;
}

OrgHit DescribeHit(const StoredFile& file, const OrgMatch& match,
                   const std::vector<std::string>& terms) {
  const OrgFile& org = file.read.org;
  OrgHit hit{.line = match.line, .score = match.score};
  if (match.heading >= 0) {
    const Heading& heading = org.headings[static_cast<std::size_t>(match.heading)];
    hit.item = DescribeEntry(file.read, *file.read.AtLine(heading.line));
  } else {
    const std::uint32_t end = org.headings.empty() ? static_cast<std::uint32_t>(org.text.size())
                                                   : org.headings.front().section.begin;
    hit.item = {.file_id = file.read.id, .path = file.read.path};
    hit.item.content = org.Text({org.lines.front().span.begin, end});
  }
  hit.snippet = Snippet(hit.item.content, terms);
  return hit;
}

std::vector<OrgHit> SearchFiles(const std::vector<std::shared_ptr<const StoredFile>>& files,
                                const OrgQuery& query) {
  struct Found {
    const StoredFile* file;
    OrgMatch match;
  };
  const std::vector<std::string> terms = workspace::internal::QueryTerms(query.text);
  std::vector<Found> found;
  for (const auto& file : files) {
    for (const OrgMatch& match : file->words().Find(terms, query)) {
      found.push_back({file.get(), match});
    }
  }
  // Best first; what is equally good, as it stands in the files, which come by path.
  std::ranges::sort(found, {}, [](const Found& each) {
    return std::tuple(-static_cast<std::int64_t>(each.match.words), -each.match.score,
                      std::string_view(each.file->read.path), each.match.heading);
  });
  std::vector<OrgHit> hits;
  for (const Found& each : found) {
    if (hits.size() == query.limit) break;
    hits.push_back(DescribeHit(*each.file, each.match, terms));
  }
  return hits;
}

}  // namespace

OrgStore::OrgStore(storage::Database& database, const Clock& clock, IdGenerator& ids, TimeZone zone)
    : database_(database),
      clock_(clock),
      ids_(ids),
      zone_(std::move(zone)),
      reading_("org", 1),
      cache_(std::make_unique<internal::FileCache>()) {}

OrgStore::~OrgStore() = default;

async::Task<Result<std::unique_ptr<OrgStore>>> OrgStore::Open(storage::Database& database,
                                                              const Clock& clock, IdGenerator& ids,
                                                              TimeZone zone) {
  BATON_CO_TRY(co_await storage::Migrate(database, "org", internal::OrgMigrations()));
  co_return std::unique_ptr<OrgStore>(new OrgStore(database, clock, ids, std::move(zone)));
}

async::Task<Result<ImportOutcome>> OrgStore::Import(std::string user_id, std::string path,
                                                    std::string bytes) {
  BATON_CO_TRY(internal::CheckPerson(user_id));
  const Result<storage::Rows> known =
      co_await database_.Read({"SELECT id, version, imported_hash, content FROM org_files"
                               " WHERE user_id = $1 AND path = $2",
                               {user_id, path}});
  if (!known) co_return Fail(known.error());
  const Result<storage::Rows> count =
      co_await database_.Read({"SELECT count(*) FROM org_files WHERE user_id = $1", {user_id}});
  if (!count) co_return Fail(count.error());
  const bool added = known->rows.empty();
  BATON_CO_TRY(CheckImport(path, added ? count->Int(0, 0) : 0));
  if (!added && HashBytes(bytes) == known->Text(0, 2)) co_return ImportOutcome::kUnchanged;
  BATON_CO_TRY(CheckUnedited(*known, path, bytes));
  const std::string file_id = added ? ids_.New("org") : std::string(known->Text(0, 0));
  BATON_CO_TRY(co_await ReadInPool({file_id, path}, bytes));
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<storage::Statement> batch =
      added ? BuildInsert(user_id, file_id, path, std::move(bytes), now)
            : BuildReplace(user_id, *known, std::move(bytes), now);
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return added ? ImportOutcome::kAdded : ImportOutcome::kUpdated;
}

async::Task<Result<std::vector<OrgFileCard>>> OrgStore::Files(std::string user_id) {
  std::vector<OrgFileCard> cards;
  if (!internal::IsPerson(user_id)) co_return cards;
  const Result<storage::Rows> rows = co_await database_.Read(
      {"SELECT id, path FROM org_files WHERE user_id = $1 ORDER BY path", {user_id}});
  if (!rows) co_return Fail(rows.error());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    cards.push_back({std::string(rows->Text(row, 0)), std::string(rows->Text(row, 1))});
  }
  co_return cards;
}

async::Task<Result<std::string>> OrgStore::GetText(std::string user_id, std::string file_id) {
  const Result<FilePtr> file = co_await LoadById(user_id, file_id);
  if (!file) co_return Fail(file.error());
  co_return (*file)->read.org.text;
}

async::Task<Result<std::vector<OrgHit>>> OrgStore::Search(std::string user_id, OrgQuery query) {
  const Result<std::vector<FilePtr>> files = co_await LoadAll(user_id);
  if (!files) co_return Fail(files.error());
  co_return co_await reading_.Run([&] { return SearchFiles(*files, query); });
}

async::Task<Result<std::vector<AgendaEntry>>> OrgStore::Agenda(std::string user_id, Day first,
                                                               Day last) {
  const auto days = (last - first).count() + 1;
  if (days < 1 || days > kMaxAgendaDays) {
    co_return Fail(Code::kInvalidArgument, "agenda from {} to {}: 1 to {} days are possible",
                   FormatDay(first), FormatDay(last), kMaxAgendaDays);
  }
  const Result<std::vector<FilePtr>> files = co_await LoadAll(user_id);
  if (!files) co_return Fail(files.error());
  const AgendaRange range{first, last, std::chrono::floor<std::chrono::days>(Now())};
  co_return co_await reading_.Run([&] {
    std::vector<AgendaEntry> agenda;
    for (const FilePtr& file : *files) CollectAgenda(file->read, range, agenda);
    SortAgenda(agenda);
    return agenda;
  });
}

async::Task<Result<Inbox>> OrgStore::ListInbox(std::string user_id) {
  if (!internal::IsPerson(user_id)) co_return Inbox();
  const Result<FilePtr> file = co_await LoadInbox(user_id);
  if (!file) co_return Fail(file.error());
  const IndexedFile& read = (*file)->read;
  Inbox inbox{.path = read.path, .items = {}};
  for (const Entry& entry : read.entries) {
    if (IsInboxEntry(read.org, entry)) inbox.items.push_back(DescribeEntry(read, entry));
  }
  co_return inbox;
}

async::Task<Result<OrgStore::FilePtr>> OrgStore::ReadInPool(internal::FileVersion file,
                                                            std::string text) {
  co_return co_await reading_.Run([&]() -> Result<FilePtr> {
    Result<OrgFile> parsed = ParseOrgFile(std::move(text));
    if (!parsed) return Fail(std::move(parsed).error().Annotate(file.path));
    auto stored = std::make_shared<StoredFile>();
    stored->version = file.version;
    stored->read = IndexEntries(file.id, file.path, *std::move(parsed));
    return FilePtr(std::move(stored));
  });
}

async::Task<Result<OrgStore::FilePtr>> OrgStore::Load(const storage::Rows& rows, std::size_t row) {
  const std::string id(rows.Text(row, 0));
  const std::int64_t version = rows.Int(row, 2);
  if (FilePtr known = cache_->Find(id, version)) co_return known;
  Result<FilePtr> read = co_await ReadInPool({id, std::string(rows.Text(row, 1)), version},
                                             std::string(rows.Text(row, 3)));
  if (read) cache_->Put(*read);
  co_return read;
}

async::Task<Result<std::vector<OrgStore::FilePtr>>> OrgStore::LoadAll(const std::string& user_id) {
  std::vector<FilePtr> files;
  if (!internal::IsPerson(user_id)) co_return files;
  const Result<storage::Rows> rows = co_await database_.Read(
      {"SELECT id, version FROM org_files WHERE user_id = $1 ORDER BY path", {user_id}});
  if (!rows) co_return Fail(rows.error());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    FilePtr file = cache_->Find(std::string(rows->Text(row, 0)), rows->Int(row, 1));
    if (file == nullptr) {
      Result<FilePtr> loaded = co_await LoadById(user_id, std::string(rows->Text(row, 0)));
      if (!loaded) co_return Fail(std::move(loaded).error());
      file = *std::move(loaded);
    }
    files.push_back(std::move(file));
  }
  co_return files;
}

async::Task<Result<OrgStore::FilePtr>> OrgStore::LoadById(const std::string& user_id,
                                                          const std::string& file_id) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM org_files AS f WHERE f.user_id = $1 AND f.id = $2",
                   kFileColumns),
       {user_id, file_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty() || !internal::IsPerson(user_id)) {
    co_return Fail(Code::kNotFound, "org file '{}': no such file", file_id);
  }
  co_return co_await Load(*rows, 0);
}

async::Task<Result<OrgStore::FilePtr>> OrgStore::LoadByPath(const std::string& user_id,
                                                            const std::string& path) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM org_files AS f WHERE f.user_id = $1 AND f.path = $2",
                   kFileColumns),
       {user_id, path}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return Fail(Code::kNotFound, "org file '{}': no such file", path);
  co_return co_await Load(*rows, 0);
}

// A user without an inbox is given an empty one, stored with its first change.
async::Task<Result<OrgStore::FilePtr>> OrgStore::LoadInbox(const std::string& user_id) {
  const Result<storage::Rows> rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM org_inboxes AS i JOIN org_files AS f"
                   " ON f.id = i.file_id AND f.user_id = i.user_id WHERE i.user_id = $1",
                   kFileColumns),
       {user_id}});
  if (!rows) co_return Fail(rows.error());
  if (!rows->rows.empty()) co_return co_await Load(*rows, 0);
  co_return co_await ReadInPool({ids_.New("org"), std::string(kInboxName)}, "");
}

}  // namespace baton::workspace::org
