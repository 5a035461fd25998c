#include "workspace/internal/entity_extractor.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "base/utf8.h"
#include "workspace/internal/gazetteer.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxRead = std::size_t{4} << 20U;
constexpr std::size_t kMaxNameWords = 5;
constexpr std::size_t kMaxNameBytes = 120;
constexpr std::size_t kMaxWorkWords = 9;

// A word of the text; punctuation around it is left out.
struct Word {
  std::string_view text;
  bool capital = false;  // begins with an upper-case letter
  bool glued = false;    // only blanks stand between it and the word before
  char opens = '\0';     // the quotation mark or star right before it
  char closes = '\0';    // … right behind it
};

bool IsWordPoint(UChar32 c) { return u_isalnum(c) != 0 || c == '\'' || c == '-' || c == 0x2019; }

// '"' for every kind of quotation mark, '*' for emphasis, '\0' for anything else.
char QuoteOf(UChar32 c) {
  if (c == '"' || c == 0x201C || c == 0x201D || c == 0x201E || c == 0xAB || c == 0xBB) return '"';
  return c == '*' || c == '_' ? '*' : '\0';
}

// Cuts the text into words, in one pass.
class WordCutter {
 public:
  explicit WordCutter(std::string_view text) : text_(text) {}

  std::vector<Word> Cut() {
    while (at_ < Size()) Step();
    EndWord();
    return std::move(words_);
  }

 private:
  std::int32_t Size() const { return static_cast<std::int32_t>(text_.size()); }

  void Step() {
    const std::int32_t begin = at_;
    UChar32 c = 0;
    U8_NEXT(text_.data(), at_, Size(), c);
    if (c >= 0 && IsWordPoint(c)) {
      if (word_begin_ < 0) BeginWord(begin, c);
      return;
    }
    const bool ends_word = word_begin_ >= 0;
    if (ends_word && c == '.' && IsAbbreviation(begin)) return;
    EndWordAt(begin);
    const char quote = QuoteOf(c);
    if (quote != '\0') {
      if (ends_word) words_.back().closes = quote;
      opens_ = quote;
      glued_ = false;
    } else if (c == ' ' || c == '\t') {
      opens_ = '\0';
    } else if (c == '\n') {
      glued_ = glued_ && !(begin > 0 && text_[static_cast<std::size_t>(begin) - 1] == '\n');
      opens_ = '\0';
    } else {
      glued_ = false;
      opens_ = '\0';
    }
  }

  // "Dr." and "Inc." keep their dot.
  bool IsAbbreviation(std::int32_t dot) const {
    const std::string_view with_dot = text_.substr(static_cast<std::size_t>(word_begin_),
                                                   static_cast<std::size_t>(dot + 1 - word_begin_));
    return IsPersonTitle(with_dot);
  }

  void BeginWord(std::int32_t begin, UChar32 c) {
    word_begin_ = begin;
    Word word;
    word.capital = u_isupper(c) != 0;
    word.glued = glued_;
    word.opens = opens_;
    words_.push_back(word);
  }

  void EndWordAt(std::int32_t end) {
    if (word_begin_ < 0) return;
    std::string_view word = text_.substr(static_cast<std::size_t>(word_begin_),
                                         static_cast<std::size_t>(end - word_begin_));
    if (word.ends_with("'s")) word.remove_suffix(2);
    if (word.ends_with("\u2019s")) word.remove_suffix(4);
    words_.back().text = word;
    word_begin_ = -1;
    glued_ = true;
  }
  void EndWord() { EndWordAt(Size()); }

  const std::string_view text_;
  std::int32_t at_ = 0;
  std::int32_t word_begin_ = -1;
  bool glued_ = false;
  char opens_ = '\0';
  std::vector<Word> words_;
};

int NumberIn(std::string_view word) {
  int value = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() ? value : -1;
}

bool IsYear(int value) { return value >= 1000 && value <= 2199; }
bool IsDayOfMonth(int value) { return value >= 1 && value <= 31; }

