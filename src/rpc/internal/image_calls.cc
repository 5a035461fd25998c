#include "rpc/internal/image_calls.h"

#include <string>
#include <utility>

#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

namespace images = workspace::images;
// ToolService's messages.
namespace wire = ::tool_service;
using images::ImageService;

constexpr int kDefaultImages = 10;
constexpr int kMaxImages = 100;

Result<images::ImageRequest> DecodeGeneration(wire::ImageGenerationRequest&& request) {
  if (request.user_id().empty()) {
    return Fail(Code::kInvalidArgument, "ImageGenerationRequest.user_id is empty");
  }
  const std::string& format = request.format();
  if (!format.empty() && format != "png" && format != "jpeg" && format != "webp") {
    return Fail(Code::kInvalidArgument, "format '{}' is none of png, jpeg, webp", format);
  }
  images::ImageRequest decoded{
      .user_id = std::move(*request.mutable_user_id()),
      .prompt = std::move(*request.mutable_prompt()),
      .size = std::move(*request.mutable_size()),
      .model = request.model(),
      .negative_prompt = request.negative_prompt(),
      .format = request.format(),
      .reference_bytes = std::move(*request.mutable_reference_image_data()),
      .reference_document = request.reference_document_id(),
      .reference_url = request.reference_image_url()};
  if (request.has_reference_strength()) decoded.reference_strength = request.reference_strength();
  if (request.num_images() != 0) decoded.count = request.num_images();
  if (request.has_seed()) decoded.seed = request.seed();
  return decoded;
}

async::Task<Result<wire::ImageGenerationResponse>> GenerateImage(
    ImageService& service, wire::ImageGenerationRequest request, Deadline deadline) {
  auto decoded = DecodeGeneration(std::move(request));
  if (!decoded) co_return Fail(std::move(decoded).error());
  auto made = co_await service.Generate(*std::move(decoded), deadline);
  if (!made) co_return RefusedAs<wire::ImageGenerationResponse>(std::move(made).error());
  wire::ImageGenerationResponse response;
  response.set_success(true);
  response.set_model(WireText(std::move(made->model)));
  response.set_prompt(WireText(std::move(made->prompt)));
  response.set_size(std::move(made->size));
  for (images::MadeImage& image : made->images) {
    response.set_format(image.format);
    wire::GeneratedImage& out = *response.add_images();
    out.set_filename(std::move(image.filename));
    out.set_path(WireText(std::move(image.path)));
    out.set_width(image.width);
    out.set_height(image.height);
    out.set_format(std::move(image.format));
  }
  co_return response;
}

void EncodeFound(const workspace::Document& image, wire::ImageSearchResponse& response) {
  const auto member = [&](const char* key) {
    const auto found = image.metadata.find(key);
    return found == image.metadata.end() ? std::string() : found->second;
  };
  wire::ImageMetadata& metadata = *response.add_metadata();
  metadata.set_title(WireText(image.title));
  metadata.set_date(image.created_at);
  metadata.set_content(WireText(image.title));
  metadata.set_image_type(WireText(member("image_type")));
  response.mutable_results()->append(
      WireText(fmt::format("{}. {} ({}): {}\n", response.metadata_size(), image.title,
                           image.created_at.substr(0, 10), member("file"))));
}

async::Task<Result<wire::ImageSearchResponse>> SearchImages(ImageService& service,
                                                            wire::ImageSearchRequest request,
                                                            Deadline) {
  if (request.user_id().empty()) {
    co_return Fail(Code::kInvalidArgument, "ImageSearchRequest.user_id is empty");
  }
  const auto limit =
      LimitOf(request.limit(), kDefaultImages, kMaxImages, "ImageSearchRequest.limit");
  if (!limit) co_return Fail(limit.error());
  images::ImageQuery query{.text = request.query(),
                           .type = request.image_type(),
                           .author = request.author(),
                           .series = request.series(),
                           .date = request.date(),
                           .random = request.is_random(),
                           .limit = static_cast<std::size_t>(*limit),
                           .exclude_document_ids = {request.exclude_document_ids().begin(),
                                                    request.exclude_document_ids().end()}};
  const auto found = co_await service.Search(request.user_id(), std::move(query));
  if (!found) co_return Fail(found.error());
  wire::ImageSearchResponse response;
  response.set_success(true);
  for (const workspace::Document& image : *found) EncodeFound(image, response);
  response.set_structured_images_json(WireText(images::ListAsJson(*found)));
  co_return response;
}

async::Task<Result<wire::GetReferenceImageForObjectResponse>> GetReferenceImageForObject(
    ImageService& service, wire::GetReferenceImageForObjectRequest request, Deadline) {
  if (request.user_id().empty() || request.object_name().empty()) {
    co_return Fail(Code::kInvalidArgument, "GetReferenceImageForObjectRequest.{} is empty",
                   request.user_id().empty() ? "user_id" : "object_name");
  }
  auto found = co_await service.FindReference(request.user_id(), request.object_name());
  if (!found) {
    co_return RefusedAs<wire::GetReferenceImageForObjectResponse>(std::move(found).error());
  }
  wire::GetReferenceImageForObjectResponse response;
  response.set_success(true);
  response.set_document_id(std::move(found->document_id));
  response.set_reference_image_data(std::move(found->bytes));
  co_return response;
}

}  // namespace

void ServeImages(DescribedService& service, ImageService& images) {
  service.ServeWith("GenerateImage", images, GenerateImage);
  service.ServeWith("SearchImages", images, SearchImages);
  service.ServeWith("GetReferenceImageForObject", images, GetReferenceImageForObject);
}

}  // namespace baton::rpc::internal
