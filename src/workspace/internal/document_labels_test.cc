#include "workspace/internal/document_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"

namespace baton::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TakeLabelsTest, TakesFiltersOutOfAPersonsWords) {
  const auto taken = internal::TakeLabels("plan tag:Work the category:\"To do\" garden tag:#q1");
  EXPECT_EQ(taken.text, "plan  the  garden ");
  EXPECT_THAT(taken.labels, ElementsAre("tag:work", "category:to do", "tag:q1"));
}

TEST(TakeLabelsTest, LeavesWhatIsNoFilter) {
  for (const std::string text :
       {"tag: work", "hashtag:x", "http://a/tag:x", "tag:", "tag:\"\"", ""}) {
    const auto taken = internal::TakeLabels(text);
    EXPECT_EQ(taken.text, text);
    EXPECT_THAT(taken.labels, IsEmpty()) << text;
  }
  EXPECT_THAT(internal::TakeLabels("tag:\"open").labels, ElementsAre("tag:\"open"));
}

// The same behaviour on SQLite and on PostgreSQL.
class DocumentLabelsTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    auto database = storage::OpenDatabase(fresh_.address(), metrics_);
    ASSERT_TRUE(database) << database.error().ToString();
    database_ = *std::move(database);
    OpenStore();
    Put("ann", "/red.md", "---\ntags: [Red, \"to read\"]\ncategory: Work\n---\nThe garden plan.");
    Put("ann", "/green.md", "---\ntags: \"green; #red\"\n---\nThe garden plan in the summer.");
    Put("ann", "/none.md", "The garden plan of nobody.");
    Put("bob", "/red.md", "---\ntags: red\n---\nThe garden plan of Bob.");
  }

  void OpenStore() {
    auto store = async::BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    ASSERT_TRUE(store) << store.error().ToString();
    store_ = *std::move(store);
  }

  void Put(const std::string& user, const std::string& path, std::string_view text) {
    clock_.Advance(std::chrono::seconds(1));
    Result<ParsedDocument> document = ParseFile(path, text);
    ASSERT_TRUE(document);
    const auto outcome = async::BlockOn(store_->Put(user, *std::move(document)));
    ASSERT_TRUE(outcome) << outcome.error().ToString();
  }

  void Execute(std::string sql) {
    std::vector<storage::Statement> batch;
    batch.push_back({std::move(sql), {}});
    const auto done =
        async::BlockOn(database_->Write(std::move(batch), storage::Durability::kFlushed));
    ASSERT_TRUE(done) << done.error().ToString();
  }

  std::vector<std::string> Find(SearchQuery query, const std::string& user = "ann") {
    const auto hits = async::BlockOn(store_->Search(user, std::move(query)));
    EXPECT_TRUE(hits) << hits.error().ToString();
    std::vector<std::string> paths;
    for (const SearchHit& hit : hits.value_or(std::vector<SearchHit>())) {
      EXPECT_GT(hit.score, 0);
      EXPECT_LE(hit.score, 1);
      paths.push_back(hit.document.path);
    }
    return paths;
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<DocumentStore> store_;
};

INSTANTIATE_TEST_SUITE_P(, DocumentLabelsTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(DocumentLabelsTest, OnlyDocumentsThatFitAllFiltersAreFound) {
  EXPECT_EQ(Find({.text = "garden plan"}).size(), 3U);
  EXPECT_THAT(Find({.text = "garden tag:red category:work"}), ElementsAre("/red.md"));
  EXPECT_THAT(Find({.text = "garden TAG:Green tag:red"}), ElementsAre("/green.md"));
  EXPECT_THAT(Find({.text = "plan", .filters = {"tag:to read"}}), ElementsAre("/red.md"));
  EXPECT_THAT(Find({.text = "garden tag:blue"}), IsEmpty());
  EXPECT_THAT(Find({.text = "garden tag:red"}, "bob"), ElementsAre("/red.md"));
  EXPECT_THAT(Find({.text = "garden category:work"}, "bob"), IsEmpty());
}

TEST_P(DocumentLabelsTest, AFilterReachesBeyondTheBestMatchesOfAllDocuments) {
  std::vector<ParsedDocument> many;
  for (int i = 0; i < 400; ++i) {
    many.push_back(*ParseFile("/many/" + std::to_string(i) + ".md", "Tulips, tulips, tulips."));
  }
  many.push_back(
      *ParseFile("/one.md", "---\ntags: rare\n---\nOne of the many words of this text is tulips."));
  ASSERT_TRUE(async::BlockOn(store_->PutMany("ann", many, storage::Durability::kFlushed)));
  EXPECT_THAT(Find({.text = "tulips tag:rare", .limit = 5}), ElementsAre("/one.md"));
}

TEST_P(DocumentLabelsTest, FiltersAloneFindTheNewestFirstWithoutTheExcluded) {
  EXPECT_THAT(Find({.text = "tag:red"}), ElementsAre("/green.md", "/red.md"));
  EXPECT_THAT(Find({.text = "tag:red", .limit = 1}), ElementsAre("/green.md"));
  const auto green = async::BlockOn(store_->FindByPath("ann", "/green.md", ""));
  ASSERT_TRUE(green);
  EXPECT_THAT(Find({.text = "tag:red", .limit = 1, .exclude_document_ids = {green->id}}),
              ElementsAre("/red.md"));
  EXPECT_THAT(Find({.text = "", .filters = {"category:WORK"}}), ElementsAre("/red.md"));
}

TEST_P(DocumentLabelsTest, AReplacedDocumentHasItsNewLabels) {
  Put("ann", "/red.md", "---\ntags: blue\n---\nThe garden plan.");
  EXPECT_THAT(Find({.text = "garden tag:blue"}), ElementsAre("/red.md"));
  EXPECT_THAT(Find({.text = "garden tag:red"}), ElementsAre("/green.md"));
}

TEST_P(DocumentLabelsTest, DocumentsFromBeforeThereWereLabelsGetThem) {
  Execute("DROP TABLE document_labels");
  Execute("DELETE FROM baton_migrations WHERE component = 'document_labels'");
  OpenStore();
  EXPECT_THAT(Find({.text = "tag:red"}), ElementsAre("/green.md", "/red.md"));
  EXPECT_THAT(Find({.text = "tag:\"to read\" category:work"}), ElementsAre("/red.md"));
  EXPECT_THAT(Find({.text = "tag:green"}), ElementsAre("/green.md"));
}

TEST_P(DocumentLabelsTest, WhatIsNoFilterIsRefusedByName) {
  const auto colour =
      async::BlockOn(store_->Search("ann", {.text = "garden", .filters = {"colour:red"}}));
  ASSERT_FALSE(colour);
  EXPECT_EQ(colour.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(colour.error().message(), HasSubstr("'colour:red'"));
  const auto many = async::BlockOn(
      store_->Search("ann", {.text = "x", .filters = std::vector<std::string>(17, "tag:a")}));
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error().message(), HasSubstr("at most 16"));
}

}  // namespace
}  // namespace baton::workspace