class Extractor {
 public:
  explicit Extractor(std::string_view text) : words_(WordCutter(text).Cut()) {}

  std::vector<EntityMention> Extract() {
    for (std::size_t at = 0; at < words_.size();) {
      const std::size_t taken = TakeAt(at);
      at += std::max<std::size_t>(taken, 1);
    }
    std::vector<EntityMention> mentions;
    mentions.reserve(found_.size());
    for (auto& [key, mention] : found_) mentions.push_back(std::move(mention));
    std::ranges::sort(mentions, [](const EntityMention& a, const EntityMention& b) {
      return std::tie(b.count, a.type, a.name) < std::tie(a.count, b.type, b.name);
    });
    if (mentions.size() > kMaxEntitiesOfDocument) mentions.resize(kMaxEntitiesOfDocument);
    return mentions;
  }

 private:
  // How many words the name that begins at `at` has; 0 if there is none.
  std::size_t TakeAt(std::size_t at) {
    NoteWork(at);
    if (const std::size_t date = TakeDate(at); date > 0) return date;
    if (!words_[at].capital) return 0;
    if (const std::size_t person = TakePerson(at); person > 0) return person;
    const std::size_t run = RunOf(at);
    if (const std::size_t listed = TakeListed(at, run); listed > 0) return listed;
    return TakeByLastWord(at, run);
  }

  std::string_view TextAt(std::size_t at) const {
    return at < words_.size() ? words_[at].text : std::string_view();
  }
  bool Follows(std::size_t at) const { return at < words_.size() && words_[at].glued; }

  // The words from `at` on that begin with a capital and stand side by side.
  std::size_t RunOf(std::size_t at) const {
    std::size_t count = 1;
    while (count < kMaxNameWords && Follows(at + count) && words_[at + count].capital) ++count;
    return count;
  }

