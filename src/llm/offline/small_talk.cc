#include "llm/offline/small_talk.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/utf8.h"
#include "llm/offline/phrases.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

// How much of a message is quoted back.
constexpr std::size_t kMaxQuote = 600;

// A greeting with more words than this asks something besides.
constexpr std::size_t kMaxGreetingWords = 6;

struct Pattern {
  Talk talk;
  Language language;
  std::string_view words;  // folded, as they follow each other
};

constexpr Pattern kOpenings[] = {
    {Talk::kGreeting, Language::kEnglish, "hello"},
    {Talk::kGreeting, Language::kEnglish, "hi"},
    {Talk::kGreeting, Language::kEnglish, "hey"},
    {Talk::kGreeting, Language::kEnglish, "good morning"},
    {Talk::kGreeting, Language::kEnglish, "good afternoon"},
    {Talk::kGreeting, Language::kEnglish, "good evening"},
    {Talk::kGreeting, Language::kEnglish, "greetings"},
    {Talk::kThanks, Language::kEnglish, "thanks"},
    {Talk::kThanks, Language::kEnglish, "thank you"},
    {Talk::kAboutModel, Language::kEnglish, "help"},
    {Talk::kGreeting, Language::kGerman, "hallo"},
    {Talk::kGreeting, Language::kGerman, "moin"},
    {Talk::kGreeting, Language::kGerman, "servus"},
    {Talk::kGreeting, Language::kGerman, "grüß"},
    {Talk::kGreeting, Language::kGerman, "guten tag"},
    {Talk::kGreeting, Language::kGerman, "guten morgen"},
    {Talk::kGreeting, Language::kGerman, "guten abend"},
    {Talk::kThanks, Language::kGerman, "danke"},
    {Talk::kThanks, Language::kGerman, "vielen dank"},
    {Talk::kAboutModel, Language::kGerman, "hilfe"},
    {Talk::kGreeting, Language::kSpanish, "hola"},
    {Talk::kGreeting, Language::kSpanish, "buenos días"},
    {Talk::kGreeting, Language::kSpanish, "buenas tardes"},
    {Talk::kThanks, Language::kSpanish, "gracias"},
    {Talk::kThanks, Language::kSpanish, "muchas gracias"},
    {Talk::kGreeting, Language::kFrench, "bonjour"},
    {Talk::kGreeting, Language::kFrench, "bonsoir"},
    {Talk::kGreeting, Language::kFrench, "salut"},
    {Talk::kThanks, Language::kFrench, "merci"},
};

constexpr Pattern kAnywhere[] = {
    {Talk::kRecallFirst, Language::kEnglish, "my first question"},
    {Talk::kRecallFirst, Language::kEnglish, "my first message"},
    {Talk::kRecallFirst, Language::kEnglish, "did i ask first"},
    {Talk::kRecallFirst, Language::kEnglish, "did i first ask"},
    {Talk::kRecallLast, Language::kEnglish, "did i ask"},
    {Talk::kRecallLast, Language::kEnglish, "did i just ask"},
    {Talk::kRecallLast, Language::kEnglish, "did i say"},
    {Talk::kRecallLast, Language::kEnglish, "did i just say"},
    {Talk::kRecallLast, Language::kEnglish, "did i write"},
    {Talk::kRecallLast, Language::kEnglish, "did i tell you"},
    {Talk::kRecallLast, Language::kEnglish, "my last question"},
    {Talk::kRecallLast, Language::kEnglish, "my last message"},
    {Talk::kRecallLast, Language::kEnglish, "my previous question"},
    {Talk::kRecallLast, Language::kEnglish, "my previous message"},
    {Talk::kRecallLast, Language::kEnglish, "what was my question"},
    {Talk::kAboutModel, Language::kEnglish, "who are you"},
    {Talk::kAboutModel, Language::kEnglish, "what are you"},
    {Talk::kAboutModel, Language::kEnglish, "what can you do"},
    {Talk::kAboutModel, Language::kEnglish, "how do you work"},
    {Talk::kAboutModel, Language::kEnglish, "which model are you"},
    {Talk::kAboutModel, Language::kEnglish, "what model are you"},
    {Talk::kRecallFirst, Language::kGerman, "meine erste frage"},
    {Talk::kRecallFirst, Language::kGerman, "meine erste nachricht"},
    {Talk::kRecallLast, Language::kGerman, "was habe ich gefragt"},
    {Talk::kRecallLast, Language::kGerman, "was habe ich gesagt"},
    {Talk::kRecallLast, Language::kGerman, "was habe ich geschrieben"},
    {Talk::kRecallLast, Language::kGerman, "was habe ich dich gefragt"},
    {Talk::kRecallLast, Language::kGerman, "was habe ich gerade gefragt"},
    {Talk::kRecallLast, Language::kGerman, "was habe ich eben gefragt"},
    {Talk::kRecallLast, Language::kGerman, "meine letzte frage"},
    {Talk::kRecallLast, Language::kGerman, "meine letzte nachricht"},
    {Talk::kAboutModel, Language::kGerman, "wer bist du"},
    {Talk::kAboutModel, Language::kGerman, "was bist du"},
    {Talk::kAboutModel, Language::kGerman, "was kannst du"},
    {Talk::kRecallLast, Language::kSpanish, "qué pregunté"},
    {Talk::kRecallLast, Language::kSpanish, "qué te pregunté"},
    {Talk::kRecallLast, Language::kSpanish, "qué dije"},
    {Talk::kRecallLast, Language::kSpanish, "mi última pregunta"},
    {Talk::kRecallFirst, Language::kSpanish, "mi primera pregunta"},
    {Talk::kAboutModel, Language::kSpanish, "quién eres"},
    {Talk::kAboutModel, Language::kSpanish, "qué puedes hacer"},
    {Talk::kRecallLast, Language::kFrench, "qu ai je demandé"},
    {Talk::kRecallLast, Language::kFrench, "qu ai je dit"},
    {Talk::kRecallLast, Language::kFrench, "est ce que j ai demandé"},
    {Talk::kRecallLast, Language::kFrench, "ma dernière question"},
    {Talk::kRecallFirst, Language::kFrench, "ma première question"},
    {Talk::kAboutModel, Language::kFrench, "qui es tu"},
    {Talk::kAboutModel, Language::kFrench, "qui êtes vous"},
    {Talk::kAboutModel, Language::kFrench, "que peux tu faire"},
    {Talk::kAboutModel, Language::kFrench, "que pouvez vous faire"},
};

