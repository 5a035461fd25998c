#include "llm/offline/text.h"

#include <algorithm>
#include <array>

namespace baton::llm::offline {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

// The character at `at`; U+FFFD of one byte where there is none.
CodePoint DecodeAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || at + length > text.size()) return {0xFFFD, 1};
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return {0xFFFD, 1};
    value = (value << 6U) | (byte(at + i) & 0x3FU);
  }
  return {value, length};
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6U));
    out += static_cast<char>(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12U));
    out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (c & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | (c >> 18U));
    out += static_cast<char>(0x80U | ((c >> 12U) & 0x3FU));
    out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (c & 0x3FU));
  }
}

bool IsBetween(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

char32_t LowerCase(char32_t c) {
  if (IsBetween(c, 'A', 'Z')) return c + 0x20;
  if (IsBetween(c, 0xC0, 0xDE) && c != 0xD7) return c + 0x20;
  if (IsBetween(c, 0x100, 0x137) || IsBetween(c, 0x14A, 0x177)) return c | 1U;
  if (IsBetween(c, 0x139, 0x148) || IsBetween(c, 0x179, 0x17E)) return c + (c & 1U);
  if (c == 0x178) return 0xFF;
  if (IsBetween(c, 0x391, 0x3A9)) return c + 0x20;
  if (IsBetween(c, 0x410, 0x42F)) return c + 0x20;
  if (IsBetween(c, 0x400, 0x40F)) return c + 0x50;
  return c;
}

bool IsWordCharacter(char32_t c) {
  if (c < 0x80) return IsBetween(c | 0x20U, 'a', 'z') || IsBetween(c, '0', '9');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  constexpr std::pair<char32_t, char32_t> kOthers[] = {
      {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2000, 0x206F}, {0x20A0, 0x20CF},
      {0x2190, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3008, 0x3020},
      {0xE000, 0xF8FF}, {0xFE10, 0xFE6F}, {0xFF00, 0xFF0F}, {0xFF1A, 0xFF20},
      {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}};
  return std::ranges::none_of(
      kOthers, [c](const auto& range) { return IsBetween(c, range.first, range.second); });
}

bool IsWrittenWithoutSpaces(char32_t c) {
  return IsBetween(c, 0x3040, 0x30FF) || IsBetween(c, 0x3400, 0x4DBF) ||
         IsBetween(c, 0x4E00, 0x9FFF) || IsBetween(c, 0x20000, 0x2FFFF);
}

bool HasNonAscii(std::string_view word) {
  return std::ranges::any_of(word, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// Whether the word is joined to another, as in "how-to", "docs/a" and "run_id": part of a name,
// which is kept whole.
bool IsPartOfName(std::string_view text, const Word& word) {
  constexpr std::string_view kJoiners = "-_/@";
  const auto is_letter = [&](std::size_t at) {
    return at < text.size() && !kSpace.contains(text[at]) && !kJoiners.contains(text[at]);
  };
  const auto begin = static_cast<std::size_t>(word.raw.data() - text.data());
  const std::size_t end = begin + word.raw.size();
  const bool before = begin >= 2 && kJoiners.contains(text[begin - 1]) && is_letter(begin - 2);
  return before || (end < text.size() && kJoiners.contains(text[end]) && is_letter(end + 1));
}

// Which words say what the text is about.
std::vector<Word> TopicWords(std::string_view text) {
  std::vector<Word> topics;
  std::vector<Word> containers;
  const std::vector<Word> words = SplitWords(text);
  const bool opened =
      words.size() > 2 && IsOpeningVerb(words.front().folded) && !IsPartOfName(text, words.front());
  for (std::size_t i = opened ? 1 : 0; i < words.size(); ++i) {
    const Word& word = words[i];
    const bool named = IsPartOfName(text, word);
    if (!named && (IsStopWord(word.folded) || IsCommandWord(word.folded))) continue;
    const bool is_container = !named && IsContainerWord(word.folded);
    (is_container ? containers : topics).push_back(word);
  }
  return topics.empty() ? containers : topics;
}

// Whether what stands between two neighbouring words joins them: "super-step", "docs/a.md".
bool Joins(std::string_view between) {
  return between.empty() ||
         (between.size() == 1 && std::string_view("-_./:@+'").contains(between[0]));
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string Fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeAt(text, at);
    AppendUtf8(out, LowerCase(c.value));
    at += c.bytes;
  }
  return out;
}

std::vector<Word> SplitWords(std::string_view text) {
  std::vector<Word> words;
  std::size_t begin = 0;
  bool inside = false;
  const auto end_word = [&](std::size_t end) {
    if (inside) words.push_back({text.substr(begin, end - begin), {}});
    inside = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeAt(text, at);
    const bool alone = IsWrittenWithoutSpaces(c.value);
    if (!IsWordCharacter(c.value) || alone) end_word(at);
    if (IsWordCharacter(c.value) && !inside) {
      begin = at;
      inside = true;
    }
    at += c.bytes;
    if (alone) end_word(at);
  }
  end_word(text.size());
  for (Word& word : words) word.folded = Fold(word.raw);
  return words;
}

std::string Stem(std::string_view folded) {
  constexpr std::size_t kShortest = 4;  // a stem of fewer bytes says too little
  std::string word(folded);
  const auto drop = [&word](std::string_view suffix) {
    if (!word.ends_with(suffix) || word.size() < kShortest + suffix.size()) return false;
    word.resize(word.size() - suffix.size());
    return true;
  };
  const bool keeps_s = word.ends_with("ss") || word.ends_with("us") || word.ends_with("is");
  if (!keeps_s && word.size() > kShortest - 1 && word.ends_with('s')) word.pop_back();
  if (drop("bility")) word += "ble";  // "durability", "durable"
  for (const std::string_view suffix : {"ing", "ed", "er", "en", "e", "n"}) {
    if (drop(suffix)) break;
  }
  const std::size_t size = word.size();
  if (size >= kShortest && word[size - 1] == word[size - 2] && !HasNonAscii(word) &&
      !std::string_view("aeiou").contains(word[size - 1])) {
    word.pop_back();  // "running" → "runn" → "run"
  }
  if (word.size() > kShortest && word.ends_with('y')) word.back() = 'i';
  return word;
}

std::vector<std::string> TopicStems(std::string_view text) {
  std::vector<std::string> stems;
  for (const Word& word : TopicWords(text)) {
    if (IsStopWord(word.folded)) continue;  // in a name; AllStems() does not have it either
    std::string stem = Stem(word.folded);
    if (std::ranges::find(stems, stem) == stems.end()) stems.push_back(std::move(stem));
  }
  return stems;
}

std::vector<std::string> AllStems(std::string_view text) {
  std::vector<std::string> stems;
  for (const Word& word : SplitWords(text)) {
    if (!IsStopWord(word.folded)) stems.push_back(Stem(word.folded));
  }
  return stems;
}

std::string KeyPhrase(std::string_view text) {
  std::string phrase;
  const char* previous_end = nullptr;
  for (const Word& word : TopicWords(text)) {
    const char* begin = word.raw.data();
    const std::string_view between = previous_end == nullptr
                                         ? std::string_view(" ")
                                         : std::string_view(previous_end, begin - previous_end);
    if (!phrase.empty()) phrase += Joins(between) ? between : " ";
    phrase += word.raw;
    previous_end = begin + word.raw.size();
  }
  return phrase.empty() ? std::string(Trimmed(text)) : phrase;
}

Language GuessLanguage(std::string_view text) {
  std::array<int, 4> hits{};
  for (const Word& word : SplitWords(text)) {
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (IsStopWordOf(word.folded, static_cast<Language>(i))) ++hits[i];
    }
  }
  // English where nothing speaks for another.
  const auto most = std::ranges::max_element(hits);
  return static_cast<Language>(most - hits.begin());
}

}  // namespace baton::llm::offline