  std::string Joined(std::size_t at, std::size_t count) const {
    std::string name;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) name += ' ';
      name += words_[at + i].text;
    }
    return name;
  }

  void Add(const char* type, std::string name) {
    if (name.size() > kMaxNameBytes) return;
    EntityMention& mention = found_[{type, EntityKey(name)}];
    if (mention.count++ > 0) return;
    mention.type = type;
    mention.name = std::move(name);
  }

  std::size_t TakeDate(std::size_t at) {
    const std::string_view word = TextAt(at);
    if (word.size() == 10 && word[4] == '-' && word[7] == '-') {
      const int year = NumberIn(word.substr(0, 4));
      const int month = NumberIn(word.substr(5, 2));
      const int day = NumberIn(word.substr(8, 2));
      if (!IsYear(year) || month < 1 || month > 12 || !IsDayOfMonth(day)) return 0;
      Add("date", std::string(word));
      return 1;
    }
    if (const int month = MonthOfName(word); month > 0) {
      const int second = NumberIn(TextAt(at + 1));
      if (Follows(at + 1) && IsYear(second)) return AddDate(second, month, 0, 2);
      // "March 12, 2024": the comma parts day and year.
      const int year = NumberIn(TextAt(at + 2));
      if (Follows(at + 1) && IsDayOfMonth(second) && IsYear(year)) {
        return AddDate(year, month, second, 3);
      }
      return 0;
    }
    // "12 March 2024", "12. März 2024"
    const int day = NumberIn(word);
    const int month = IsDayOfMonth(day) ? MonthOfName(TextAt(at + 1)) : 0;
    const int year = month > 0 ? NumberIn(TextAt(at + 2)) : -1;
    return IsYear(year) ? AddDate(year, month, day, 3) : 0;
  }

  std::size_t AddDate(int year, int month, int day, std::size_t words) {
    Add("date", day > 0 ? fmt::format("{:04}-{:02}-{:02}", year, month, day)
                        : fmt::format("{:04}-{:02}", year, month));
    return words;
  }

  // After a title, or with a first name: "Dr. Grey", "Ada King", not "Ada" alone.
  std::size_t TakePerson(std::size_t at) {
    const std::string_view first = TextAt(at);
    std::size_t begin = at;
    if (IsPersonTitle(first)) {
      if (!Follows(at + 1) || !words_[at + 1].capital) return 0;
      begin = at + 1;
    } else if (!IsFirstName(first) || !Follows(at + 1) || !words_[at + 1].capital) {
      return 0;
    }
    std::size_t count = RunOf(begin);
    // "Mary Smith University" is no person.
    for (std::size_t i = 0; i < count; ++i) {
      if (IsOrganizationEnd(TextAt(begin + i)) || IsPlaceEnd(TextAt(begin + i))) {
        return begin == at ? 0 : (Add("person", Joined(begin, std::max<std::size_t>(i, 1))), 2);
      }
    }
    count = std::min<std::size_t>(count, 3);
    Add("person", Joined(begin, count));
    return begin - at + count;
  }

  // The longest beginning of the run that a list has.
  std::size_t TakeListed(std::size_t at, std::size_t run) {
    for (std::size_t count = run; count > 0; --count) {
      const std::string name = Joined(at, count);
      const bool longer = count < run && (IsOrganizationEnd(TextAt(at + run - 1)) ||
                                          IsPlaceEnd(TextAt(at + run - 1)));
      if (longer) continue;
      if (IsOrganization(name)) return Add("organization", name), count;
      if (IsPlace(name)) return Add("place", name), count;
    }
    return 0;
  }

  // "Acme Corp", "University of Bonn", "Lake Street".
  std::size_t TakeByLastWord(std::size_t at, std::size_t run) {
    if (IsOrganizationBegin(TextAt(at)) && TextAt(at + 1) == "of" && Follows(at + 1) &&
        Follows(at + 2) && words_[at + 2].capital) {
      const std::size_t count = std::min<std::size_t>(2 + RunOf(at + 2), kMaxNameWords);
      Add("organization", Joined(at, count));
      return count;
    }
    for (std::size_t count = run; count > 1; --count) {
      if (IsOrganizationEnd(TextAt(at + count - 1))) {
        return AddUnlessArticle("organization", at, count);
      }
      if (IsPlaceEnd(TextAt(at + count - 1))) return AddUnlessArticle("place", at, count);
    }
    return 0;
  }

  std::size_t AddUnlessArticle(const char* type, std::size_t at, std::size_t count) {
    const std::string_view first = TextAt(at);
    const bool article = first == "The" || first == "Die" || first == "Der" || first == "Das" ||
                         first == "Our" || first == "This" || first == "A" || first == "An";
    if (article && count < 3) return 0;
    Add(type, article ? Joined(at + 1, count - 1) : Joined(at, count));
    return count;
  }

  // Quoted or emphasised, of several words, most of them with capitals: a title.
  void NoteWork(std::size_t at) {
    if (words_[at].opens == '\0' || !words_[at].capital) return;
    std::size_t capitals = 0;
    for (std::size_t i = at; i < std::min(at + kMaxWorkWords, words_.size()); ++i) {
      if (i > at && words_[i].opens != '\0') return;
      capitals += words_[i].capital ? 1 : 0;
      if (words_[i].closes == '\0') continue;
      const std::size_t count = i + 1 - at;
      if (words_[i].closes == words_[at].opens && count > 1 && capitals * 2 > count) {
        Add("work", Joined(at, count));
      }
      return;
    }
  }

  const std::vector<Word> words_;
  std::map<std::pair<std::string, std::string>, EntityMention> found_;
};

}  // namespace

std::vector<EntityMention> ExtractEntities(std::string_view text) {
  return Extractor(Utf8Prefix(text, kMaxRead)).Extract();
}

std::string EntityKey(std::string_view name) {
  icu::UnicodeString folded =
      icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
  folded.foldCase();
  std::string lower;
  folded.toUTF8String(lower);
  std::string key;
  for (const char c : lower) {
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (!blank) {
      key += c;
    } else if (!key.empty() && key.back() != ' ') {
      key += ' ';
    }
  }
  while (key.ends_with(' ')) key.pop_back();
  return key;
}

}  // namespace baton::workspace::internal
