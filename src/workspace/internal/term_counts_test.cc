#include "workspace/internal/term_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/document_tables.h"

namespace baton::workspace::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using Counts = std::map<std::string, std::int64_t>;

class TermCountsTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    auto database = storage::OpenDatabase(fresh_.address(), metrics_);
    ASSERT_TRUE(database) << database.error().ToString();
    database_ = *std::move(database);
  }

  void OpenStore() {
    auto store = async::BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    ASSERT_TRUE(store) << store.error().ToString();
    store_ = *std::move(store);
  }

  static ParsedDocument Parsed(const std::string& path, std::string_view text) {
    Result<ParsedDocument> document = ParseFile(path, text);
    EXPECT_TRUE(document);
    return *std::move(document);
  }

  void Put(const std::string& user, const std::string& path, std::string_view text) {
    const auto outcome = async::BlockOn(store_->Put(user, Parsed(path, text)));
    ASSERT_TRUE(outcome) << outcome.error().ToString();
  }

  Counts CountsOf(const std::string& user, std::vector<std::string> words) {
    auto counts = async::BlockOn(ReadTermCounts(*database_, OwnerTerm(user), std::move(words)));
    EXPECT_TRUE(counts) << counts.error().ToString();
    return *std::move(counts);
  }

  // What a program of that time left behind.
  void PutAsInVersion2(const std::string& user, const std::string& path, std::string_view text) {
    const auto migrated = async::BlockOn(
        storage::Migrate(*database_, "documents", DocumentMigrations().subspan(0, 2)));
    ASSERT_TRUE(migrated.ok()) << migrated.ToString();
    const ParsedDocument document = Parsed(path, text);
    std::vector<storage::Statement> batch;
    batch.push_back(
        {"INSERT INTO documents (user_id, id, path, filename, title, content_type, characters,"
         " chunk_count, source_hash, metadata, created_at, updated_at)"
         " VALUES ($1, 'doc_old', $2, '', '', '', 0, 1, '', '{}', '', '')",
         {user, path}});
    TermTally unused;
    AppendChunkInserts(user, "doc_old", document, batch, unused);
    if (GetParam() == storage::Dialect::kSqlite) {
      batch.push_back(
          {"INSERT INTO document_fts (rowid, owner_term, title_terms, heading_terms, content_terms)"
           " SELECT key, owner_term, title_terms, heading_terms, content_terms"
           " FROM document_chunks",
           {}});
    }
    const auto written =
        async::BlockOn(database_->Write(std::move(batch), storage::Durability::kBuffered));
    ASSERT_TRUE(written) << written.error().ToString();
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<DocumentStore> store_;
};

INSTANTIATE_TEST_SUITE_P(, TermCountsTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(TermCountsTest, CountsTheChunksOfAUserThatHoldAWord) {
  OpenStore();
  Put("ann", "/one.md", "# Tea\n\ntea and tea\n\n# Cup\n\na cup of tea");
  Put("ann", "/two.txt", "茶 émigré cup");
  Put("bob", "/three.txt", "tea");
  EXPECT_THAT(
      CountsOf("ann", {"", "tea", "cup", "茶", "emigr", "pot"}),
      ElementsAre(Pair("", 3), Pair("cup", 2), Pair("emigr", 1), Pair("tea", 2), Pair("茶", 1)));
  EXPECT_THAT(CountsOf("bob", {"", "tea", "cup"}), ElementsAre(Pair("", 1), Pair("tea", 1)));
  EXPECT_THAT(CountsOf("eve", {"", "tea"}), IsEmpty());
}

TEST_P(TermCountsTest, FollowsADocumentThatIsReplaced) {
  OpenStore();
  Put("ann", "/one.txt", "tea cup");
  Put("ann", "/two.txt", "tea pot");
  Put("ann", "/one.txt", "coffee cup");
  EXPECT_THAT(CountsOf("ann", {"", "tea", "cup", "coffe"}),
              ElementsAre(Pair("", 2), Pair("coffe", 1), Pair("cup", 1), Pair("tea", 1)));
}

TEST_P(TermCountsTest, TakesOverADatabaseFromBeforeThem) {
  PutAsInVersion2("ann", "/old.txt", "green tea and more tea, émigré");
  OpenStore();
  EXPECT_THAT(CountsOf("ann", {"", "tea", "old", "emigr"}),
              ElementsAre(Pair("", 1), Pair("emigr", 1), Pair("old", 1), Pair("tea", 1)));
  Put("ann", "/new.txt", "black tea");
  const auto find = [&](const std::string& words) {
    return async::BlockOn(store_->Search("ann", {.text = words}))->size();
  };
  EXPECT_EQ(find("tea"), 2U);
  EXPECT_EQ(find("green"), 1U);
  EXPECT_EQ(async::BlockOn(store_->Search("bob", {.text = "tea"}))->size(), 0U);
  Put("ann", "/old.txt", "coffee");
  EXPECT_EQ(find("green"), 0U);
  EXPECT_EQ(find("coffee"), 1U);
  EXPECT_THAT(CountsOf("ann", {"", "tea", "green"}), ElementsAre(Pair("", 2), Pair("tea", 1)));
}

}  // namespace
}  // namespace baton::workspace::internal
