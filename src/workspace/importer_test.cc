#include "workspace/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/org/org_store.h"
#include "workspace/testing/temporary_folder.h"

namespace baton::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ImportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = storage::OpenDatabase(fresh_.address(), metrics_);
    ASSERT_TRUE(database) << database.error().ToString();
    database_ = *std::move(database);
    auto store = async::BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    ASSERT_TRUE(store) << store.error().ToString();
    store_ = *std::move(store);
  }

  Result<ImportReport> TryImport(std::vector<std::filesystem::path> paths) {
    progress_.clear();
    return async::BlockOn(Import(*store_, files_, "ann", std::move(paths),
                                 {.on_progress = [this](const ImportProgress& progress) {
                                   progress_.push_back(progress);
                                 }}));
  }

  ImportReport MustImport(std::vector<std::filesystem::path> paths) {
    auto report = TryImport(std::move(paths));
    EXPECT_TRUE(report) << report.error().ToString();
    return report.value_or(ImportReport());
  }

  std::int64_t Count() { return async::BlockOn(store_->Count("ann")).value_or(-1); }

  bool IsStored(const std::string& name) {
    return async::BlockOn(store_->FindByPath("ann", (folder_.path() / name).string(), ""))
        .has_value();
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  async::BlockingPool files_{"files", 1};
  testing::TemporaryFolder folder_;
  storage::testing::FreshDatabase fresh_{storage::Dialect::kSqlite};
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<DocumentStore> store_;
  std::vector<ImportProgress> progress_;
};

TEST_F(ImportTest, TakesOrgFilesInByteForByte) {
  auto org =
      *async::BlockOn(org::OrgStore::Open(*database_, clock_, ids_, *org::TimeZone::Find("UTC")));
  const auto import = [&] {
    return async::BlockOn(Import(*store_, files_, "ann", {folder_.path()}, {.org = org.get()}));
  };
  const std::string bytes = "* TODO a\r\nb";
  const auto inbox = folder_.Write("inbox.org", bytes);
  folder_.Write("notes.md", "# Notes");
  folder_.Write("latin1.org", "* Caf\xe9\n");
  const auto first = import();
  ASSERT_TRUE(first) << first.error().ToString();
  EXPECT_EQ(first->added, 3U);
  ASSERT_EQ(first->skipped.size(), 1U);  // as an org file; it is a document all the same
  EXPECT_THAT(first->skipped[0].reason, ::testing::HasSubstr("not UTF-8"));
  const auto files = async::BlockOn(org->Files("ann"));
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->at(0).path, inbox.string());
  EXPECT_EQ(*async::BlockOn(org->GetText("ann", files->at(0).id)), bytes);
  // Edited here and unchanged on disk: the edit stays, and nothing is to be said.
  ASSERT_TRUE(async::BlockOn(org->Toggle("ann", {.line = 0})));
  const auto again = import();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->unchanged, 3U);
  EXPECT_EQ(again->skipped.size(), 1U);
  EXPECT_EQ(*async::BlockOn(org->GetText("ann", files->at(0).id)), "* DONE a\r\nb");
}

TEST_F(ImportTest, ReadsAFolderWithAllItHolds) {
  folder_.Write("a.md", "# One");
  folder_.Write("sub/deep/b.txt", "Two");
  folder_.Write("sub/c.html", "<p>Three");
  const ImportReport report = MustImport({folder_.path()});
  EXPECT_EQ(report.added, 3U);
  EXPECT_EQ(report.bytes, 5U + 3U + 8U);
  EXPECT_THAT(report.skipped, IsEmpty());
  EXPECT_TRUE(IsStored("sub/deep/b.txt"));
  ASSERT_EQ(progress_.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(progress_[i].seen, i + 1);
    EXPECT_EQ(progress_[i].total, 3U);
  }
  EXPECT_EQ(progress_[0].current, (folder_.path() / "a.md").string());
}

TEST_F(ImportTest, LeavesOutWhatIsThereAlready) {
  const auto first = folder_.Write("a.txt", "The same text");
  folder_.Write("b/copy.txt", "The same text");
  const ImportReport report = MustImport({folder_.path()});
  EXPECT_EQ(report.added, 1U);
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_EQ(report.skipped[0].reason, "the same as '" + first.string() + "'");
  folder_.Write("c/later.txt", "The same text");
  EXPECT_EQ(MustImport({folder_.path() / "c"}).skipped.size(), 1U);
  // A file that has moved is no duplicate of the one that is gone.
  std::filesystem::remove(first);
  EXPECT_EQ(MustImport({folder_.path() / "c"}).added, 1U);
}

TEST_F(ImportTest, TakesOnlyWhatHasChanged) {
  for (int i = 0; i < 150; ++i) folder_.Write(std::to_string(i) + ".txt", std::to_string(i));
  EXPECT_EQ(MustImport({folder_.path()}).added, 150U);
  folder_.Write("7.txt", "changed");
  folder_.Write("new.txt", "new");
  const ImportReport report = MustImport({folder_.path()});
  EXPECT_EQ(report.added, 1U);
  EXPECT_EQ(report.updated, 1U);
  EXPECT_EQ(report.unchanged, 149U);
  EXPECT_EQ(Count(), 151);
  EXPECT_EQ(progress_.back().seen, 151U);
}

