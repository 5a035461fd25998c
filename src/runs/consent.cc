#include "runs/consent.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

namespace baton::runs {
namespace {

// A longer message says more than yes or no.
constexpr std::size_t kMaxConsentBytes = 200;
constexpr std::size_t kMaxConsentWords = 12;
constexpr std::size_t kMaxPhraseWords = 4;

// kOnly opens a restriction; kLink stands only within one.
enum class Meaning { kYes, kNo, kFiller, kConversation, kAlways, kAll, kOnly, kLink };

// As they are after folding: lower case, "ss" for sharp s. Five languages, a line each.
using Phrases = std::map<std::string_view, Meaning, std::less<>>;

struct PhraseList {
  Meaning meaning;
  std::string_view phrases;  // separated by '|'
};

constexpr PhraseList kPhraseLists[] = {
    {Meaning::kYes,
     "y|yes|yep|yeah|yup|ok|okay|sure|fine|of course|go ahead|do it|do that|please do|"
     "allow|allow it|allow that|allowed|i allow it|i allow that|approve|approved|i approve|"
     "granted|permission granted|agreed|i agree|you may|absolutely|definitely|go for it|all ok|"
     "just do it|just do that|just go ahead|"
     "\U0001F44D|\u2705"},
    {Meaning::kYes,
     "j|ja|jawohl|klar|alles klar|gern|gerne|nat\u00fcrlich|na klar|mach das|mach es|mach|tu das|"
     "tu es|nur zu|einverstanden|erlaubt|genehmigt|in ordnung|passt|"
     "selbstverst\u00e4ndlich|das darfst du|ich erlaube es"},
    {Meaning::kYes,
     "oui|d'accord|tout d'accord|bien s\u00fbr|bien "
     "sur|vas-y|allez-y|fais-le|faites-le|autoris\u00e9|"
     "je suis d'accord|certainement|volontiers"},
    {Meaning::kYes,
     "s\u00ed|si|claro|claro que s\u00ed|vale|de acuerdo|adelante|por supuesto|hazlo|"
     "permitido|est\u00e1 bien|solo s\u00ed|s\u00f3lo s\u00ed"},
    {Meaning::kYes,
     "s\u00ec|va bene|certo|certamente|d'accordo|procedi|fallo|fai pure|autorizzato"},
    {Meaning::kNo,
     "n|no|nope|nah|no way|don't|do not|don't do it|do not do it|don't do that|"
     "please don't|not today|not now|not this time|deny|denied|refuse|refused|rejected|"
     "stop|i refuse|\U0001F44E"},
    {Meaning::kNo,
     "nein|nee|n\u00f6|lieber nicht|bitte nicht|auf keinen fall|nicht heute|heute nicht|"
     "jetzt nicht|nicht jetzt|lass es|lass das|abgelehnt|mach das nicht|tu das nicht"},
    {Meaning::kNo,
     "non|pas maintenant|pas aujourd'hui|surtout pas|refus\u00e9|ne le fais pas|hoy no|"
     "ahora no|de ninguna manera|no lo hagas|denegado|non adesso|non oggi|non farlo|negato|"
     "assolutamente no"},
    {Meaning::kFiller,
     "please|thanks|thank you|it|that|this|now|today|then|bitte|danke|dann|jetzt|heute|das|"
     "merci|maintenant|s'il te pla\u00eet|s'il vous pla\u00eet|gracias|por favor|ahora|"
     "grazie|per favore|adesso|for now|just this once|only this once|nur dieses mal|"
     "this time|diesmal"},
    {Meaning::kAlways, "always|from now on|immer|ab jetzt|toujours|siempre|sempre"},
    {Meaning::kConversation,
     "for this conversation|in this conversation|for this chat|in this chat|"
     "in diesem gespr\u00e4ch|f\u00fcr dieses gespr\u00e4ch|dans cette conversation|"
     "pour cette conversation|en esta conversaci\u00f3n|in questa conversazione"},
    {Meaning::kAll,
     "all|to all|both|to both|everything|all of them|alle|allem|zu allem|beide|alles|tous|"
     "tout|\u00e0 tous|todo|todos|tutti|tutto|entrambi"},
    {Meaning::kOnly,
     "but only|only|just|aber nur|nur|mais seulement|seulement|mais uniquement|uniquement|"
     "pero solo|pero s\u00f3lo|solo|s\u00f3lo|ma solo|soltanto"},
    {Meaning::kLink,
     "for|on|in|from|at|the|folder|domain|site|f\u00fcr|auf|von|ordner|im ordner|pour|sur|"
     "dossier|le|dans|para|en|carpeta|la|per|su|cartella"},
};

const Phrases& KnownPhrases() {
  static const Phrases phrases = [] {
    Phrases known;
    for (const PhraseList& list : kPhraseLists) {
      for (std::size_t begin = 0, end = 0; end != std::string_view::npos; begin = end + 1) {
        end = list.phrases.find('|', begin);
        known.emplace(list.phrases.substr(begin, end - begin), list.meaning);
      }
    }
    return known;
  }();
  return phrases;
}

// Lower case, compatibility forms gone. Empty for what is no text.
std::string FoldText(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* folder = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return {};
  icu::UnicodeString folded = folder->normalize(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), error);
  if (U_FAILURE(error)) return {};
  folded.findAndReplace(icu::UnicodeString(u'\u2019'), icu::UnicodeString(u'\''));
  std::string result;
  folded.toUTF8String(result);
  return result;
}

// Words, without the punctuation around them. What is between the letters of a word stays, so
// that a domain, a path or "vas-y" is one.
std::vector<std::string> WordsOf(std::string_view text) {
  constexpr std::string_view kAround = ".,;:!\"'()`";
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    // Opening dots and slashes belong to a path.
    while (!word.empty() && kAround.contains(word.front()) && word.front() != '.') {
      word.remove_prefix(1);
    }
    while (!word.empty() && kAround.contains(word.back())) word.remove_suffix(1);
    if (!word.empty() && word != "-" && word != "\u2013" && word != "\u2014") {
      words.emplace_back(word);
    }
  }
  return words;
}

