#include "workspace/images/image_service.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/check.h"
#include "base/metrics.h"
#include "http/server.h"
#include "json/json.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"

namespace baton::workspace::images {
namespace {

// A PNG as far as anybody here reads it: signature and header.
std::string Png(char width, char height) {
  std::string bytes("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0", 19);
  return bytes + width + std::string(3, '\0') + height + "pixels";
}

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  return text;
}

TEST(ImageHeader, IsReadOfPngJpegAndWebp) {
  const ImageHeader png = ReadImageHeader(Png(7, 9));
  EXPECT_EQ(png.format, "png");
  EXPECT_EQ(png.width, 7);
  EXPECT_EQ(png.height, 9);
  const ImageHeader jpeg =
      ReadImageHeader(std::string("\xFF\xD8\xFF\xE0\0\4ab\xFF\xC0\0\x11\x08\0\5\0\6", 17));
  EXPECT_EQ(jpeg.format, "jpeg");
  EXPECT_EQ(jpeg.width, 6);
  EXPECT_EQ(jpeg.height, 5);
  EXPECT_EQ(ReadImageHeader("RIFF____WEBPVP8 ").format, "webp");
  for (const std::string& other : {std::string(), std::string("GIF89a"), Png(1, 1).substr(0, 20),
                                   std::string("\xFF\xD8"), std::string("<svg/>")}) {
    EXPECT_EQ(ReadImageHeader(other).format, "") << other;
  }
  EXPECT_EQ(ReadImageHeader("\xFF\xD8\xFF\xE0\xFF\xFF").width, 0) << "a segment beyond the end";
}

class ImageServiceTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  ImageServiceTest() {
    auto server = http::StartServer(
        runtime_, {}, [this](const http::ServerRequest& request, http::ResponseWriter& response) {
          return Answer(request, response);
        });
    BATON_CHECK(server.has_value(), server.error().ToString());
    server_ = *std::move(server);
    url_ = fmt::format("http://127.0.0.1:{}", server_->port());
    database_ = storage::OpenDatabase(fresh_.address(), metrics_).value();
    documents_ = async::BlockOn(DocumentStore::Open(*database_, SystemClock(), ids_)).value();
    service_.emplace(
        ImageOptions{.base_url = url_, .api_key = "k", .model = "m", .folder = folder_},
        *documents_, ids_);
  }
  ~ImageServiceTest() override {
    server_->Stop();
    std::filesystem::remove_all(folder_);
  }

  async::Task<void> Answer(const http::ServerRequest& request, http::ResponseWriter& response) {
    paths_.push_back(request.path);
    asked_ = request.body;
    const bool is_file = request.path == "/made.png";
    const Status sent =
        co_await response.Send(status_, {}, is_file ? Png(3, 4) : std::string(answer_));
    EXPECT_TRUE(sent.ok()) << sent.ToString();
  }
  Result<MadeImages> Generate(ImageRequest request) {
    if (request.user_id.empty()) request.user_id = "ann";
    return async::BlockOn(
        service_->Generate(std::move(request), Deadline::In(std::chrono::seconds(20))));
  }
  std::size_t Found(std::string user, std::string text) {
    return async::BlockOn(service_->Search(std::move(user), {.text = std::move(text)}))
        .value()
        .size();
  }

  async::Runtime runtime_{1};
  MetricsRegistry metrics_;
  IdGenerator ids_{SystemClock(), 1};
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / IdGenerator(SystemClock()).New("baton_images");
  int status_ = 200;
  std::string answer_;
  std::vector<std::string> paths_;
  std::string asked_;
  std::unique_ptr<http::Server> server_;
  std::string url_;
  storage::testing::FreshDatabase fresh_{GetParam()};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<DocumentStore> documents_;
  std::optional<ImageService> service_;
};

TEST_P(ImageServiceTest, AnImageIsMadeKeptAndFoundByItsOwnerAlone) {
  answer_ = json::Serialize(
      json::Object{{"data", json::Array{json::Object{{"b64_json", Base64(Png(7, 9))}}}}});
  const auto made = Generate({.prompt = "A fox in the snow", .size = "512x512", .seed = 4});
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(paths_, std::vector<std::string>{"/images/generations"});
  EXPECT_EQ(asked_,
            R"({"model":"m","prompt":"A fox in the snow","n":1,"size":"512x512","seed":4})");
  ASSERT_EQ(made->images.size(), 1U);
  const MadeImage& image = made->images[0];
  EXPECT_EQ(image.width, 7);
  EXPECT_EQ(image.height, 9);
  std::ifstream file(image.path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), Png(7, 9));
  EXPECT_EQ(Found("ann", "fox"), 1U);
  EXPECT_EQ(Found("ann", "whale"), 0U);
  EXPECT_EQ(Found("eve", "fox"), 0U);
}

