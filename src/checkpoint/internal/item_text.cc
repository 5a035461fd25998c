#include "checkpoint/internal/item_text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include "base/check.h"
#include "base/utf8.h"

namespace baton::checkpoint::internal {
namespace {

constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxEmbeddedBytes = std::size_t{8} << 10U;  // what embedding models read

const icu::Normalizer2& CaseFolding() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(error);
  BATON_CHECK(U_SUCCESS(error), "ICU has no data");
  return *folding;
}

// Scripts that put no blanks between words.
bool IsWordByItself(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &error);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
}

bool IsPartOfWord(UChar32 c) {
  return u_isalnum(c) != 0 || (U_GET_GC_MASK(c) & (U_GC_MN_MASK | U_GC_MC_MASK)) != 0;
}

// Collects distinct words.
class WordCollector {
 public:
  explicit WordCollector(std::size_t most) : most_(most) {}

  void Read(std::string_view text) {
    UErrorCode error = U_ZERO_ERROR;
    const icu::UnicodeString folded = CaseFolding().normalize(
        icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), error);
    icu::UnicodeString word;
    for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
      const UChar32 c = folded.char32At(i);
      const bool alone = IsWordByItself(c);
      if (alone || !IsPartOfWord(c)) Take(word);
      if (alone || IsPartOfWord(c)) word.append(c);
      if (alone) Take(word);
    }
    Take(word);
  }

  std::vector<std::string> words;

 private:
  void Take(icu::UnicodeString& word) {
    if (!word.isEmpty() && words.size() < most_) {
      std::string text;
      word.toUTF8String(text);
      text.resize(Utf8Prefix(text, kMaxWordBytes).size());
      if (known_.insert(text).second) words.push_back(std::move(text));
    }
    word.remove();
  }

  const std::size_t most_;
  std::set<std::string, std::less<>> known_;
};

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

Status CheckVector(const graph::Embedder& embedder, std::span<const float> vector) {
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

// False for all zeros.
bool Normalize(std::vector<float>& vector) {
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  if (squares == 0) return false;
  const double length = std::sqrt(squares);
  for (float& x : vector) x = static_cast<float>(x / length);
  return true;
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text, std::size_t most) {
  WordCollector collector(most);
  collector.Read(text);
  return std::move(collector.words);
}

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
  WordCollector collector(kMaxWords);
  for (const std::string& text : texts) collector.Read(text);
  return std::move(collector.words);
}

async::Task<Result<std::vector<std::vector<float>>>> EmbedTexts(graph::Embedder& embedder,
                                                                std::vector<std::string> texts) {
  std::vector<std::vector<float>> kept;
  if (texts.empty()) co_return kept;
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
    if (Normalize(vector)) kept.push_back(std::move(vector));
  }
  co_return kept;
}

async::Task<Result<std::vector<float>>> EmbedQuery(graph::Embedder* embedder, std::string query) {
  if (embedder == nullptr) {
    co_return Fail(Code::kFailedPrecondition,
                   "search by meaning: this store has no embedder, search by words");
  }
  std::vector<std::string> texts;
  texts.push_back(std::move(query));
  Result<std::vector<std::vector<float>>> vectors =
      co_await EmbedTexts(*embedder, std::move(texts));
  if (!vectors) co_return Fail(std::move(vectors).error());
  co_return vectors->empty() ? std::vector<float>() : std::move(vectors->front());
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

std::string EncodeVector(std::span<const float> vector) {
  std::string bytes;
  bytes.reserve(vector.size() * sizeof(std::uint32_t));
  for (const float x : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>((bits >> shift) & 0xFFU);
    }
  }
  return bytes;
}

std::vector<float> DecodeVector(std::string_view bytes) {
  std::vector<float> vector(bytes.size() / sizeof(std::uint32_t));
  for (std::size_t i = 0; i < vector.size(); ++i) {
    std::uint32_t bits = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i * 4 + byte]))
              << (8 * byte);
    }
    vector[i] = std::bit_cast<float>(bits);
  }
  return vector;
}

}  // namespace baton::checkpoint::internal
