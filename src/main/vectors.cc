#include "main/vectors.h"

#include <utility>

#include "embedding/hashing_embedder.h"
#include "llm/openai/embedder.h"

namespace baton::app {
namespace {

Result<std::unique_ptr<embedding::Embedder>> BuildEmbedder(const Settings& settings) {
  if (settings.Text("embedding.model").empty()) {
    return std::make_unique<embedding::HashingEmbedder>();
  }
  llm::openai::EmbedderOptions options;
  for (const char* key : {"openai.base_url", "embedding.base_url"}) {
    if (!settings.Text(key).empty()) options.base_url = settings.Text(key);
  }
  for (const char* key : {"openai.api_key", "embedding.api_key"}) {
    if (!settings.Text(key).empty()) options.api_key = settings.Text(key);
  }
  options.model = settings.Text("embedding.model");
  options.dimensions = static_cast<std::size_t>(settings.Number("embedding.dimensions"));
  auto embedder = llm::openai::OpenAiEmbedder::Create(std::move(options));
  if (!embedder) return Fail(std::move(embedder).error().Annotate("settings 'embedding'"));
  return *std::move(embedder);
}

Result<workspace::vectors::VectorOptions> ReadVectorOptions(const Settings& settings) {
  workspace::vectors::VectorOptions options;
  if (settings.Text("embedding.model").empty()) options = workspace::vectors::HashingOptions();
  const std::int64_t unrelated = settings.Number("embedding.unrelated_percent");
  if (unrelated > 99) {
    return Fail(Code::kInvalidArgument, "setting 'embedding.unrelated_percent': 99 is the most");
  }
  if (!settings.IsDefault("embedding.unrelated_percent")) {
    options.unrelated = static_cast<double>(unrelated) / 100;
  }
  options.memory_bytes = static_cast<std::size_t>(settings.Number("search.memory_mb")) << 20U;
  return options;
}

}  // namespace

Result<std::unique_ptr<VectorParts>> VectorParts::Start(const Settings& settings,
                                                        storage::Database& database,
                                                        workspace::DocumentStore& documents,
                                                        const Clock& clock,
                                                        MetricsRegistry& metrics) {
  const std::string& mode = settings.Text("search.vectors");
  if (mode == "off") return nullptr;
  if (mode != "auto") {
    return Fail(Code::kInvalidArgument, "setting 'search.vectors': '{}' is neither auto nor off",
                mode);
  }
  auto embedder = BuildEmbedder(settings);
  if (!embedder) return Fail(std::move(embedder).error());
  const auto options = ReadVectorOptions(settings);
  if (!options) return Fail(options.error());
  std::unique_ptr<VectorParts> parts(
      new VectorParts(*std::move(embedder), database, clock, metrics, *options));
  documents.UseVectors(parts->search_);
  parts->worker_.Start(parts->runtime_.Pick());
  return parts;
}

}  // namespace baton::app
