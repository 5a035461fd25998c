// The half of ImageService that reads the pictures to start from.
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "workspace/images/image_service.h"

namespace baton::workspace::images {
namespace {

Status CheckReference(std::string_view bytes) {
  if (bytes.size() > kMaxReferenceBytes) {
    return Fail(Code::kResourceExhausted, "the reference image has {} MiB, the limit is {}",
                bytes.size() >> 20U, kMaxReferenceBytes >> 20U);
  }
  if (ReadImageHeader(bytes).format.empty()) {
    return Fail(Code::kInvalidArgument, "the reference is no PNG, JPEG or WebP image");
  }
  return {};
}

Result<std::string> ReadImageFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return Fail(Code::kNotFound, "the image's file '{}' is gone", path.filename().string());
  }
  return bytes;
}

}  // namespace

// By its name in our own folder: what a document's metadata say may be anybody's words.
async::Task<Result<std::string>> ImageService::ReadKept(const Document& image) {
  if (!image.content_type.starts_with("image/")) {
    co_return Fail(Code::kInvalidArgument, "document '{}' is no image", image.id);
  }
  const std::filesystem::path path = options_.folder / image.filename;
  co_return co_await files_.Run([&path] { return ReadImageFile(path); });
}

// Empty if none is asked for.
async::Task<Result<std::string>> ImageService::LoadReference(const ImageRequest& request,
                                                             Deadline deadline) {
  Result<std::string> bytes = request.reference_bytes;
  if (bytes->empty() && !request.reference_document.empty()) {
    const auto document = co_await documents_.Get(request.user_id, request.reference_document);
    if (!document) co_return Fail(document.error());
    bytes = co_await ReadKept(*document);
  } else if (bytes->empty() && !request.reference_url.empty()) {
    http::RequestOptions options{.deadline = deadline, .max_body_bytes = kMaxReferenceBytes};
    options.addresses = std::make_shared<const http::AddressPolicy>(options_.addresses);
    auto response = co_await client_.Fetch({.url = request.reference_url}, std::move(options));
    if (!response) co_return Fail(std::move(response).error());
    if (response->status != 200) {
      co_return Fail(Code::kInvalidArgument, "the reference's URL answers with status {}",
                     response->status);
    }
    bytes = std::move(response->body);
  } else if (bytes->empty()) {
    co_return bytes;
  }
  if (bytes) BATON_CO_TRY(CheckReference(*bytes));
  co_return bytes;
}

async::Task<Result<ReferenceImage>> ImageService::FindReference(std::string user_id,
                                                                std::string object) {
  const auto found = co_await Search(user_id, {.text = object, .limit = 1});
  if (!found) co_return Fail(found.error());
  if (found->empty()) {
    co_return Fail(Code::kNotFound, "no such picture: none of '{}' is in the library", object);
  }
  auto bytes = co_await ReadKept(found->front());
  if (!bytes) co_return Fail(std::move(bytes).error());
  co_return ReferenceImage{.document_id = found->front().id, .bytes = *std::move(bytes)};
}

}  // namespace baton::workspace::images
