// Vectors from OpenAI-compatible servers: OpenAI, vLLM, Ollama, llama.cpp,
// text-embeddings-inference.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "embedding/embedder.h"
#include "http/client.h"

namespace baton::llm::openai {

struct EmbedderOptions {
  std::string base_url = "https://api.openai.com/v1";  // what is before "/embeddings"
  std::string api_key;                                 // empty: none is sent
  std::string model;
  std::size_t dimensions = 1536;  // that the model yields; asked for where models can vary them
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

// Threads: safe; a call lives on the executor of its caller.
// Errors:  those of ParseError() in wire.h and of http::Client; kInternal for an answer that is
//          none. Nothing is tried again here: who embeds in the background has its own patience,
//          and a search does not wait. The API key occurs in no message.
class OpenAiEmbedder final : public embedding::Embedder {
 public:
  // kInvalidArgument for a base URL that is not http or https, an empty model, no dimensions.
  static Result<std::unique_ptr<OpenAiEmbedder>> Create(EmbedderOptions options);

  std::string_view name() const override { return name_; }
  std::size_t dimensions() const override { return options_.dimensions; }
  async::Task<Result<std::vector<std::vector<float>>>> Embed(
      std::vector<std::string> texts) override;

 private:
  explicit OpenAiEmbedder(EmbedderOptions options);

  const EmbedderOptions options_;
  const std::string name_;  // "openai:text-embedding-3-small:1536"
  const http::Client client_;
};

}  // namespace baton::llm::openai
