#include "runs/routing/message_text.h"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "base/check.h"
#include "base/utf8.h"

namespace baton::runs::routing {
namespace {

constexpr std::size_t kMaxWords = 200;
constexpr std::size_t kFewNumbers = 3;
constexpr std::size_t kFewItems = 2;

constexpr std::array<std::string_view, 10> kDocumentEndings = {
    "pdf", "docx", "doc", "odt", "md", "txt", "epub", "rtf", "pptx", "html"};
constexpr std::array<std::string_view, 8> kDataEndings = {"csv", "tsv", "json", "xlsx",
                                                          "xls", "ods", "yaml", "parquet"};
constexpr std::array<std::string_view, 18> kCodeEndings = {
    "py",   "cc", "cpp", "h",   "js", "ts",  "tsx", "rs",    "go",
    "java", "kt", "rb",  "php", "sh", "sql", "css", "ipynb", "toml"};
constexpr std::array<std::string_view, 16> kDomainEndings = {
    "com", "org", "net", "io", "dev", "de", "fr", "es",
    "uk",  "edu", "gov", "eu", "be",  "ch", "at", "example"};
constexpr std::array<std::string_view, 15> kCodeSigns = {"()",  "{}",       "=>",  "::",  "</",
                                                         "$(",  "==",       "->",  "();", "&&",
                                                         "```", "#include", "C++", "c++", "C#"};
constexpr std::array<std::string_view, 6> kFeedSigns = {"rss",  "atom", "feed",
                                                        ".xml", ".rdf", "syndication"};

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Lower case and without accents.
std::string Fold(std::string_view text) {
  std::string folded(text);
  if (IsAscii(text)) {
    for (char& c : folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return folded;
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFKDInstance(error);
  BATON_CHECK(U_SUCCESS(error), "ICU has no data");
  icu::UnicodeString wide = decompose->normalize(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), error);
  wide.foldCase();
  icu::UnicodeString kept;
  for (std::int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const UChar32 c = wide.char32At(i);
    if (c < 0x0300 || c > 0x036F) kept.append(c);
  }
  folded.clear();
  kept.toUTF8String(folded);
  return folded;
}

template <std::size_t Size>
bool IsOneOf(const std::array<std::string_view, Size>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

template <std::size_t Size>
bool HoldsOneOf(const std::array<std::string_view, Size>& list, std::string_view text) {
  return std::ranges::any_of(list, [&](std::string_view sign) { return text.contains(sign); });
}

// What typewriters of other countries and times have, as the plain sign.
struct Punctuation {
  std::string_view sign;
  char plain;
};
constexpr std::array<Punctuation, 15> kPunctuation = {{{"\u201e", '"'},
                                                       {"\u201c", '"'},
                                                       {"\u201d", '"'},
                                                       {"\u00ab", '"'},
                                                       {"\u00bb", '"'},
                                                       {"\u2018", '\''},
                                                       {"\u2019", '\''},
                                                       {"\u2013", ' '},
                                                       {"\u2014", ' '},
                                                       {"\u2026", ' '},
                                                       {"\u2022", ' '},
                                                       {"\u00a0", ' '},
                                                       {"\u00bf", ' '},
                                                       {"\u00a1", ' '},
                                                       {"\u00b0", ' '}}};

std::string WithAsciiPunctuation(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto* const found = std::ranges::find_if(kPunctuation, [&](const Punctuation& mark) {
      return text.substr(at).starts_with(mark.sign);
    });
    plain += found == kPunctuation.end() ? text[at] : found->plain;
    at += found == kPunctuation.end() ? 1 : found->sign.size();
  }
  return plain;
}

// Collects words and marks.
class MessageReader {
 public:
  MessageText Read(std::string_view message) {
    const std::string plain = WithAsciiPunctuation(Utf8Prefix(message, kMaxRoutedBytes));
    const std::string_view text = plain;
    // What ICU calls white space beyond ASCII occurs within a piece and separates nothing else.
    constexpr std::string_view kBlanks = " \t\r\n";
    for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
      ReadPiece(text.substr(at, end - at));
      at = text.find_first_not_of(kBlanks, end);
    }
    MarkWhole(text);
    return std::move(out_);
  }

 private:
  void Add(Mark mark) {
    if (!out_.Has(mark)) out_.marks.push_back(mark);
  }

  void ReadPiece(std::string_view piece) {
    constexpr std::string_view kAround = "\"'()[]<>,.;:!?*`";
    const std::size_t first = piece.find_first_not_of(kAround);
    if (first == std::string_view::npos) return;
    const std::string_view core = piece.substr(first, piece.find_last_not_of(kAround) - first + 1);
    if (IsAddress(core)) return ReadAddress(core);
    MarkFile(core);
    ReadWords(piece);
  }

  static bool IsAddress(std::string_view core) {
    if (core.contains("://") || core.starts_with("www.")) return true;
    const std::size_t slash = core.find('/');
    const std::string_view host = core.substr(0, slash);
    const std::size_t dot = host.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || core.contains('@')) return false;
    return IsOneOf(kDomainEndings, host.substr(dot + 1)) && IsWordByte(host[dot - 1]);
  }

