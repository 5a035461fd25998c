#include "workspace/entities/entity_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"
#include "workspace/internal/entity_extractor.h"

namespace baton::workspace::entities {
namespace {

using async::BlockOn;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Extracted(std::string_view text) {
  std::vector<std::string> names;
  for (const EntityMention& each : workspace::internal::ExtractEntities(text)) {
    names.push_back(each.type + ":" + each.name + ":" + std::to_string(each.count));
  }
  return names;
}

TEST(EntityExtractorTest, KnowsNamesByTheirCompany) {
  EXPECT_THAT(
      Extracted("Dr. Grey met Ada Lovelace in London, and Ada Lovelace's friend at Acme Corp.\n"
                "The University of Bonn and the River Street bank. NATO too."),
      UnorderedElementsAre("person:Grey:1", "person:Ada Lovelace:2", "place:London:1",
                           "organization:Acme Corp:1", "organization:University of Bonn:1",
                           "place:River Street:1", "organization:NATO:1"));
  EXPECT_THAT(Extracted("Sie wohnt in München bei Jürgen Müller von der Siemens AG."),
              UnorderedElementsAre("place:München:1", "person:Jürgen Müller:1",
                                   "organization:Siemens AG:1"));
}

TEST(EntityExtractorTest, WritesDatesInOneForm) {
  EXPECT_THAT(Extracted("On 12 March 2024, March 12, 2024, 12. März 2024 and 2024-03-12; "
                        "not 99 March 2024 but March 2023. May I?"),
              UnorderedElementsAre("date:2024-03-12:4", "date:2024-03:1", "date:2023-03:1"));
}

TEST(EntityExtractorTest, TakesTitlesFromQuotationMarksAndEmphasis) {
  EXPECT_THAT(Extracted("She read \"War and Peace\", *The Old Man* and „Der Zauberberg Heute“."),
              UnorderedElementsAre("work:War and Peace:1", "work:The Old Man:1",
                                   "work:Der Zauberberg Heute:1"));
  EXPECT_THAT(Extracted("He said \"Come here at once\" and *left*."), IsEmpty());
}

TEST(EntityExtractorTest, LeavesOtherCapitalsAlone) {
  EXPECT_THAT(
      Extracted("The House was large. Every Morning we walked. Mary had a lamb. A Company."),
      IsEmpty());
  EXPECT_THAT(Extracted("Ada\n\nLovelace"), IsEmpty());
  EXPECT_THAT(Extracted(""), IsEmpty());
}

// The same behaviour on SQLite and on PostgreSQL.
class EntityStoreTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    database_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    documents_ = *BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    store_ = std::make_unique<EntityStore>(*database_);
    Put("ada", "a", "Ada Lovelace met Charles Babbage in London. Ada Lovelace wrote.");
    Put("ada", "b", "Charles Babbage worked at the University of Cambridge.");
    Put("ada", "c", "The University of Cambridge met Alan Turing.");
    Put("ada", "d", "Nobody of interest.");
    Put("bob", "x", "Ada Lovelace in Paris.");
  }

