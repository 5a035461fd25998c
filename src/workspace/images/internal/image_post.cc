#include "workspace/images/internal/image_post.h"

#include <string_view>

#include <fmt/format.h>

#include "json/json.h"

namespace baton::workspace::images::internal {
namespace {

void AddField(std::string& form, const std::string& boundary, std::string_view name,
              std::string_view value) {
  form += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", boundary,
                      name, value);
}

}  // namespace

http::Request NewImage(const std::string& base_url, const ImageRequest& request) {
  json::Object body{{"model", request.model},
                    {"prompt", request.prompt},
                    {"n", request.count},
                    {"size", request.size}};
  if (request.seed) body["seed"] = *request.seed;
  if (!request.negative_prompt.empty()) body["negative_prompt"] = request.negative_prompt;
  if (!request.format.empty()) body["output_format"] = request.format;
  http::Request post{.method = "POST",
                     .url = base_url + "/images/generations",
                     .headers = {},
                     .body = json::Serialize(body)};
  post.headers.Add("Content-Type", "application/json");
  return post;
}

http::Request ImageLike(const std::string& base_url, const ImageRequest& request,
                        std::string_view reference, const std::string& boundary) {
  std::string form;
  AddField(form, boundary, "model", request.model);
  AddField(form, boundary, "prompt", request.prompt);
  AddField(form, boundary, "n", std::to_string(request.count));
  AddField(form, boundary, "size", request.size);
  if (request.seed) AddField(form, boundary, "seed", std::to_string(*request.seed));
  if (!request.negative_prompt.empty()) {
    AddField(form, boundary, "negative_prompt", request.negative_prompt);
  }
  if (!request.format.empty()) AddField(form, boundary, "output_format", request.format);
  if (request.reference_strength) {
    AddField(form, boundary, "strength", fmt::format("{}", *request.reference_strength));
  }
  const std::string format = ReadImageHeader(reference).format;
  form += fmt::format(
      "--{0}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"reference.{1}\"\r\n"
      "Content-Type: image/{1}\r\n\r\n",
      boundary, format);
  form += reference;
  form += fmt::format("\r\n--{}--\r\n", boundary);
  http::Request post{
      .method = "POST", .url = base_url + "/images/edits", .headers = {}, .body = std::move(form)};
  post.headers.Add("Content-Type", "multipart/form-data; boundary=" + boundary);
  return post;
}

}  // namespace baton::workspace::images::internal
