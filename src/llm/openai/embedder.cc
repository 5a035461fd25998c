#include "llm/openai/embedder.h"

#include <utility>

#include <fmt/core.h>

#include "base/utf8.h"
#include "http/url.h"
#include "json/json.h"
#include "llm/openai/wire.h"

namespace baton::llm::openai {
namespace {

// Only these models can be asked for fewer dimensions; other servers refuse the member.
bool TakesDimensions(std::string_view model) { return model.starts_with("text-embedding-3"); }

std::string BuildEmbeddingRequest(const EmbedderOptions& options,
                                  const std::vector<std::string>& texts) {
  json::Object body{{"model", options.model}, {"encoding_format", "float"}};
  if (TakesDimensions(options.model)) body["dimensions"] = options.dimensions;
  json::Array input;
  // Servers refuse a text without anything.
  for (const std::string& text : texts) {
    input.emplace_back(text.empty() ? std::string(" ") : ReplaceInvalidUtf8(text));
  }
  body["input"] = std::move(input);
  return json::Serialize(body);
}

std::vector<float> ParseVector(const json::Value& item) {
  std::vector<float> vector;
  const json::Value* numbers = json::Find(item, "embedding");
  if (numbers == nullptr || !numbers->is_array()) return vector;
  for (const json::Value& number : numbers->get_array()) {
    if (!number.is_number()) return {};
    vector.push_back(number.to_number<float>());
  }
  return vector;
}

// {"data": [{"index": 0, "embedding": [0.1, …]}, …]}
Result<std::vector<std::vector<float>>> ParseVectors(const std::string& text, std::size_t count) {
  const auto body = json::Parse(text);
  if (!body) return Fail(Code::kInternal, "embeddings: the answer is no JSON");
  if (auto error = FindError(*body)) return Fail(*std::move(error));
  std::vector<std::vector<float>> vectors(count);
  std::size_t filled = 0;
  const json::Value* data = json::Find(*body, "data");
  for (std::size_t i = 0; data != nullptr && data->is_array() && i < data->get_array().size();
       ++i) {
    const json::Value& item = data->get_array()[i];
    const auto index = static_cast<std::size_t>(json::GetInt(item, "index", static_cast<int>(i)));
    if (index >= count || !vectors[index].empty()) continue;
    vectors[index] = ParseVector(item);
    filled += vectors[index].empty() ? 0 : 1;
  }
  if (filled == count) return vectors;
  return Fail(Code::kInternal, "embeddings: {} vectors for {} texts", filled, count);
}

}  // namespace

Result<std::unique_ptr<OpenAiEmbedder>> OpenAiEmbedder::Create(EmbedderOptions options) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  if (!options.base_url.starts_with("http://") && !options.base_url.starts_with("https://")) {
    return Fail(Code::kInvalidArgument, "embeddings base URL '{}': must start with http or https",
                http::PrintableUrl(options.base_url));
  }
  if (options.model.empty() || options.dimensions == 0) {
    return Fail(Code::kInvalidArgument, "embeddings at {}: no {}",
                http::PrintableUrl(options.base_url),
                options.model.empty() ? "model name" : "number of dimensions");
  }
  return std::unique_ptr<OpenAiEmbedder>(new OpenAiEmbedder(std::move(options)));
}

OpenAiEmbedder::OpenAiEmbedder(EmbedderOptions options)
    : options_(std::move(options)),
      name_(fmt::format("openai:{}:{}", options_.model, options_.dimensions)) {}

async::Task<Result<std::vector<std::vector<float>>>> OpenAiEmbedder::Embed(
    std::vector<std::string> texts) {
  http::Request request;
  request.method = "POST";
  request.url = options_.base_url + "/embeddings";
  request.headers.Add("Content-Type", "application/json");
  if (!options_.api_key.empty()) {
    request.headers.Add("Authorization", "Bearer " + options_.api_key);
  }
  request.body = BuildEmbeddingRequest(options_, texts);
  http::RequestOptions limits;
  limits.deadline = Deadline::In(options_.timeout);
  Result<http::Response> response = co_await client_.Fetch(std::move(request), limits);
  if (!response) co_return Fail(std::move(response).error());
  if (response->status >= 200 && response->status <= 299) {
    co_return ParseVectors(response->body, texts.size());
  }
  const Status error = ParseError(response->status, response->body);
  co_return Fail(Status(error.code(), RedactKey(error.message(), options_.api_key)));
}

}  // namespace baton::llm::openai
