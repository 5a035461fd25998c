#include "workspace/vectors/internal/vector_set.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedding/vector.h"

namespace baton::workspace::vectors::internal {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kDimensions = 24;

bool Never() { return false; }

std::vector<float> RandomVector(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(kDimensions);
  for (float& x : vector) x = normal(random);
  embedding::Normalize(vector);
  return vector;
}

std::string NameOf(int number) { return "doc_" + std::to_string(number); }

void Fill(VectorSet& set, int documents, unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < documents; ++i) {
    set.Put(NameOf(i), 1, {{0, RandomVector(random)}, {1, RandomVector(random)}});
  }
}

std::set<std::string> IdsOf(const std::vector<SetMatch>& matches) {
  std::set<std::string> ids;
  for (const SetMatch& m : matches) ids.insert(m.document_id + "#" + std::to_string(m.position));
  return ids;
}

// How many of the ten nearest by comparing all the set finds too, of 50 questions.
double Recall(const VectorSet& set, const VectorSet& exact) {
  std::mt19937 random(99);
  double found = 0;
  for (int i = 0; i < 50; ++i) {
    const std::vector<float> question = RandomVector(random);
    const auto mine = IdsOf(set.Search(question, 10, nullptr));
    for (const std::string& id : IdsOf(exact.Search(question, 10, nullptr))) {
      found += mine.contains(id) ? 1 : 0;
    }
  }
  return found / 500;
}

TEST(VectorSet, FindsTheMostAlikeFirst) {
  VectorSet set(2, 100);
  set.Put("a", 7, {{0, {1, 0}}, {3, {0.6F, 0.8F}}});
  set.Put("b", 8, {{0, {0, 1}}});
  const auto matches = set.Search(std::vector<float>{1, 0}, 2, nullptr);
  ASSERT_THAT(matches, SizeIs(2));
  EXPECT_EQ(matches[0].document_id, "a");
  EXPECT_EQ(matches[0].stamp, 7);
  EXPECT_EQ(matches[1].position, 3);
  EXPECT_NEAR(matches[1].cosine, 0.6, 1e-6);
  EXPECT_EQ(set.CountOf(std::vector<std::string>{"a", "nobody"}), 2U);
}

TEST(VectorSet, LooksAtGivenDocumentsOnly) {
  VectorSet set(2, 100);
  set.Put("a", 1, {{0, {1, 0}}});
  set.Put("b", 1, {{0, {0, 1}}});
  const std::set<std::string, std::less<>> only = {"b", "unknown"};
  const auto matches = set.Search(std::vector<float>{1, 0}, 5, &only);
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_EQ(matches[0].document_id, "b");
}

TEST(VectorSet, ReplacesAndRemovesADocument) {
  VectorSet set(2, 100);
  set.Put("a", 1, {{0, {1, 0}}});
  set.Put("a", 2, {{0, {0, 1}}, {1, {0, 1}}});
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.Search(std::vector<float>{1, 0}, 1, nullptr)[0].stamp, 2);
  set.Put("a", 3, {});
  EXPECT_EQ(set.size(), 0U);
  EXPECT_THAT(set.Search(std::vector<float>{1, 0}, 1, nullptr), IsEmpty());
}

TEST(VectorSet, LeavesOutVectorsOfOtherDimensions) {
  VectorSet set(2, 100);
  set.Put("a", 1, {{0, {1, 0, 0}}});
  EXPECT_EQ(set.size(), 0U);
  EXPECT_THAT(set.Search(std::vector<float>{1}, 1, nullptr), IsEmpty());
}

TEST(VectorSet, FindsWithItsGraphNearlyWhatComparingAllFinds) {
  VectorSet exact(kDimensions, 1'000'000);
  VectorSet set(kDimensions, 500);
  Fill(exact, 3000, 5);
  Fill(set, 3000, 5);
  EXPECT_FALSE(exact.Grow(&Never));
  ASSERT_TRUE(set.Grow(&Never));
  EXPECT_FALSE(set.Grow(&Never));
  EXPECT_GE(Recall(set, exact), 0.95);
  // Others instead of a third, and more that are not in the graph yet, then are.
  std::mt19937 random(6);
  for (int i = 0; i < 4000; i += i < 3000 ? 3 : 1) {
    const std::vector<ChunkVector> vectors = {{0, RandomVector(random)}};
    set.Put(NameOf(i), 2, vectors);
    exact.Put(NameOf(i), 2, vectors);
  }
  EXPECT_GE(Recall(set, exact), 0.95);
  set.Grow(&Never);
  EXPECT_GE(Recall(set, exact), 0.95);
  EXPECT_EQ(set.size(), exact.size());
}

TEST(VectorSet, GivesBackTheMemoryOfWhatWasRemoved) {
  VectorSet set(kDimensions, 500);
  Fill(set, 3000, 5);
  ASSERT_TRUE(set.Grow(&Never));
  const std::size_t before = set.memory_bytes();
  for (int i = 0; i < 2500; ++i) set.Put(NameOf(i), 2, {});
  EXPECT_EQ(set.size(), 1000U);
  EXPECT_LT(set.memory_bytes(), before / 2);
  std::mt19937 random(1);
  EXPECT_THAT(set.Search(RandomVector(random), 2000, nullptr), SizeIs(1000));
}

TEST(VectorSet, StopsMakingItsGraphWhenTold) {
  VectorSet set(kDimensions, 500);
  Fill(set, 1000, 5);
  EXPECT_FALSE(set.Grow([] { return true; }));
  std::mt19937 random(1);
  EXPECT_THAT(set.Search(RandomVector(random), 10, nullptr), SizeIs(10));
}

}  // namespace
}  // namespace baton::workspace::vectors::internal
