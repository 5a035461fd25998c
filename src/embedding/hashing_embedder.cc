#include "embedding/hashing_embedder.h"

#include "base/hash.h"
#include "embedding/words.h"

namespace baton::embedding {
namespace {

// A word has about as many trigrams as letters: together they weigh as much as two words.
constexpr float kWordWeight = 1.0F;
constexpr float kTrigramWeight = 0.35F;

constexpr std::uint64_t kWordSeed = 1469598103934665603ULL;
constexpr std::uint64_t kTrigramSeed = 1099511628211ULL;

void AddFeature(std::vector<float>& vector, std::string_view feature, std::uint64_t seed,
                float weight) {
  const std::uint64_t hash = Fnv1a(feature, seed);
  // The top bit is none of those that choose the dimension.
  const float sign = (hash >> 63U) != 0 ? -1.0F : 1.0F;
  vector[(hash ^ (hash >> 32U)) % vector.size()] += sign * weight;
}

// The byte offsets at which characters begin, and the end.
std::vector<std::size_t> CharacterOffsets(std::string_view text) {
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) offsets.push_back(i);
  }
  offsets.push_back(text.size());
  return offsets;
}

void AddWord(std::vector<float>& vector, const std::string& word) {
  AddFeature(vector, word, kWordSeed, kWordWeight);
  const std::string padded = "^" + word + "$";
  const std::vector<std::size_t> offsets = CharacterOffsets(padded);
  for (std::size_t i = 0; i + 3 < offsets.size(); ++i) {
    const std::string_view trigram =
        std::string_view(padded).substr(offsets[i], offsets[i + 3] - offsets[i]);
    AddFeature(vector, trigram, kTrigramSeed, kTrigramWeight);
  }
}

}  // namespace

async::Task<Result<std::vector<std::vector<float>>>> HashingEmbedder::Embed(
    std::vector<std::string> texts) {
  std::vector<std::vector<float>> vectors;
  for (const std::string& text : texts) {
    std::vector<float> vector(dimensions());
    for (const std::string& word : WordsOf(text, kMaxWords)) {
      AddWord(vector, word);
    }
    vectors.push_back(std::move(vector));
  }
  co_return vectors;
}

}  // namespace baton::embedding
