// Documents, the worker that embeds them and searches, on both databases.
#include "workspace/vectors/vector_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"
#include "workspace/internal/document_tables.h"
#include "workspace/internal/vector_tables.h"
#include "workspace/vectors/vector_worker.h"

namespace baton::workspace::vectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Knows three topics and the words for each. Does what it is told.
class TopicEmbedder final : public embedding::Embedder {
 public:
  std::string_view name() const override { return name_; }
  std::size_t dimensions() const override { return 3; }
  async::Task<Result<std::vector<std::vector<float>>>> Embed(
      std::vector<std::string> texts) override {
    embedded += texts.size();
    if (on_embed) std::exchange(on_embed, {})();
    if (failure) co_return Fail(*failure);
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      if (text.contains("refuse me")) co_return Fail(Code::kInvalidArgument, "refused");
      vectors.push_back({Count(text, {"automobile", "Vehicles", "garage"}),
                         Count(text, {"ocean", "waves"}), Count(text, {"loaf", "baker"})});
    }
    co_return vectors;
  }

  std::string name_ = "topics";
  std::optional<Status> failure;
  std::function<void()> on_embed;  // once
  std::size_t embedded = 0;

 private:
  static float Count(std::string_view text, std::initializer_list<std::string_view> words) {
    float count = 0;
    for (const std::string_view word : words) count += text.contains(word) ? 1 : 0;
    return count;
  }
};

class VectorSearchTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    database_ = OpenDatabase();
    auto store = async::BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    ASSERT_TRUE(store) << store.error().ToString();
    store_ = *std::move(store);
    search_ = std::make_unique<VectorSearch>(*database_, embedder_, clock_, metrics_, Options());
    store_->UseVectors(*search_);
    worker_ = MakeWorker();
    ASSERT_TRUE(async::BlockOn(worker_->TakeOver()).ok());
  }

  std::unique_ptr<storage::Database> OpenDatabase() {
    auto database = storage::OpenDatabase(fresh_.address(), metrics_);
    EXPECT_TRUE(database) << database.error().ToString();
    return *std::move(database);
  }

  static VectorOptions Options() { return {.unrelated = 0.25, .trust = 0.8}; }

  std::unique_ptr<VectorWorker> MakeWorker() {
    return std::make_unique<VectorWorker>(*database_, embedder_, clock_, metrics_, search_.get());
  }

  void Put(const std::string& user, const std::string& path, std::string_view text) {
    Result<ParsedDocument> document = ParseFile(path, text);
    ASSERT_TRUE(document);
    const auto outcome = async::BlockOn(store_->Put(user, *std::move(document)));
    ASSERT_TRUE(outcome) << outcome.error().ToString();
  }

  void EmbedAll(VectorWorker& worker) {
    for (;;) {
      const auto done = async::BlockOn(worker.EmbedDue());
      ASSERT_TRUE(done) << done.error().ToString();
      if (*done == 0) return;
    }
  }
  void EmbedAll() { EmbedAll(*worker_); }

  std::int64_t PendingChunks() { return async::BlockOn(worker_->Pending())->chunks; }

  std::vector<std::string> Find(const std::string& user, SearchQuery query) {
    last_ = *async::BlockOn(store_->Search(user, std::move(query)));
    std::vector<std::string> paths;
    for (const SearchHit& hit : last_) paths.push_back(hit.document.path);
    return paths;
  }

  void Run(std::string sql, std::vector<storage::SqlValue> params = {}) {
    std::vector<storage::Statement> batch;
    batch.push_back({std::move(sql), std::move(params)});
    const auto written =
        async::BlockOn(database_->Write(std::move(batch), storage::Durability::kBuffered));
    ASSERT_TRUE(written) << written.error().ToString();
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  TopicEmbedder embedder_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<VectorSearch> search_;
  std::unique_ptr<DocumentStore> store_;
  std::unique_ptr<VectorWorker> worker_;
  std::vector<SearchHit> last_;
};

