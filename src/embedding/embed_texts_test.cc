#include "embedding/embed_texts.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "embedding/vector.h"

namespace baton::embedding {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ScriptedEmbedder final : public Embedder {
 public:
  explicit ScriptedEmbedder(std::vector<std::vector<float>> vectors)
      : vectors_(std::move(vectors)) {}
  std::string_view name() const override { return "scripted"; }
  std::size_t dimensions() const override { return 2; }
  async::Task<Result<std::vector<std::vector<float>>>> Embed(std::vector<std::string>) override {
    co_return vectors_;
  }

 private:
  std::vector<std::vector<float>> vectors_;
};

Status FailureOf(std::vector<std::vector<float>> vectors) {
  ScriptedEmbedder embedder(std::move(vectors));
  const auto embedded = async::BlockOn(EmbedTexts(embedder, {"a"}));
  return embedded ? Status() : embedded.error();
}

TEST(EmbedTexts, YieldsVectorsOfLengthOneAndNoneForATextThatSaysNothing) {
  ScriptedEmbedder embedder({{3, 4}, {0, 0}});
  const auto vectors = async::BlockOn(EmbedTexts(embedder, {"a", ""}));
  ASSERT_TRUE(vectors);
  EXPECT_THAT((*vectors)[0], ElementsAre(FloatEq(0.6F), FloatEq(0.8F)));
  EXPECT_THAT((*vectors)[1], IsEmpty());
}

TEST(EmbedTexts, RefusesVectorsThatAreNotAsPromised) {
  EXPECT_THAT(FailureOf({}).message(), HasSubstr("embedder scripted: 0 vectors for 1 texts"));
  EXPECT_THAT(FailureOf({{1, 2, 3}}).message(), HasSubstr("3 dimensions instead of 2"));
  EXPECT_THAT(FailureOf({{1, std::numeric_limits<float>::infinity()}}).message(),
              HasSubstr("not finite"));
}

TEST(Vector, IsStoredInSinglePrecisionLittleEndian) {
  const std::vector<float> vector = {1.0F, -2.5F};
  const std::string bytes = EncodeVector(vector);
  EXPECT_EQ(bytes, std::string("\x00\x00\x80\x3F\x00\x00\x20\xC0", 8));
  EXPECT_EQ(DecodeVector(bytes), vector);
}

}  // namespace
}  // namespace baton::embedding