TEST_F(ImportTest, SkipsWhatIsNoDocumentWithTheReason) {
  folder_.Write("good.txt", "text");
  folder_.Write("image.png", "\x89PNG");
  folder_.Write("binary.txt", std::string("a\0b", 3));
  folder_.Write("empty.md", "");
  const ImportReport report = MustImport({folder_.path()});
  EXPECT_EQ(report.added, 1U);
  std::map<std::string, std::string> reasons;
  for (const SkippedFile& skipped : report.skipped) {
    reasons[std::filesystem::path(skipped.path).filename()] = skipped.reason;
  }
  EXPECT_EQ(reasons.size(), 3U);
  EXPECT_EQ(reasons["image.png"], "no known document format ('.png')");
  EXPECT_EQ(reasons["binary.txt"], "binary file");
  EXPECT_EQ(reasons["empty.md"], "no text in it");
  EXPECT_EQ(progress_.size(), 4U);
}

TEST_F(ImportTest, LeavesOutHiddenFilesAndLinks) {
  const testing::TemporaryFolder outside;
  outside.Write("outside.txt", "not meant");
  folder_.Write("a.txt", "text");
  folder_.Write(".hidden.txt", "text");
  folder_.Write(".git/config.txt", "text");
  std::filesystem::create_directory_symlink(folder_.path(), folder_.path() / "loop");
  std::filesystem::create_directory_symlink(outside.path(), folder_.path() / "out");
  std::filesystem::create_symlink(folder_.path() / "a.txt", folder_.path() / "again.txt");
  std::filesystem::create_symlink("nowhere", folder_.path() / "dangling.txt");
  const ImportReport report = MustImport({folder_.path()});
  EXPECT_EQ(report.added, 1U);
  EXPECT_THAT(report.skipped, IsEmpty());
}

TEST_F(ImportTest, TakesWhatIsAskedForByName) {
  folder_.Write(".notes/.hidden.txt", "text");
  const testing::TemporaryFolder elsewhere;
  std::filesystem::create_directory_symlink(folder_.path() / ".notes", elsewhere.path() / "link");
  EXPECT_EQ(MustImport({folder_.path() / ".notes/.hidden.txt"}).added, 1U);
  folder_.Write(".notes/b.txt", "other text");
  EXPECT_EQ(MustImport({elsewhere.path() / "link/"}).added, 1U);
}

TEST_F(ImportTest, ReadsAFileOnceHoweverOftenItIsNamed) {
  const std::filesystem::path file = folder_.Write("sub/a.txt", "text");
  const ImportReport report = MustImport(
      {folder_.path(), folder_.path() / "sub", file, folder_.path() / "sub/../sub/a.txt"});
  EXPECT_EQ(report.added, 1U);
  EXPECT_EQ(progress_.size(), 1U);
}

TEST_F(ImportTest, FailsBeforeImportingIfAPathDoesNotExist) {
  folder_.Write("a.txt", "text");
  const auto report = TryImport({folder_.path(), folder_.path() / "missing"});
  EXPECT_EQ(report.error().code(), Code::kNotFound);
  EXPECT_THAT(report.error().message(), ::testing::HasSubstr("missing"));
  EXPECT_EQ(Count(), 0);
}

TEST_F(ImportTest, SkipsFilesThatAreNoFiles) {
  EXPECT_THAT(MustImport({"/dev/null"}).skipped.front().reason, "not a regular file");
}

async::Task<void> ImportInto(DocumentStore& store, async::BlockingPool& files,
                             std::filesystem::path path,
                             std::function<void(const ImportProgress&)> on_progress,
                             std::optional<Result<ImportReport>>& out) {
  out.emplace(co_await Import(store, files, "ann", {std::move(path)},
                              {.on_progress = std::move(on_progress)}));
}

async::Task<Result<ImportReport>> CancelAfterFirst(DocumentStore& store, async::BlockingPool& files,
                                                   std::filesystem::path path) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  std::optional<Result<ImportReport>> report;
  group.Spawn(ImportInto(
      store, files, std::move(path),
      [&group](const ImportProgress&) { group.Cancel(CancelReason::kUser); }, report));
  co_await group.Join();
  co_return *std::move(report);
}

TEST_F(ImportTest, StopsWhenCancelledAndKeepsWhatIsStored) {
  for (int i = 0; i < 1000; ++i) folder_.Write(std::to_string(i) + ".txt", std::to_string(i));
  const auto report = async::BlockOn(CancelAfterFirst(*store_, files_, folder_.path()));
  EXPECT_EQ(report.error().code(), Code::kCancelled);
  const std::int64_t stored = Count();
  EXPECT_GE(stored, 1);
  EXPECT_LT(stored, 1000);
  EXPECT_EQ(MustImport({folder_.path()}).unchanged, static_cast<std::size_t>(stored));
  EXPECT_EQ(Count(), 1000);
}

}  // namespace
}  // namespace baton::workspace