// The words of the message, each with a space on either side.
std::string WordLine(const std::vector<Word>& words) {
  std::string line = " ";
  for (const Word& word : words) line += word.folded + " ";
  return line;
}

bool TellsOfUser(std::string_view sentence) {
  if (sentence.contains('?')) return false;
  bool first_person = false;
  const std::vector<Word> words = SplitWords(sentence);
  if (words.empty() || IsQuestionWord(words.front().folded)) return false;
  if (IsOpeningVerb(words.front().folded)) return false;
  for (const Word& word : words) {
    if (IsCommandWord(word.folded)) return false;
    first_person = first_person || IsFirstPersonWord(word.folded);
  }
  return first_person;
}

std::string Quoted(std::string_view message) {
  const std::string_view text = Trimmed(message);
  const std::string_view head = Utf8Prefix(text, kMaxQuote);
  return std::string(head) + (head.size() < text.size() ? " …" : "");
}

std::string Recalled(const Phrases& phrases, std::string_view message) {
  return fmt::format(fmt::runtime(phrases.recall), Quoted(message));
}

std::string WithClosing(std::string_view text, const Phrases& phrases) {
  return fmt::format("{}\n\n{}", text, phrases.short_closing);
}

}  // namespace

TalkKind ClassifyTalk(std::string_view message) {
  const std::vector<Word> words = SplitWords(message);
  const std::string line = WordLine(words);
  for (const Pattern& pattern : kAnywhere) {
    if (line.contains(fmt::format(" {} ", pattern.words))) return {pattern.talk, pattern.language};
  }
  for (const Pattern& pattern : kOpenings) {
    if (!line.starts_with(fmt::format(" {} ", pattern.words))) continue;
    const std::size_t own = SplitWords(pattern.words).size();
    const bool asks = message.contains('?') && words.size() > own + 3;
    const std::size_t limit = pattern.talk == Talk::kAboutModel ? own : kMaxGreetingWords;
    const bool commands = std::any_of(words.begin() + static_cast<std::ptrdiff_t>(own), words.end(),
                                      [](const Word& word) { return IsCommandWord(word.folded); });
    if (words.size() <= limit && !asks && !commands) return {pattern.talk, pattern.language};
  }
  const Language language = GuessLanguage(message);
  return {TellsOfUser(message) ? Talk::kStatement : Talk::kNone, language};
}

std::optional<std::string> FindEarlierStatement(std::string_view question,
                                                const std::vector<std::string>& earlier) {
  const std::vector<Word> words = SplitWords(question);
  const auto any = [&](auto test) {
    return std::ranges::any_of(words, [&](const Word& word) { return test(word.folded); });
  };
  const std::vector<std::string> topics = TopicStems(question);
  if (topics.empty() || !any(IsFirstPersonWord) || any(IsContainerWord)) return std::nullopt;
  for (auto message = earlier.rbegin(); message != earlier.rend(); ++message) {
    for (std::string& sentence : SplitSentences(*message)) {
      if (!TellsOfUser(sentence)) continue;
      const std::vector<std::string> stems = AllStems(sentence);
      const bool all = std::ranges::all_of(topics, [&](const std::string& topic) {
        return std::ranges::find(stems, topic) != stems.end();
      });
      if (all) return std::move(sentence);
    }
  }
  return std::nullopt;
}

std::string TalkAnswer(const Evidence& evidence) {
  const auto [talk, language] = ClassifyTalk(evidence.question);
  const Phrases& phrases = PhrasesOf(language);
  switch (talk) {
    case Talk::kGreeting:
      return WithClosing(phrases.greeting, phrases);
    case Talk::kThanks:
      return WithClosing(phrases.thanks, phrases);
    case Talk::kAboutModel:
      return std::string(phrases.about);
    case Talk::kRecallFirst:
    case Talk::kRecallLast: {
      if (evidence.earlier.empty()) return WithClosing(phrases.recall_nothing, phrases);
      const bool first = talk == Talk::kRecallFirst;
      return WithClosing(
          Recalled(phrases, first ? evidence.earlier.front() : evidence.earlier.back()), phrases);
    }
    case Talk::kStatement:
      return WithClosing(phrases.noted, phrases);
    case Talk::kNone:
      break;
  }
  if (const auto said = FindEarlierStatement(evidence.question, evidence.earlier)) {
    return WithClosing(Recalled(phrases, *said), phrases);
  }
  return std::string(phrases.unable);
}

}  // namespace baton::llm::offline
