#include "workspace/importer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "async/task_group.h"
#include "base/utf8.h"
#include "workspace/internal/folder_walk.h"
#include "workspace/org/org_store.h"

namespace baton::workspace {
namespace {

// One transaction takes so much: large enough that its commit does not count, small enough for
// memory and for other writers to come in between.
constexpr std::size_t kBatchFiles = 64;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20U;
constexpr std::size_t kWalkStep = 2000;

// What became of one file.
struct ReadFile {
  std::size_t bytes = 0;
  std::string skip_reason;  // empty: it is unchanged, or a document
  std::optional<ParsedDocument> document;
  std::string org_bytes;  // of an org file
};

ReadFile Skipped(std::string reason) { return {.skip_reason = std::move(reason)}; }

Result<std::string> ReadBytes(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Fail(Code::kInvalidArgument, "{}", error ? error.message() : "not a regular file");
  }
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return Fail(Code::kUnavailable, "{}", error.message());
  if (size > kMaxFileBytes) {
    return Fail(Code::kResourceExhausted, "larger than {} MiB", kMaxFileBytes >> 20U);
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file.is_open() || file.bad()) {
    return Fail(Code::kUnavailable, "{}", errno == 0 ? "cannot be read" : std::strerror(errno));
  }
  bytes.resize(static_cast<std::size_t>(file.gcount()));  // it may have shrunk meanwhile
  return bytes;
}

// `known_hash`: of the file as it is stored; empty if it is not.
ReadFile ReadOne(const std::filesystem::path& path, const std::string& known_hash) {
  const Result<std::string> bytes = ReadBytes(path);
  if (!bytes) return Skipped(bytes.error().message());
  ReadFile read{.bytes = bytes->size()};
  if (path.extension() == ".org") read.org_bytes = *bytes;
  if (!known_hash.empty() && SourceHash(*bytes) == known_hash) return read;
  Result<ParsedDocument> document = ParseFile(path, *bytes);
  if (!document) {
    read.skip_reason = document.error().message();
    return read;
  }
  read.document = *std::move(document);
  return read;
}

struct FileBatch {
  std::vector<ParsedDocument> documents;
  std::vector<std::pair<std::string, std::string>> org_files;  // path and bytes
  std::vector<std::string> paths;  // of all files the batch has dealt with
  ImportReport report;             // what is known of them before they are stored
};

// One import under way.
class ImportRun {
 public:
  ImportRun(DocumentStore& store, async::BlockingPool& files, std::string user_id,
            ImportOptions options)
      : store_(store), files_(files), user_id_(std::move(user_id)), options_(std::move(options)) {}

  async::Task<Result<ImportReport>> Run(std::vector<std::filesystem::path> paths);

 private:
  async::Task<Status> FindFiles(std::vector<std::filesystem::path> paths);
  async::Task<Status> ReadAndStore(async::TaskGroup& writer);
  async::Task<Result<FileBatch>> ReadBatch();
  async::Task<Status> DropDuplicate(const std::string& path, ReadFile& read);
  async::Task<void> StoreBatch(FileBatch batch);
  async::Task<Status> StoreOrgFiles(FileBatch& batch);
  ImportCounts CountsWith(const FileBatch& batch, const std::vector<PutOutcome>& outcomes) const;
  AlongPut AlongWith(const FileBatch& batch) const;

  DocumentStore& store_;
  async::BlockingPool& files_;
  const std::string user_id_;
  const ImportOptions options_;

  std::vector<std::filesystem::path> found_;
  std::map<std::string, std::string> new_sources_;  // path of each hash, of files that were new
  std::size_t next_ = 0;                            // of found_, to read
  std::size_t seen_ = 0;                            // of found_, reported
  ImportReport report_;
  Status store_status_;
};

async::Task<Status> ImportRun::FindFiles(std::vector<std::filesystem::path> paths) {
  Result<internal::FolderWalk> walk =
      co_await files_.Run([&paths] { return internal::FolderWalk::Begin(paths); });
  if (!walk) co_return Fail(std::move(walk).error());
  while (co_await files_.Run([&walk] { return walk->Advance(kWalkStep); })) {
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "import: cancelled");
  }
  found_ = std::move(*walk).TakeFiles();
  if (options_.after.empty()) {
    for (const auto& [path, reason] : walk->unreadable()) report_.skipped.push_back({path, reason});
  } else {
    next_ = seen_ =
        static_cast<std::size_t>(std::ranges::upper_bound(found_, options_.after) - found_.begin());
  }
  co_return Status();
}

// Reads the next files. Stops early when the task is cancelled; what was read is kept.
async::Task<Result<FileBatch>> ImportRun::ReadBatch() {
  std::vector<std::string> names;
  const std::size_t end = std::min(found_.size(), next_ + kBatchFiles);
  for (std::size_t i = next_; i < end; ++i) {
    names.push_back(ReplaceInvalidUtf8(found_[i].string()));
  }
  const Result<std::map<std::string, std::string>> hashes =
      co_await store_.SourceHashes(user_id_, names);
  if (!hashes) co_return Fail(hashes.error());
  FileBatch batch;
  const std::size_t begin = next_;
  while (next_ < end && batch.report.bytes < kBatchBytes && !co_await async::IsCancelled()) {
    const std::filesystem::path& path = found_[next_];
    const std::string& name = names[next_ - begin];
    const auto known = hashes->find(name);
    const std::string hash = known == hashes->end() ? std::string() : known->second;
    ReadFile read = co_await files_.Run([&path, &hash] { return ReadOne(path, hash); });
    if (hash.empty()) BATON_CO_TRY(co_await DropDuplicate(name, read));
    batch.paths.push_back(name);
    if (options_.org != nullptr && !read.org_bytes.empty()) {
      batch.org_files.emplace_back(name, std::move(read.org_bytes));
    }
    if (read.document) {
      batch.documents.push_back(*std::move(read.document));
    } else if (read.skip_reason.empty()) {
      ++batch.report.unchanged;
    } else {
      batch.report.skipped.push_back({name, std::move(read.skip_reason)});
    }
    batch.report.bytes += read.bytes;
    ++next_;
  }
  co_return batch;
}

