#include "llm/openai/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "testing/mock_openai_server.h"

namespace baton::llm::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class OpenAiEmbedderTest : public ::testing::Test {
 protected:
  Result<std::vector<std::vector<float>>> Embed(testing::MockAnswer answer,
                                                std::vector<std::string> texts) {
    auto server = testing::MockOpenAiServer::Start(
        runtime_, [answer](const testing::MockRequest&) { return answer; });
    EXPECT_TRUE(server);
    auto embedder = OpenAiEmbedder::Create({.base_url = (*server)->base_url() + "/",
                                            .api_key = "sk-secret-0123456789",
                                            .model = "text-embedding-3-small",
                                            .dimensions = 2});
    EXPECT_TRUE(embedder);
    auto vectors = async::BlockOn((*embedder)->Embed(std::move(texts)));
    asked_ = (*server)->exchanges().front().request;
    return vectors;
  }

  static testing::MockAnswer Json(std::string body) {
    testing::MockAnswer answer;
    answer.raw = {std::move(body)};
    return answer;
  }

  async::Runtime runtime_{1};
  testing::MockRequest asked_;
};

TEST_F(OpenAiEmbedderTest, YieldsVectorsInTheOrderOfTheTexts) {
  const auto vectors = Embed(Json(R"({"data":[{"index":1,"embedding":[0,1]},
                                              {"index":0,"embedding":[0.5,-2]}]})"),
                             {"a", ""});
  ASSERT_TRUE(vectors) << vectors.error().ToString();
  EXPECT_THAT((*vectors)[0], ElementsAre(0.5F, -2.0F));
  EXPECT_THAT((*vectors)[1], ElementsAre(0.0F, 1.0F));
  EXPECT_EQ(asked_.path, "/v1/embeddings");
  EXPECT_EQ(json::Serialize(asked_.body),
            R"({"model":"text-embedding-3-small","encoding_format":"float",)"
            R"("dimensions":2,"input":["a"," "]})");
}

TEST_F(OpenAiEmbedderTest, FailsForTooFewVectors) {
  const auto vectors = Embed(Json(R"({"data":[{"index":0,"embedding":[0,1]}]})"), {"a", "b"});
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().code(), Code::kInternal);
  EXPECT_THAT(vectors.error().message(), HasSubstr("1 vectors for 2 texts"));
}

TEST_F(OpenAiEmbedderTest, ReportsWhatTheServerSaysWithoutTheKey) {
  testing::MockAnswer answer;
  answer.status = 503;
  answer.body = R"({"error":{"message":"busy, sk-secret-0123456789"}})";
  const auto vectors = Embed(std::move(answer), {"a"});
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().code(), Code::kUnavailable);
  EXPECT_THAT(vectors.error().message(), HasSubstr("busy"));
  EXPECT_THAT(vectors.error().message(), Not(HasSubstr("sk-secret-0123456789")));
}

TEST(OpenAiEmbedder, RefusesOptionsThatCannotWork) {
  EXPECT_THAT(OpenAiEmbedder::Create({.base_url = "ftp://a", .model = "m"}).error().message(),
              HasSubstr("must start with http"));
  EXPECT_THAT(OpenAiEmbedder::Create({}).error().message(), HasSubstr("no model name"));
}

}  // namespace
}  // namespace baton::llm::openai
