#include "embedding/embed_texts.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "base/utf8.h"
#include "embedding/vector.h"

namespace baton::embedding {
namespace {

constexpr std::size_t kMaxEmbeddedBytes = std::size_t{8} << 10U;  // what embedding models read

Status CheckVector(const Embedder& embedder, std::span<const float> vector) {
  if (vector.size() != embedder.dimensions()) {
    return Fail(Code::kInternal, "embedder {}: a vector of {} dimensions instead of {}",
                embedder.name(), vector.size(), embedder.dimensions());
  }
  if (!std::ranges::all_of(vector, [](float x) { return std::isfinite(x); })) {
    return Fail(Code::kInternal, "embedder {}: a vector with a number that is not finite",
                embedder.name());
  }
  return {};
}

}  // namespace

async::Task<Result<std::vector<std::vector<float>>>> EmbedTexts(Embedder& embedder,
                                                                std::vector<std::string> texts) {
  if (texts.empty()) co_return std::vector<std::vector<float>>();
  const std::size_t count = texts.size();
  for (std::string& text : texts) text.resize(Utf8Prefix(text, kMaxEmbeddedBytes).size());
  Result<std::vector<std::vector<float>>> vectors = co_await embedder.Embed(std::move(texts));
  if (!vectors) {
    co_return Fail(
        std::move(vectors).error().Annotate(fmt::format("embedder {}", embedder.name())));
  }
  if (vectors->size() != count) {
    co_return Fail(Code::kInternal, "embedder {}: {} vectors for {} texts", embedder.name(),
                   vectors->size(), count);
  }
  for (std::vector<float>& vector : *vectors) {
    BATON_CO_TRY(CheckVector(embedder, vector));
    if (!Normalize(vector)) vector.clear();
  }
  co_return vectors;
}

}  // namespace baton::embedding
