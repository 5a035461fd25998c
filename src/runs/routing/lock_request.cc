#include "runs/routing/lock_request.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/check.h"
#include "runs/routing/message_text.h"

namespace baton::runs::routing {
namespace {

// A longer message says more than this.
constexpr std::size_t kMaxRequestWords = 14;

// Over words in small letters without accents, one blank between them; the agent's name is "@".
constexpr std::string_view kPolite =
    "(?:(?:please|bitte|por favor|s il (?:te|vous) plait|ok|okay|now|hey|baton|could you|can you|"
    "would you|will you|i want you to|i would like you to|i d like you to|let s|and) )*";
constexpr std::string_view kEnd =
    "(?: (?:please|bitte|por favor|s il (?:te|vous) plait|thanks|thank you|danke|gracias|merci|now|"
    "any more|anymore|any longer|mehr))*";
constexpr std::string_view kAgent =
    "(?:(?:the|my|your|an?|den|der|dem|die|das|l|le|la|el|al|del|d) )*"
    "(?:@ (?:agent|agenten|agente|mode|modus|modo)|"
    "(?:agent|agenten|agente|mode|modus|modo) (?:(?:de|d|l|la|el) )*@)";
constexpr std::string_view kOnly =
    "(?:only|just|always|exclusively|from (?:now|here) on|for now|"
    "(?:for|in|during) (?:the rest of )?(?:this|the|the whole) (?:conversation|chat|session)|"
    "until i say otherwise|until further notice|ab jetzt|ab sofort|von nun an|nur noch|nur|immer|"
    "desormais|toujours|uniquement|seulement|a partir de maintenant|a partir de ahora|"
    "de ahora en adelante|desde ahora|solo|solamente|siempre)";

std::unique_ptr<const re2::RE2> Compile(const std::string& pattern) {
  auto compiled = std::make_unique<const re2::RE2>(pattern);
  BATON_CHECK(compiled->ok(), compiled->error());
  return compiled;
}

// "from now on use only the research agent"; all but the agent may be somewhere else.
const re2::RE2& UseOnly() {
  static const auto pattern = Compile(fmt::format(
      "{0}(?:{3} )*(?:(?:use|take|ask|talk to|nutze|benutze|verwende|nimm|frag|utilise|utilisez|"
      "prends|usa|utiliza) (?:{3} )*)?{2}(?: {3})*{1}",
      kPolite, kEnd, kAgent, kOnly));
  return *pattern;
}

const re2::RE2& AnyOnly() {
  static const auto pattern = Compile(fmt::format("\\b{}\\b", kOnly));
  return *pattern;
}

const re2::RE2& StayWith() {
  static const auto pattern = Compile(
      fmt::format("{0}(?:{3} )*(?:(?:stay|stick|keep|bleib|bleibe|reste|restez|quedate|sigue)"
                  "(?: (?:with|to|using|bei|beim|mit|avec|con))*|lock(?: (?:this|the) "
                  "(?:conversation|chat)| it)?"
                  "(?: (?:on|onto|to|in|with))*) {2}(?: {3})*{1}",
                  kPolite, kEnd, kAgent, kOnly));
  return *pattern;
}

// With the name alone, too: "stop wargaming".
const re2::RE2& Stop() {
  static const auto pattern = Compile(fmt::format(
      "{0}(?:(?:stop|quit|end|exit|leave|unlock|release|switch off|turn off|disable|no more|"
      "stop using|stop with|stop talking to|quit using|beende|hor auf mit|arrete|arretez|quitte|"
      "quittez|termina|sal de) (?:{2}|@)|"
      "(?:do not use|don t use|no longer use|arrete d utiliser|n utilise plus|n utilisez plus|"
      "deja de usar|no uses mas|ya no uses) {2}|"
      "(?:nutze|benutze|verwende|nimm) {2} nicht){1}",
      kPolite, kEnd, kAgent));
  return *pattern;
}

const re2::RE2& Automatic() {
  static const auto pattern = Compile(fmt::format(
      "{0}(?:"
      "(?:(?:go|switch|turn|get|change|set it|make it|be) )?(?:(?:back|return|retour) )?"
      "(?:(?:to|in|into|on|en|a) )*(?:the "
      ")?(?:automatic|automatically|auto|automatisch|automatische|"
      "automatique|automatico)"
      "(?: (?:again|mode|selection|routing|choice|agent|wieder|auswahl|otra vez|de nuevo))*|"
      "wieder automatisch|de nouveau (?:en )?automatique|(?:en )?mode automatique|"
      "(?:en )?modo automatico|(?:otra vez|de nuevo) automatico|"
      "(?:choose|pick|select)(?: (?:the|an) agent|agents)?(?: again)? (?:automatically|yourself)"
      "(?: again)?|"
      "unlock(?: (?:the agent|(?:the|this) (?:conversation|chat)))?|"
      "(?:release|remove|lift|drop|end) the lock|(?:die )?sperre aufheben|heb(?:e)? die sperre auf"
      "){1}",
      kPolite, kEnd));
  return *pattern;
}

std::string Spoken(std::string_view agent) {
  std::string words(agent);
  std::ranges::replace(words, '_', ' ');
  return words;
}

LockRequest ParseNaming(const std::string& text, const std::string& agent) {
  using Kind = LockRequest::Kind;
  if (re2::RE2::FullMatch(text, Stop())) return {.kind = Kind::kRelease, .agent = agent};
  const bool locks =
      re2::RE2::FullMatch(text, StayWith()) ||
      (re2::RE2::FullMatch(text, UseOnly()) && re2::RE2::PartialMatch(text, AnyOnly()));
  if (locks) return {.kind = Kind::kLock, .agent = agent};
  return {};
}

}  // namespace

LockRequest ParseLockRequest(std::string_view message, const std::vector<std::string>& agents) {
  const std::vector<Word> words = ReadMessage(message).words;
  if (words.empty() || words.size() > kMaxRequestWords) return {};
  std::string text = " ";
  for (const Word& word : words) text += word.text + " ";
  const std::string trimmed = text.substr(1, text.size() - 2);
  if (re2::RE2::FullMatch(trimmed, Automatic())) {
    return {.kind = LockRequest::Kind::kRelease, .agent = {}};
  }
  for (const std::string& agent : agents) {
    const std::string name = " " + Spoken(agent) + " ";
    const std::size_t at = text.find(name);
    if (at == std::string::npos) continue;
    std::string named = text;
    named.replace(at, name.size(), " @ ");
    LockRequest request = ParseNaming(named.substr(1, named.size() - 2), agent);
    if (request.kind != LockRequest::Kind::kNone) return request;
  }
  return {};
}

}  // namespace baton::runs::routing