INSTANTIATE_TEST_SUITE_P(, VectorSearchTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(VectorSearchTest, FindsWhatIsSaidInOtherWords) {
  Put("ann", "/cars.txt", "Vehicles need a dry place.");
  Put("ann", "/sea.txt", "The waves were high.");
  EXPECT_EQ(PendingChunks(), 2);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), IsEmpty());
  EmbedAll();
  EXPECT_EQ(PendingChunks(), 0);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/cars.txt"));
  EXPECT_EQ(last_[0].snippet, "Vehicles need a dry place.");
  EXPECT_EQ(last_[0].chunk.end, 26);
  EXPECT_GE(last_[0].score, 0.3);
  EXPECT_LE(last_[0].score, 1);
  const double score = last_[0].score;
  Find("ann", {.text = "automobile"});
  EXPECT_EQ(last_[0].score, score);
}

TEST_P(VectorSearchTest, PutsWhatWordsAndVectorsFindFirst) {
  Put("ann", "/a.txt", "Vehicles.");
  Put("ann", "/b.txt", "Every automobile.");
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/b.txt", "/a.txt"));
  EXPECT_LE(last_[0].score, 1);
}

TEST_P(VectorSearchTest, KeepsUsersApart) {
  Put("ann", "/cars.txt", "Vehicles need a dry place.");
  Put("bob", "/sea.txt", "The waves were high.");
  EmbedAll();
  EXPECT_THAT(Find("bob", {.text = "automobile"}), IsEmpty());
  EXPECT_THAT(Find("nobody", {.text = "automobile"}), IsEmpty());
  EXPECT_THAT(Find("bob", {.text = "ocean"}), ElementsAre("/sea.txt"));
}

TEST_P(VectorSearchTest, KeepsToFiltersAndExclusions) {
  Put("ann", "/a.md", "---\ntags: work\n---\nVehicles.");
  Put("ann", "/b.md", "---\ntags: home\n---\nThe garage.");
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile tag:home"}), ElementsAre("/b.md"));
  EXPECT_THAT(Find("ann", {.text = "automobile tag:none"}), IsEmpty());
  const std::string id = async::BlockOn(store_->FindByPath("ann", "/b.md", ""))->id;
  EXPECT_THAT(Find("ann", {.text = "automobile", .exclude_document_ids = {id}}),
              ElementsAre("/a.md"));
}

TEST_P(VectorSearchTest, ForgetsAReplacedTextAtOnceAndFindsTheNewOneWhenEmbedded) {
  Put("ann", "/a.txt", "Vehicles.");
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt"));
  Put("ann", "/a.txt", "The waves.");
  EXPECT_THAT(Find("ann", {.text = "automobile"}), IsEmpty());
  EXPECT_THAT(Find("ann", {.text = "ocean"}), IsEmpty());
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile"}), IsEmpty());
  EXPECT_THAT(Find("ann", {.text = "ocean"}), ElementsAre("/a.txt"));
}

TEST_P(VectorSearchTest, EmbedsOfAChangedDocumentOnlyTheChunksThatChanged) {
  const std::string begin = "---\ntitle: Notes\n---\n";  // which each chunk is embedded with
  const std::string cars = "# One\n\nVehicles.\n\n";
  const std::string bread = "# Three\n\nThe loaf.\n\n";
  const std::string sea = "# Two\n\nThe waves.\n\n";
  Put("ann", "/a.md", begin + cars + sea + bread);
  EmbedAll();
  EXPECT_EQ(embedder_.embedded, 3U);
  // Before the worker comes it is changed twice, and chunks have moved.
  Put("ann", "/a.md", begin + bread);
  Put("ann", "/a.md", begin + "# New\n\nThe garage.\n\n" + cars + bread);
  EXPECT_THAT(Find("ann", {.text = "ocean"}), IsEmpty());
  EmbedAll();
  EXPECT_EQ(embedder_.embedded, 5U) << "one chunk and a question";
  EXPECT_THAT(Find("ann", {.text = "ocean"}), IsEmpty());
  Find("ann", {.text = "baker"});
  ASSERT_FALSE(last_.empty());
  EXPECT_EQ(last_[0].chunk.heading, "Three");
  // Vectors that the document no longer needed when it was complete are gone.
  const std::size_t before = embedder_.embedded;
  Put("ann", "/a.md", begin + sea + bread);
  EmbedAll();
  EXPECT_EQ(embedder_.embedded, before + 1);
}