bool LooksLikeDomain(std::string_view word) {
  const std::size_t dot = word.find('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < word.size() &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

// A domain or a folder, that as it was written; false if it is neither, or there is one already.
bool AddPlace(std::string_view word, std::string_view as_written, Restriction& only) {
  if (!only.empty()) return false;
  if (word.contains('/') && !word.contains("://")) {
    only.folder = as_written;
    return !as_written.empty();
  }
  if (!LooksLikeDomain(word)) return false;
  only.domain = word;
  return true;
}

class ConsentReader {
 public:
  // `written`: the same words before they were folded.
  ConsentReader(std::vector<std::string> words, std::vector<std::string> written)
      : words_(std::move(words)), written_(std::move(written)) {}

  Consent Read() {
    std::size_t place = 0;
    while (place < words_.size()) {
      const std::size_t taken = TakePhrase(place);
      if (taken == 0 && !(restricts_ && AddPlace(words_[place], written_[place], consent_.only))) {
        return {};
      }
      place += std::max<std::size_t>(1, taken);
    }
    // A restriction must name its place, and belongs to a yes.
    if (yes_ == no_ || restricts_ == consent_.only.empty() || (no_ && restricts_)) return {};
    consent_.kind = yes_ ? Consent::Kind::kYes : Consent::Kind::kNo;
    if (no_) consent_.scope = GrantScope::kOnce;
    return consent_;
  }

 private:
  // The longest phrase from `place` on; yields how many words it has, 0 for none that fits here.
  std::size_t TakePhrase(std::size_t place) {
    for (std::size_t count = std::min(kMaxPhraseWords, words_.size() - place); count > 0; --count) {
      std::string phrase = words_[place];
      for (std::size_t i = 1; i < count; ++i) phrase += " " + words_[place + i];
      const auto found = KnownPhrases().find(phrase);
      if (found != KnownPhrases().end()) return Apply(found->second) ? count : 0;
    }
    return 0;
  }

  bool Apply(Meaning meaning) {
    switch (meaning) {
      case Meaning::kYes:
        return yes_ = true;
      case Meaning::kNo:
        return no_ = true;
      case Meaning::kFiller:
        return true;
      case Meaning::kConversation:
        consent_.scope = GrantScope::kConversation;
        return true;
      case Meaning::kAlways:
        consent_.scope = GrantScope::kAlways;
        return true;
      case Meaning::kAll:
        return consent_.all = true;
      case Meaning::kOnly:
        return restricts_ = true;
      case Meaning::kLink:
        return restricts_;
    }
    return false;
  }

  const std::vector<std::string> words_;
  const std::vector<std::string> written_;
  Consent consent_;
  bool yes_ = false;
  bool no_ = false;
  bool restricts_ = false;
};

}  // namespace

std::string_view GrantScopeName(GrantScope scope) {
  switch (scope) {
    case GrantScope::kOnce:
      return "once";
    case GrantScope::kConversation:
      return "conversation";
    case GrantScope::kAlways:
      return "always";
  }
  return "";
}

Result<GrantScope> ParseGrantScope(std::string_view name) {
  for (const auto scope : {GrantScope::kOnce, GrantScope::kConversation, GrantScope::kAlways}) {
    if (GrantScopeName(scope) == name) return scope;
  }
  return Fail(Code::kInvalidArgument, "scope '{}' is none of once, conversation, always", name);
}

Consent ReadConsent(std::string_view message) {
  if (message.size() > kMaxConsentBytes || message.contains('?')) return {};
  const std::string folded = FoldText(message);
  if (folded.contains('?')) return {};
  std::vector<std::string> words = WordsOf(folded);
  if (words.empty() || words.size() > kMaxConsentWords) return {};
  std::vector<std::string> written = WordsOf(message);
  // Folding has made other words of them: a folder's name would be a guess.
  if (written.size() != words.size()) written.assign(words.size(), std::string());
  return ConsentReader(std::move(words), std::move(written)).Read();
}

}  // namespace baton::runs
