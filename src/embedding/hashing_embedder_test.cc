#include "embedding/hashing_embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"

namespace baton::embedding {
namespace {

using ::testing::SizeIs;

TEST(HashingEmbedder, GivesTheSameVectorsForEver) {
  HashingEmbedder embedder;
  const auto vectors = async::BlockOn(embedder.Embed({"backup", "Backup!", "", "backups"}));
  ASSERT_THAT(*vectors, SizeIs(4));
  EXPECT_EQ((*vectors)[0], (*vectors)[1]);
  EXPECT_EQ((*vectors)[2], std::vector<float>(256));
  std::uint64_t hash = 0;
  for (const float x : (*vectors)[0])
    hash = hash * 31 + static_cast<std::uint64_t>(x * 1000 + 5e5F);
  EXPECT_EQ(hash, 9585565336973294360U);
}

}  // namespace
}  // namespace baton::embedding
