#include "workspace/images/image_service.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <re2/re2.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "http/url.h"
#include "json/json.h"
#include "workspace/images/internal/image_post.h"
#include "workspace/importer.h"

namespace baton::workspace::images {
namespace {

constexpr int kMaxCount = 4;

// What models of the API take at most; a description, not a document.
constexpr std::size_t kMaxPromptBytes = 4000;

// Four images of 4096 x 4096 as base64.
constexpr std::size_t kMaxAnswerBytes = std::size_t{256} << 20U;
constexpr std::size_t kMaxImageBytes = std::size_t{64} << 20U;
constexpr std::size_t kMaxReasonShown = 300;
constexpr std::chrono::minutes kMakingTime{5};

constexpr std::string_view kCategory = "image";
constexpr std::size_t kMaxFound = 100;
constexpr std::string_view kDefaultSize = "1024x1024";

Status CheckRequest(const ImageRequest& request) {
  if (request.prompt.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Fail(Code::kInvalidArgument, "the prompt is empty");
  }
  if (request.prompt.size() > kMaxPromptBytes) {
    return Fail(Code::kResourceExhausted, "the prompt has {} bytes, the limit is {}",
                request.prompt.size(), kMaxPromptBytes);
  }
  if (request.count < 1 || request.count > kMaxCount) {
    return Fail(Code::kInvalidArgument, "{} images: 1 to {} can be made at once", request.count,
                kMaxCount);
  }
  const double strength = request.reference_strength.value_or(0);
  if (!(strength >= 0 && strength <= 1)) {
    return Fail(Code::kInvalidArgument, "reference_strength is {}: 0 to 1 are possible", strength);
  }
  static const re2::RE2 size("[1-9][0-9]{1,3}x[1-9][0-9]{1,3}");
  if (!request.size.empty() && !re2::RE2::FullMatch(request.size, size)) {
    return Fail(Code::kInvalidArgument, "size '{}' is not WIDTHxHEIGHT in pixels",
                ReplaceInvalidUtf8(request.size));
  }
  return {};
}

Result<std::string> FromBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return Fail(Code::kUnavailable, "the image is no base64");
  std::size_t padding = 0;
  while (padding < 2 && text.size() > padding && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

// Why the service refuses, in its own words.
Status Refusal(const http::Response& response) {
  std::string reason = fmt::format("status {}", response.status);
  if (const auto body = json::Parse(response.body)) {
    if (const json::Value* error = json::Find(*body, "error")) {
      const std::string_view message = json::GetString(*error, "message");
      if (!message.empty()) reason += fmt::format(": {}", Utf8Prefix(message, kMaxReasonShown));
    }
  }
  Code code = Code::kUnavailable;
  if (response.status == 401 || response.status == 403) code = Code::kFailedPrecondition;
  if (response.status == 400 || response.status == 404 || response.status == 422) {
    code = Code::kInvalidArgument;
  }
  if (response.status == 429) code = Code::kResourceExhausted;
  return Fail(code, "images API: {}", reason);
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool HasMember(const Document& image, const char* key, std::string_view wanted) {
  if (wanted.empty()) return true;
  const auto found = image.metadata.find(key);
  return found != image.metadata.end() &&
         std::ranges::equal(found->second, wanted, {}, Lower, Lower);
}

bool Fits(const ImageQuery& query, const Document& document) {
  return document.content_type.starts_with("image/") &&
         document.created_at.starts_with(query.date) &&
         HasMember(document, "image_type", query.type) &&
         HasMember(document, "author", query.author) && HasMember(document, "series", query.series);
}

Status WriteFile(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return {};
  std::filesystem::remove(path, error);
  return Fail(Code::kUnavailable, "'{}' cannot be written", path.string());
}

}  // namespace

std::string ListAsJson(const std::vector<Document>& images) {
  json::Array list;
  for (const Document& image : images) {
    json::Object entry{{"document_id", image.id}, {"title", image.title}};
    for (const char* key : {"file", "model"}) {
      const auto found = image.metadata.find(key);
      if (found != image.metadata.end()) entry[key] = found->second;
    }
    list.emplace_back(std::move(entry));
  }
  return json::Serialize(list);
}

ImageService::ImageService(ImageOptions options, DocumentStore& documents, IdGenerator& ids)
    : options_(std::move(options)), documents_(documents), ids_(ids) {}

async::Task<Result<MadeImages>> ImageService::Generate(ImageRequest request, Deadline deadline) {
  if (request.model.empty()) request.model = options_.model;
  if (options_.model.empty()) {
    co_return Fail(Code::kFailedPrecondition,
                   "no model for images is set up: set images.model, and openai.api_key or "
                   "images.base_url");
  }
  BATON_CO_TRY(CheckRequest(request));
  if (request.size.empty()) request.size = kDefaultSize;
  deadline = deadline.Earlier(Deadline::In(kMakingTime));
  auto reference = co_await LoadReference(request, deadline);
  if (!reference) co_return Fail(std::move(reference).error());
  auto made = co_await Ask(request, *std::move(reference), deadline);
  if (!made) co_return Fail(std::move(made).error());
  MadeImages result{.model = request.model, .prompt = request.prompt, .size = request.size};
  for (std::string& bytes : *made) {
    auto image = co_await Keep(request, std::move(bytes));
    if (!image) co_return Fail(std::move(image).error());
    result.images.push_back(*std::move(image));
  }
  co_return result;
}

async::Task<Result<std::vector<std::string>>> ImageService::Ask(const ImageRequest& request,
                                                                std::string reference,
                                                                Deadline deadline) {
  http::Request post = reference.empty() ? internal::NewImage(options_.base_url, request)
                                         : internal::ImageLike(options_.base_url, request,
                                                               reference, ids_.New("baton"));
  if (!options_.api_key.empty()) post.headers.Add("Authorization", "Bearer " + options_.api_key);
  const auto response = co_await client_.Fetch(
      std::move(post),
      {.deadline = deadline, .idle_timeout = kMakingTime, .max_body_bytes = kMaxAnswerBytes});
  if (!response) co_return Fail(response.error());
  if (response->status != 200) co_return Fail(Refusal(*response));
  const auto answer = json::Parse(response->body, {.max_bytes = kMaxAnswerBytes});
  const json::Value* list = answer ? json::Find(*answer, "data") : nullptr;
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    co_return Fail(Code::kUnavailable, "images API: the answer holds no images");
  }
  std::vector<std::string> images;
  for (const json::Value& each : list->get_array()) {
    const std::string_view data = json::GetString(each, "b64_json");
    const std::string_view url = json::GetString(each, "url");
    auto bytes = data.empty() ? co_await Fetch(std::string(url), deadline) : FromBase64(data);
    if (!bytes) co_return Fail(std::move(bytes).error().Annotate("images API"));
    images.push_back(*std::move(bytes));
  }
  co_return images;
}

async::Task<Result<std::string>> ImageService::Fetch(std::string url, Deadline deadline) const {
  // The service's own host may be anywhere; what else it names is a stranger's.
  http::RequestOptions options{.deadline = deadline, .max_body_bytes = kMaxImageBytes};
  const auto there = http::SplitUrl(url);
  const auto home = http::SplitUrl(options_.base_url);
  if (!there || !home || there->host != home->host) {
    options.addresses =
        std::make_shared<const http::AddressPolicy>(http::AddressPolicy::Parse("").value());
  }
  auto response = co_await client_.Fetch({.url = std::move(url)}, std::move(options));
  if (!response) co_return Fail(std::move(response).error());
  if (response->status != 200) {
    co_return Fail(Code::kUnavailable, "the image's URL answers with status {}", response->status);
  }
  co_return std::move(response->body);
}

async::Task<Result<MadeImage>> ImageService::Keep(const ImageRequest& request, std::string bytes) {
  const ImageHeader header = ReadImageHeader(bytes);
  if (header.format.empty()) {
    co_return Fail(Code::kUnavailable, "images API: what it gave is no PNG, JPEG or WebP image");
  }
  MadeImage image{.filename = fmt::format("{}.{}", ids_.New("img"), header.format),
                  .format = header.format,
                  .width = header.width,
                  .height = header.height};
  const auto path = std::filesystem::absolute(options_.folder / image.filename);
  image.path = path.string();
  BATON_CO_TRY(
      co_await files_.Run([path, bytes = std::move(bytes)] { return WriteFile(path, bytes); }));
  ParsedDocument document =
      ParseText("/images/" + image.filename, "image/" + header.format, request.prompt);
  document.title = Utf8Prefix(request.prompt.substr(0, request.prompt.find('\n')), 100);
  document.metadata = {{"category", std::string(kCategory)},
                       {"image_type", "generated"},
                       {"model", request.model},
                       {"file", image.path}};
  auto id = co_await documents_.Create(request.user_id, std::move(document));
  if (!id) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    co_return Fail(std::move(id).error());
  }
  image.document_id = *std::move(id);
  co_return image;
}

async::Task<Result<std::vector<Document>>> ImageService::Search(std::string user_id,
                                                                ImageQuery query) {
  const auto hits = co_await documents_.Search(
      std::move(user_id), {.text = query.text,
                           .filters = {fmt::format("category:{}", kCategory)},
                           .limit = kMaxFound,
                           .exclude_document_ids = std::move(query.exclude_document_ids)});
  if (!hits) co_return Fail(hits.error());
  std::vector<Document> images;
  for (const SearchHit& hit : *hits) {
    if (Fits(query, hit.document)) images.push_back(hit.document);
  }
  if (query.random) std::ranges::shuffle(images, std::mt19937_64(Fnv1a(ids_.New("order"))));
  if (images.size() > query.limit) images.resize(query.limit);
  co_return images;
}

}  // namespace baton::workspace::images