  void ReadAddress(std::string_view address) {
    Add(Mark::kUrl);
    const std::string folded = Fold(address);
    if (HoldsOneOf(kFeedSigns, folded)) Add(Mark::kFeedUrl);
    const std::size_t scheme = folded.find("://");
    const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
    const std::size_t path = folded.find('/', host);
    if (path != std::string::npos && path + 1 < folded.size()) Add(Mark::kUrlPath);
  }

  void MarkFile(std::string_view core) {
    const std::size_t dot = core.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == core.size()) return;
    const std::string ending = Fold(core.substr(dot + 1));
    if (IsOneOf(kDocumentEndings, ending)) Add(Mark::kDocumentFile);
    if (IsOneOf(kDataEndings, ending)) Add(Mark::kDataFile);
    if (IsOneOf(kCodeEndings, ending)) Add(Mark::kCodeFile);
  }

  void ReadWords(std::string_view piece) {
    for (std::size_t at = 0; at < piece.size();) {
      if (!IsWordByte(piece[at])) {
        ++at;
        continue;
      }
      std::size_t end = at;
      while (end < piece.size() && IsWordByte(piece[end])) ++end;
      AddWord(piece.substr(at, end - at));
      at = end;
    }
  }

  void AddWord(std::string_view raw) {
    if (out_.words.size() == kMaxWords) return;
    if (std::ranges::all_of(raw, [](char c) { return c >= '0' && c <= '9'; })) {
      if (++numbers_ >= kFewNumbers) Add(Mark::kNumbers);
    }
    Word word;
    word.text = Fold(raw);
    if (word.text.empty()) return;
    word.stem = StemOf(word.text);
    word.capitalised = raw[0] != word.text[0];
    out_.words.push_back(std::move(word));
  }

  void MarkWhole(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n\"'");
    if (last != std::string_view::npos && text[last] == '?') Add(Mark::kQuestion);
    if (HoldsOneOf(kCodeSigns, text)) Add(Mark::kCode);
    const std::size_t colon = text.find(':');
    const auto items = std::ranges::count(text, ',') + std::ranges::count(text, ';') +
                       std::ranges::count(text, '\n') + std::ranges::count(text, '|');
    if (items >= static_cast<std::ptrdiff_t>(kFewItems) &&
        (colon != std::string_view::npos || text.contains(';') || text.contains('|'))) {
      Add(Mark::kList);
    }
    if (std::ranges::count(text, '"') >= 2) Add(Mark::kQuotation);
  }

  MessageText out_;
  std::size_t numbers_ = 0;
};

}  // namespace

bool MessageText::Has(Mark mark) const { return std::ranges::find(marks, mark) != marks.end(); }

MessageText ReadMessage(std::string_view text) { return MessageReader().Read(text); }

std::string StemOf(std::string_view folded_word) {
  thread_local const std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer(
      sb_stemmer_new("english", "UTF_8"), &sb_stemmer_delete);
  BATON_CHECK(stemmer != nullptr, "libstemmer has no English");
  if (folded_word.size() <= 2 || !IsAscii(folded_word)) return std::string(folded_word);
  const auto* symbols = reinterpret_cast<const sb_symbol*>(folded_word.data());
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer.get(), symbols, static_cast<int>(folded_word.size()));
  if (stem == nullptr) return std::string(folded_word);  // out of memory
  return {reinterpret_cast<const char*>(stem),
          static_cast<std::size_t>(sb_stemmer_length(stemmer.get()))};
}

}  // namespace baton::runs::routing