// A file that is new, but byte for byte another that is a document already and still there.
async::Task<Status> ImportRun::DropDuplicate(const std::string& path, ReadFile& read) {
  if (!read.document) co_return Status();
  const auto [known, is_new] = new_sources_.emplace(read.document->source_hash, path);
  std::string other = is_new ? std::string() : known->second;
  if (is_new) {
    auto stored = co_await store_.PathOfSource(user_id_, read.document->source_hash);
    if (!stored) co_return std::move(stored).error();
    const bool exists = !stored->empty() && co_await files_.Run([&stored] {
      std::error_code error;
      return std::filesystem::exists(*stored, error);
    });
    if (exists) other = *std::move(stored);
  }
  if (other.empty() || other == path) co_return Status();
  read.document.reset();
  read.skip_reason = fmt::format("the same as '{}'", other);
  co_return Status();
}

ImportCounts ImportRun::CountsWith(const FileBatch& batch,
                                   const std::vector<PutOutcome>& outcomes) const {
  const auto count = [&](PutOutcome outcome) {
    return static_cast<std::size_t>(std::ranges::count(outcomes, outcome));
  };
  return {.added = report_.added + count(PutOutcome::kAdded),
          .updated = report_.updated + count(PutOutcome::kUpdated),
          .unchanged = report_.unchanged + batch.report.unchanged + count(PutOutcome::kUnchanged),
          .skipped = report_.skipped.size()};
}

AlongPut ImportRun::AlongWith(const FileBatch& batch) const {
  if (!options_.along || batch.paths.empty()) return {};
  return [this, &batch](const std::vector<PutOutcome>& outcomes) {
    const std::size_t seen = seen_ + batch.paths.size();
    return options_.along({.progress = {seen, found_.size(), batch.paths.back()},
                           .last = found_[seen - 1],
                           .counts = CountsWith(batch, outcomes),
                           .bytes = report_.bytes + batch.report.bytes,
                           .skipped = report_.skipped});
  };
}

// The documents come last: their transaction says that the batch is dealt with.
async::Task<void> ImportRun::StoreBatch(FileBatch batch) {
  store_status_ = co_await StoreOrgFiles(batch);
  if (!store_status_.ok()) co_return;
  std::ranges::move(batch.report.skipped, std::back_inserter(report_.skipped));
  const Result<std::vector<PutOutcome>> outcomes = co_await store_.PutMany(
      user_id_, std::move(batch.documents), storage::Durability::kBuffered, AlongWith(batch));
  if (!outcomes) {
    store_status_ = outcomes.error();
    co_return;
  }
  const ImportCounts counts = CountsWith(batch, *outcomes);
  report_.added = counts.added;
  report_.updated = counts.updated;
  report_.unchanged = counts.unchanged;
  report_.bytes += batch.report.bytes;
  for (std::string& path : batch.paths) {
    ++seen_;
    if (options_.on_progress) options_.on_progress({seen_, found_.size(), std::move(path)});
  }
}

// What org files have against being taken in is no failure of the import.
async::Task<Status> ImportRun::StoreOrgFiles(FileBatch& batch) {
  for (auto& [path, bytes] : batch.org_files) {
    const auto outcome = co_await options_.org->Import(user_id_, path, std::move(bytes));
    if (outcome) continue;
    const Code code = outcome.error().code();
    const bool refused = code == Code::kInvalidArgument || code == Code::kFailedPrecondition ||
                         code == Code::kResourceExhausted;
    if (!refused) co_return outcome.error();
    batch.report.skipped.push_back({path, outcome.error().message()});
  }
  co_return Status();
}

// While one batch is being stored the next is read: the two take about as long.
async::Task<Status> ImportRun::ReadAndStore(async::TaskGroup& writer) {
  while (next_ < found_.size()) {
    Result<FileBatch> batch = co_await ReadBatch();
    co_await writer.Join();
    BATON_CO_TRY(store_status_);
    if (!batch) co_return Fail(std::move(batch).error());
    writer.Spawn(StoreBatch(*std::move(batch)));
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "import: cancelled");
  }
  co_return Status();
}

async::Task<Result<ImportReport>> ImportRun::Run(std::vector<std::filesystem::path> paths) {
  BATON_CO_TRY(co_await FindFiles(std::move(paths)));
  async::TaskGroup writer(co_await async::CurrentExecutor());
  const Status status = co_await ReadAndStore(writer);
  co_await writer.Join();
  BATON_CO_TRY(status);
  BATON_CO_TRY(store_status_);
  const ImportCounts& before = options_.before;
  BATON_CO_TRY(
      co_await store_.RecordImport(user_id_, {.added = before.added + report_.added,
                                              .updated = before.updated + report_.updated,
                                              .unchanged = before.unchanged + report_.unchanged,
                                              .skipped = before.skipped + report_.skipped.size()}));
  co_return std::move(report_);
}

}  // namespace

async::Task<Result<ImportReport>> Import(DocumentStore& store, async::BlockingPool& files,
                                         std::string user_id,
                                         std::vector<std::filesystem::path> paths,
                                         ImportOptions options) {
  ImportRun run(store, files, std::move(user_id), std::move(options));
  co_return co_await run.Run(std::move(paths));
}

}  // namespace baton::workspace
