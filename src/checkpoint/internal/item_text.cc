#include "checkpoint/internal/item_text.h"

#include <utility>

#include "embedding/embed_texts.h"
#include "embedding/words.h"

namespace baton::checkpoint::internal {
namespace {

void AppendTexts(const json::Value& value, std::string& text) {
  if (const json::Object* object = value.if_object()) {
    for (const auto& member : *object) AppendTexts(member.value(), text);
    return;
  }
  if (const json::Array* list = value.if_array()) {
    for (const json::Value& element : *list) AppendTexts(element, text);
    return;
  }
  if (!value.is_string() && !value.is_number()) return;
  if (!text.empty()) text += '\n';
  text += value.is_string() ? std::string(json::ToStringView(value.get_string()))
                            : json::Serialize(value);
}

}  // namespace

std::vector<std::string> TextsAt(const json::Object& value, std::span<const json::Pointer> places) {
  const json::Value whole = value;
  std::vector<std::string> texts;
  for (const json::Pointer& place : places) {
    const json::Value* found = place.Find(whole);
    if (found == nullptr) continue;
    std::string text;
    AppendTexts(*found, text);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> WordsOfAll(std::span<const std::string> texts) {
  return embedding::WordsOfAll(texts, embedding::kMaxWords);
}

async::Task<Result<std::vector<std::vector<float>>>> EmbedItemTexts(
    embedding::Embedder& embedder, std::vector<std::string> texts) {
  Result<std::vector<std::vector<float>>> vectors =
      co_await embedding::EmbedTexts(embedder, std::move(texts));
  if (vectors) std::erase_if(*vectors, [](const auto& vector) { return vector.empty(); });
  co_return vectors;
}

async::Task<Result<std::vector<float>>> EmbedQuery(embedding::Embedder* embedder,
                                                   std::string query) {
  if (embedder == nullptr) {
    co_return Fail(Code::kFailedPrecondition,
                   "search by meaning: this store has no embedder, search by words");
  }
  std::vector<std::string> texts;
  texts.push_back(std::move(query));
  Result<std::vector<std::vector<float>>> vectors =
      co_await EmbedItemTexts(*embedder, std::move(texts));
  if (!vectors) co_return Fail(std::move(vectors).error());
  co_return vectors->empty() ? std::vector<float>() : std::move(vectors->front());
}

}  // namespace baton::checkpoint::internal