TEST_P(ImageServiceTest, ImagesAreFoundByWhatIsKnownOfThem) {
  answer_ = json::Serialize(
      json::Object{{"data", json::Array{json::Object{{"b64_json", Base64(Png(7, 9))}}}}});
  ASSERT_TRUE(Generate({.prompt = "A fox", .format = "png"}));
  EXPECT_THAT(asked_, ::testing::HasSubstr(R"("output_format":"png")"));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Generate({.prompt = fmt::format("A hen {}", i)}));
  const auto count = [this](ImageQuery query) {
    return async::BlockOn(service_->Search("ann", std::move(query))).value().size();
  };
  EXPECT_EQ(count({.text = ""}), 5U);
  EXPECT_EQ(count({.text = "fox", .type = "Generated"}), 1U);
  EXPECT_EQ(count({.text = "fox", .type = "photo"}), 0U);
  EXPECT_EQ(count({.text = "fox", .author = "nobody"}), 0U);
  EXPECT_EQ(count({.text = "fox", .series = "none"}), 0U);
  EXPECT_EQ(count({.text = "fox", .date = "1900"}), 0U);
  EXPECT_EQ(count({.text = "fox", .date = FormatTimestamp(SystemClock().Now()).substr(0, 4)}), 1U);
  EXPECT_EQ(count({.text = "hen", .random = true, .limit = 3}), 3U);
  std::set<std::string> seen;
  for (int i = 0; i < 100 && seen.size() < 4; ++i) {
    const auto any =
        async::BlockOn(service_->Search("ann", {.text = "hen", .random = true, .limit = 1}));
    seen.insert(any->front().title);
  }
  EXPECT_EQ(seen.size(), 4U) << "a random one is not always the same";
}

TEST_P(ImageServiceTest, AnImageThatIsNamedByItsUrlIsFetchedFromTheServiceItself) {
  answer_ = json::Serialize(
      json::Object{{"data", json::Array{json::Object{{"url", url_ + "/made.png"}}}}});
  const auto made = Generate({.prompt = "A fox"});
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(made->images[0].width, 3);
  // What it names elsewhere is held to public addresses.
  answer_ = json::Serialize(
      json::Object{{"data", json::Array{json::Object{{"url", "http://localhost:1/made.png"}}}}});
  EXPECT_EQ(Generate({.prompt = "A fox"}).error().code(), Code::kPermissionDenied);
}

