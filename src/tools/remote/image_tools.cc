#include "tools/remote/image_tools.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using ImageStub = ToolServiceClient::Connection::AsyncStub;
using internal::AddRpcTool;
using internal::IntegerProperty;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;

constexpr std::int64_t kMostImages = 4;

Result<ToolResult> ShowMade(const wire::ImageGenerationResponse& response) {
  if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
  ToolResult result;
  for (const wire::GeneratedImage& image : response.images()) {
    if (!result.text.empty()) result.text += '\n';
    result.text += fmt::format("{}: {}, {} x {} pixels, made by {}", image.path(), image.format(),
                               image.width(), image.height(), response.model());
  }
  return result;
}

}  // namespace

Status RegisterImageTools(ToolRegistry& registry,
                          const std::shared_ptr<ToolServiceClient>& client) {
  BATON_TRY((AddRpcTool<wire::ImageGenerationRequest, wire::ImageGenerationResponse>(
      registry, client,
      {.name = "generate_image",
       .description = "Makes pictures from a description, which costs money. They are kept in the "
                      "user's library; returns their files.",
       .parameters = ObjectSchema(
           {{"prompt", StringProperty("What is to be seen: subject, setting, style, light, "
                                      "colours, composition")},
            {"size", StringProperty("WIDTHxHEIGHT in pixels; 1024x1024 if not given")},
            {"count", IntegerProperty(1, kMostImages, "How many; 1 if not given")},
            {"negative_prompt", StringProperty("What must not be seen")},
            {"reference_document_id",
             StringProperty("A picture of the library to start from, as search_images names it: "
                            "for changes of one that is there")}},
           {"prompt"}),
       .effect = Effect::kSpend},
      {&ImageStub::GenerateImage,
       [](const json::Object& arguments, wire::ImageGenerationRequest& request) {
         request.set_prompt(TextArgument(arguments, "prompt"));
         request.set_size(TextArgument(arguments, "size"));
         request.set_num_images(static_cast<int>(json::GetInt(arguments, "count", 1)));
         const std::string negative = TextArgument(arguments, "negative_prompt");
         if (!negative.empty()) request.set_negative_prompt(negative);
         request.set_reference_document_id(TextArgument(arguments, "reference_document_id"));
       },
       ShowMade})));
  BATON_TRY((
      AddRpcTool<wire::GetReferenceImageForObjectRequest, wire::GetReferenceImageForObjectResponse>(
          registry, client,
          {.name = "find_reference_image",
           .description = "The picture of the user's library that shows an object best, as "
                          "reference_document_id for generate_image.",
           .parameters =
               ObjectSchema({{"object", StringProperty("Such as \"our logo\"")}}, {"object"})},
          {&ImageStub::GetReferenceImageForObject,
           [](const json::Object& arguments, wire::GetReferenceImageForObjectRequest& request) {
             request.set_object_name(TextArgument(arguments, "object"));
           },
           [](const wire::GetReferenceImageForObjectResponse& response) -> Result<ToolResult> {
             if (!response.success()) return Fail(Status(Code::kNotFound, response.error()));
             return ToolResult{.text = "reference_document_id: " + response.document_id(),
                               .sources = {}};
           }})));
  return AddRpcTool<wire::ImageSearchRequest, wire::ImageSearchResponse>(
      registry, client,
      {.name = "search_images",
       .description = "Finds pictures in the user's library by what they were made from.",
       .parameters = ObjectSchema({{"query", StringProperty("The words that matter")}}, {"query"})},
      {&ImageStub::SearchImages,
       [](const json::Object& arguments, wire::ImageSearchRequest& request) {
         request.set_query(TextArgument(arguments, "query"));
       },
       [](const wire::ImageSearchResponse& response) -> Result<ToolResult> {
         if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
         if (response.results().empty()) return ToolResult{.text = "No picture fits."};
         return ToolResult{.text = response.results() + response.structured_images_json()};
       }});
}

}  // namespace baton::tools::remote