TEST_P(VectorSearchTest, KeepsTheVectorsOfADatabaseFromBeforeTheirTextsWereKnown) {
  const storage::testing::FreshDatabase older(GetParam());
  auto database = storage::OpenDatabase(older.address(), metrics_);
  ASSERT_TRUE(database) << database.error().ToString();
  const auto migrate = [&](std::size_t versions) {
    return async::BlockOn(storage::Migrate(
        **database, "vectors", workspace::internal::VectorMigrations().subspan(0, versions)));
  };
  ASSERT_TRUE(async::BlockOn(storage::Migrate(**database, "documents",
                                              workspace::internal::DocumentMigrations()))
                  .ok());
  ASSERT_TRUE(migrate(1).ok());
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"INSERT INTO chunk_vectors (document_id, position, user_id, model, vector)"
       " VALUES ('doc_old', 0, 'ann', 'topics', $1)",
       {storage::Blob{"1234"}}});
  ASSERT_TRUE(async::BlockOn((*database)->Write(std::move(batch), storage::Durability::kBuffered)));
  ASSERT_TRUE(migrate(2).ok());
  const auto rows =
      async::BlockOn((*database)->Read({"SELECT vector, text_hash FROM chunk_vectors", {}}));
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->Text(0, 0), "1234");
  EXPECT_EQ(rows->Text(0, 1), "");
}

TEST_P(VectorSearchTest, SeesAtOnceWhatAnotherProcessEmbedded) {
  const auto other_database = OpenDatabase();
  VectorWorker other(*other_database, embedder_, clock_, metrics_, nullptr);
  Put("ann", "/a.txt", "Vehicles.");
  EmbedAll(other);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt"));
  Put("ann", "/b.txt", "A garage.");
  Put("ann", "/a.txt", "The waves.");
  EmbedAll(other);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/b.txt"));
}

TEST_P(VectorSearchTest, LeavesADocumentToTheProcessThatTookItUntilItsLeaseEnds) {
  Put("ann", "/a.txt", "Vehicles.");
  const auto other_database = OpenDatabase();
  VectorWorker other(*other_database, embedder_, clock_, metrics_, nullptr);
  std::size_t during = 1;
  std::size_t after = 0;
  embedder_.on_embed = [&] {
    during = *async::BlockOn(other.EmbedDue());
    clock_.Advance(std::chrono::minutes(3));
    after = *async::BlockOn(other.EmbedDue());
  };
  EmbedAll();
  EXPECT_EQ(during, 0U);
  EXPECT_GT(after, 0U);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt"));
}

// What is stored of a long document before a process dies is not embedded again.
TEST_P(VectorSearchTest, ContinuesALongDocumentWhereAnotherProcessDied) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "# Part " + std::to_string(i) + "\n\nVehicles.\n\n";
  Put("ann", "/long.md", text);
  ASSERT_EQ(PendingChunks(), 150);
  ASSERT_TRUE(async::BlockOn(worker_->EmbedDue()));
  EXPECT_EQ(embedder_.embedded, 64U);
  // Taken, not finished, not put back.
  Run("UPDATE document_vectors SET claimed_until = 1"
      " + (SELECT max(claimed_until) FROM document_vectors)");
  clock_.Advance(std::chrono::minutes(3));
  const auto other_database = OpenDatabase();
  VectorWorker other(*other_database, embedder_, clock_, metrics_, nullptr);
  EmbedAll(other);
  EXPECT_EQ(embedder_.embedded, 150U);
  EXPECT_EQ(PendingChunks(), 0);
  EXPECT_THAT(Find("ann", {.text = "automobile", .limit = 1}), ElementsAre("/long.md"));
}

TEST_P(VectorSearchTest, DropsVectorsOfATextThatWasReplacedMeanwhile) {
  Put("ann", "/a.txt", "Vehicles.");
  embedder_.on_embed = [&] { Put("ann", "/a.txt", "The waves."); };
  ASSERT_TRUE(async::BlockOn(worker_->EmbedDue()));
  EXPECT_EQ(PendingChunks(), 1);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), IsEmpty());
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile"}), IsEmpty());
  EXPECT_THAT(Find("ann", {.text = "ocean"}), ElementsAre("/a.txt"));
}