  void Put(const std::string& user, const std::string& name, const std::string& text) {
    ASSERT_TRUE(BlockOn(documents_->Put(user, *ParseFile("/n/" + name + ".txt", text))));
  }
  std::vector<std::string> Names(Result<std::vector<std::string>> ids) {
    std::vector<std::string> names;
    EXPECT_TRUE(ids) << ids.error().ToString();
    for (const std::string& id : *ids) {
      const auto document = BlockOn(documents_->Get("ada", id));
      names.push_back(document ? document->filename.substr(0, 1) : "another's");
    }
    return names;
  }
  std::vector<std::string> Search(const std::string& user, EntityQuery query) {
    std::vector<std::string> found;
    for (const Entity& each : *BlockOn(store_->Search(user, std::move(query)))) {
      found.push_back(each.name + " " + std::to_string(each.documents));
    }
    return found;
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 7};
  MetricsRegistry metrics_;
  storage::testing::FreshDatabase fresh_{GetParam()};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<DocumentStore> documents_;
  std::unique_ptr<EntityStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Databases, EntityStoreTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(EntityStoreTest, FindsEntitiesByPartsOfTheirNames) {
  EXPECT_THAT(Search("ada", {.text = "BABB charles"}), ElementsAre("Charles Babbage 2"));
  EXPECT_THAT(Search("ada", {.text = "%"}), IsEmpty());
  EXPECT_THAT(Search("ada", {.types = {"Place"}}), ElementsAre("London 1"));
  EXPECT_EQ(Search("ada", {.limit = 2}).size(), 2U);
}

TEST_P(EntityStoreTest, FollowsConnections) {
  EXPECT_THAT(Names(BlockOn(store_->FindDocuments("ada", {"ada lovelace", "Charles  Babbage"}))),
              ElementsAre("a", "b"));
  EXPECT_THAT(Names(BlockOn(store_->FindRelated("ada", {"Ada Lovelace"}, 1))), ElementsAre("a"));
  EXPECT_THAT(Names(BlockOn(store_->FindRelated("ada", {"Ada Lovelace"}, 2))),
              ElementsAre("a", "b"));
  EXPECT_THAT(Names(BlockOn(store_->FindRelated("ada", {"Ada Lovelace"}, 4))),
              ElementsAre("a", "b", "c"));
  std::vector<std::string> beside;
  for (const CoOccurrence& each : *BlockOn(store_->CoOccurring("ada", {"Charles Babbage"}, 1))) {
    beside.push_back(each.name + " " + std::to_string(each.documents));
  }
  EXPECT_THAT(beside, ElementsAre("Ada Lovelace 1", "London 1", "University of Cambridge 1"));
  EXPECT_THAT(*BlockOn(store_->CoOccurring("ada", {"Charles Babbage"}, 2)), IsEmpty());
  EXPECT_THAT(*BlockOn(store_->FindDocuments("ada", {" "})), IsEmpty());
  EXPECT_EQ(BlockOn(store_->FindDocuments("ada", std::vector<std::string>(51, "x"))).error().code(),
            Code::kInvalidArgument);
}

TEST_P(EntityStoreTest, FollowsTheDocumentAsItChanges) {
  Put("ada", "a", "Grace Hopper in Boston.");
  EXPECT_THAT(Search("ada", {.text = "lovelace"}), IsEmpty());
  EXPECT_THAT(Search("ada", {.text = "hopper"}), ElementsAre("Grace Hopper 1"));
}

TEST_P(EntityStoreTest, AnotherUsersMentionsDoNotExist) {
  const auto paris = BlockOn(store_->Search("bob", {.text = "paris"}));
  ASSERT_EQ(paris->size(), 1U);
  EXPECT_TRUE(BlockOn(store_->Get("bob", paris->front().id)));
  const auto get = BlockOn(store_->Get("ada", paris->front().id));
  ASSERT_FALSE(get);
  EXPECT_THAT(get.error().ToString(), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Search("ada", {.text = "paris"}), IsEmpty());
  const auto lovelace = BlockOn(store_->Search("ada", {.text = "lovelace"}));
  EXPECT_EQ(BlockOn(store_->Get("ada", lovelace->front().id))->document_ids.size(), 1U);
  EXPECT_THAT(Names(BlockOn(store_->FindRelated("ada", {"Ada Lovelace"}, 4))),
              Not(Contains("another's")));
  for (const char* nobody : {"", "system"}) {
    EXPECT_THAT(Search(nobody, {}), IsEmpty());
    EXPECT_THAT(*BlockOn(store_->FindDocuments(nobody, {"Ada Lovelace"})), IsEmpty());
    EXPECT_THAT(*BlockOn(store_->CoOccurring(nobody, {"Ada Lovelace"}, 1)), IsEmpty());
  }
}

}  // namespace
}  // namespace baton::workspace::entities