TEST_P(ImageServiceTest, WhatCannotBeIsRefusedBeforeItCosts) {
  EXPECT_EQ(Generate({.prompt = " "}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Generate({.prompt = "x", .size = "big"}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Generate({.prompt = "x", .count = 5}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Generate({.prompt = std::string(5000, 'x')}).error().code(), Code::kResourceExhausted);
  service_.emplace(ImageOptions{.base_url = url_, .folder = folder_}, *documents_, ids_);
  const auto unset = Generate({.prompt = "x"});
  EXPECT_EQ(unset.error().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(unset.error().message().contains("images.model"));
  EXPECT_TRUE(paths_.empty());
}

TEST_P(ImageServiceTest, APictureIsMadeFromOneThatIsThere) {
  answer_ = json::Serialize(
      json::Object{{"data", json::Array{json::Object{{"b64_json", Base64(Png(7, 9))}}}}});
  const auto first = Generate({.prompt = "Our logo, a fox"});
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  const std::string& id = first->images[0].document_id;
  const auto changed = Generate(
      {.prompt = "The same at night", .reference_document = id, .reference_strength = 0.5});
  ASSERT_TRUE(changed.has_value()) << changed.error().ToString();
  EXPECT_EQ(paths_.back(), "/images/edits");
  EXPECT_TRUE(
      asked_.contains("name=\"image\"; filename=\"reference.png\"\r\n"
                      "Content-Type: image/png\r\n\r\n" +
                      Png(7, 9) + "\r\n--"));
  EXPECT_TRUE(asked_.contains("name=\"prompt\"\r\n\r\nThe same at night\r\n"));
  EXPECT_TRUE(asked_.contains("name=\"strength\"\r\n\r\n0.5\r\n"));
  EXPECT_TRUE(Generate({.prompt = "x", .reference_bytes = Png(1, 1)}).has_value());
  const auto reference = async::BlockOn(service_->FindReference("ann", "logo"));
  ASSERT_TRUE(reference.has_value()) << reference.error().ToString();
  EXPECT_EQ(reference->document_id, id);
  EXPECT_EQ(reference->bytes, Png(7, 9));
  // Nobody else's, nothing else than an image, and no file that is gone.
  const auto refused = [&](ImageRequest request) {
    request.prompt = "x";
    return Generate(std::move(request)).error().code();
  };
  EXPECT_EQ(refused({.user_id = "eve", .reference_document = id}), Code::kNotFound);
  EXPECT_EQ(async::BlockOn(service_->FindReference("eve", "logo")).error().code(), Code::kNotFound);
  EXPECT_EQ(refused({.reference_document = "doc_none"}), Code::kNotFound);
  EXPECT_EQ(refused({.reference_bytes = "<svg/>"}), Code::kInvalidArgument);
  EXPECT_EQ(refused({.reference_bytes = std::string(kMaxReferenceBytes + 1, 'x')}),
            Code::kResourceExhausted);
  EXPECT_EQ(refused({.reference_strength = 1.5}), Code::kInvalidArgument);
  ParsedDocument text{
      .title = "a", .path = "/images/a.md", .content_type = "text/markdown", .content = "x"};
  const auto document = async::BlockOn(documents_->Create("ann", std::move(text)));
  EXPECT_EQ(refused({.reference_document = *document}), Code::kInvalidArgument);
  std::filesystem::remove(first->images[0].path);
  EXPECT_EQ(refused({.reference_document = id}), Code::kNotFound);
}

TEST_P(ImageServiceTest, AReferenceByUrlIsFetchedOnlyFromWhereItMayBe) {
  answer_ = json::Serialize(
      json::Object{{"data", json::Array{json::Object{{"b64_json", Base64(Png(7, 9))}}}}});
  ImageRequest request{.prompt = "x", .reference_url = url_ + "/made.png"};
  // Even where the images API itself is: the URL is a stranger's.
  EXPECT_EQ(Generate(request).error().code(), Code::kPermissionDenied);
  EXPECT_TRUE(paths_.empty());
  service_.emplace(ImageOptions{.base_url = url_,
                                .model = "m",
                                .folder = folder_,
                                .addresses = *http::AddressPolicy::Parse(
                                    fmt::format("127.0.0.1:{}", server_->port()))},
                   *documents_, ids_);
  const auto made = Generate(request);
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(paths_, (std::vector<std::string>{"/made.png", "/images/edits"}));
  EXPECT_TRUE(asked_.contains(Png(3, 4)));
}

TEST_P(ImageServiceTest, ARefusalIsToldInTheServicesWords) {
  answer_ = R"({"error": {"message": "no such model"}})";
  const std::pair<int, Code> cases[] = {{400, Code::kInvalidArgument},
                                        {401, Code::kFailedPrecondition},
                                        {429, Code::kResourceExhausted},
                                        {500, Code::kUnavailable}};
  for (const auto& [status, code] : cases) {
    status_ = status;
    const auto refused = Generate({.prompt = "x"});
    EXPECT_EQ(refused.error().code(), code) << status;
    EXPECT_EQ(refused.error().message(),
              fmt::format("images API: status {}: no such model", status));
  }
}

TEST_P(ImageServiceTest, AnAnswerThatIsNoImageIsNotKept) {
  for (const char* answer :
       {"", "{}", R"({"data": []})", R"({"data": [{}]})", R"({"data": [{"b64_json": "!!"}]})",
        R"({"data": [{"b64_json": "PHN2Zy8+"}]})"}) {
    answer_ = answer;
    EXPECT_FALSE(Generate({.prompt = "x"}).has_value()) << answer;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_));
  EXPECT_EQ(async::BlockOn(documents_->Count("ann")).value(), 0);
}

INSTANTIATE_TEST_SUITE_P(Databases, ImageServiceTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& dialect) {
                           return dialect.param == storage::Dialect::kSqlite ? "SQLite"
                                                                             : "PostgreSQL";
                         });

}  // namespace
}  // namespace baton::workspace::images