TEST_P(VectorSearchTest, GoesOnByWordsWhileTheEmbedderIsDown) {
  Put("ann", "/a.txt", "Vehicles.");
  EmbedAll();
  embedder_.failure = Status(Code::kUnavailable, "down");
  Put("ann", "/b.txt", "The garage.");
  const auto failed = async::BlockOn(worker_->EmbedDue());
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("down"));
  EXPECT_EQ(PendingChunks(), 1);
  EXPECT_THAT(Find("ann", {.text = "garage"}), ElementsAre("/b.txt"));
  EXPECT_THAT(Find("ann", {.text = "automobile"}), IsEmpty());
  const std::size_t asked = embedder_.embedded;
  Find("ann", {.text = "automobile"});
  EXPECT_EQ(embedder_.embedded, asked) << "an embedder that is down is asked by every search";
  embedder_.failure.reset();
  EmbedAll();
  EXPECT_EQ(PendingChunks(), 0);
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt", "/b.txt"));
}

TEST_P(VectorSearchTest, PassesOverATextThatTheEmbedderRefuses) {
  Put("ann", "/a.txt", "Vehicles.");
  Put("ann", "/bad.txt", "Please refuse me.");
  Put("ann", "/c.txt", "The garage.");
  EmbedAll();
  EXPECT_EQ(PendingChunks(), 1);
  EXPECT_EQ(Find("ann", {.text = "automobile"}).size(), 2U);
  EXPECT_THAT(Find("ann", {.text = "refuse"}), ElementsAre("/bad.txt"));
}

TEST_P(VectorSearchTest, MakesAnUnreadableVectorAgain) {
  Put("ann", "/a.txt", "Vehicles.");
  Put("ann", "/b.txt", "The garage.");
  EmbedAll();
  const std::string id = async::BlockOn(store_->FindByPath("ann", "/a.txt", ""))->id;
  Run("UPDATE chunk_vectors SET vector = $1 WHERE document_id = $2",
      {storage::Blob{std::string("\xFF\xFF\xFF\xFF\x01", 5)}, id});
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/b.txt"));
  EXPECT_EQ(PendingChunks(), 1);
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt", "/b.txt"));
}

TEST_P(VectorSearchTest, EmbedsEverythingAgainWithAnotherModel) {
  Put("ann", "/a.txt", "Vehicles.");
  EmbedAll();
  TopicEmbedder newer;
  newer.name_ = "topics-2";
  VectorSearch search(*database_, newer, clock_, metrics_, Options());
  VectorWorker worker(*database_, newer, clock_, metrics_, &search);
  EXPECT_EQ(async::BlockOn(worker.EmbedDue()), 0U) << "it has not taken over yet";
  ASSERT_TRUE(async::BlockOn(worker.TakeOver()).ok());
  EmbedAll(worker);
  EXPECT_EQ(newer.embedded, 1U);
  store_->UseVectors(search);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt"));
  // The former one pauses, so that they do not undo each other's work.
  EXPECT_EQ(async::BlockOn(worker_->EmbedDue()), 0U);
  EXPECT_EQ(async::BlockOn(worker.Pending())->documents, 0);
}

TEST_P(VectorSearchTest, LetsGoOfWhoSearchedLeastRecently) {
  VectorSearch small(*database_, embedder_, clock_, metrics_, {.memory_bytes = 1, .trust = 0.8});
  store_->UseVectors(small);
  Put("ann", "/a.txt", "Vehicles.");
  Put("bob", "/b.txt", "The garage.");
  EmbedAll();
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt"));
  const std::size_t one = small.memory_bytes();
  EXPECT_GT(one, 0U);
  EXPECT_THAT(Find("bob", {.text = "automobile"}), ElementsAre("/b.txt"));
  EXPECT_EQ(small.memory_bytes(), one);
  EXPECT_THAT(Find("ann", {.text = "automobile"}), ElementsAre("/a.txt"));
}

}  // namespace
}  // namespace baton::workspace::vectors
