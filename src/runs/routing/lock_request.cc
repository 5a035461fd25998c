#include "runs/routing/lock_request.h"

#include <algorithm>
#include <array>
#include <span>

#include "runs/routing/message_text.h"

namespace baton::runs::routing {
namespace {

// A longer message says more than this.
constexpr std::size_t kMaxRequestWords = 14;

// Each begins and ends with a blank, as the message it is looked for in does.
constexpr auto kAutomatic =
    std::to_array<std::string_view>({" automatic again ",         " automatically again ",
                                     " back to automatic ",       " auto again ",
                                     " automatic mode ",          " automatic selection ",
                                     " automatic routing ",       " choose automatically ",
                                     " pick automatically ",      " choose the agent yourself ",
                                     " pick the agent yourself ", " unlock the agent ",
                                     " unlock the conversation ", " unlock this conversation ",
                                     " release the lock ",        " remove the lock ",
                                     " lift the lock ",           " wieder automatisch ",
                                     " automatisch wieder ",      " automatische auswahl ",
                                     " sperre aufheben ",         " de nouveau automatique ",
                                     " retour en automatique ",   " mode automatique ",
                                     " modo automatico ",         " automatico otra vez ",
                                     " otra vez automatico "});
constexpr auto kStop = std::to_array<std::string_view>(
    {" stop using ", " stop with ",      " stop talking to ", " quit using ",   " do not use ",
     " don t use ",  " no longer use ",  " no more ",         " leave ",        " exit ",
     " end ",        " switch off ",     " turn off ",        " stop ",         " quit ",
     " unlock ",     " release ",        " hor auf ",         " nicht mehr ",   " beende ",
     " arrete ",     " n utilise plus ", " quitte ",          " deja de usar ", " no uses mas ",
     " ya no uses "});
constexpr auto kOnly = std::to_array<std::string_view>(
    {" only ",       " from now on ", " always ",          " stay with ",
     " stick with ", " stick to ",    " keep using ",      " keep to ",
     " lock ",       " lock on ",     " for the rest of ", " for this conversation ",
     " ab jetzt ",   " nur noch ",    " immer ",           " bleib bei ",
     " desormais ",  " toujours ",    " uniquement ",      " a partir de ahora ",
     " solo ",       " siempre "});

bool HoldsAnyOf(std::span<const std::string_view> phrases, std::string_view text) {
  return std::ranges::any_of(phrases, [&](std::string_view each) { return text.contains(each); });
}

std::string Spoken(std::string_view agent) {
  std::string words(agent);
  std::ranges::replace(words, '_', ' ');
  return words;
}

// The agent that `text` names as one: "research agent", or with nothing behind its name.
std::string NamedAgent(std::string_view text, const std::vector<std::string>& agents) {
  for (const std::string& agent : agents) {
    const std::string name = " " + Spoken(agent);
    for (const std::string_view noun : {" agent ", " mode ", " agenten ", " modus "}) {
      if (text.contains(name + std::string(noun))) return agent;
    }
    for (const std::string_view noun : {" agent", " agente", " agenten", " l agent", " agent de"}) {
      if (text.contains(std::string(noun) + name + " ")) return agent;
    }
    if (text.ends_with(name + " ")) return agent;
  }
  return {};
}

}  // namespace

LockRequest ParseLockRequest(std::string_view message, const std::vector<std::string>& agents) {
  std::string text = " ";
  const std::vector<Word> words = ReadMessage(message).words;
  if (words.empty() || words.size() > kMaxRequestWords) return {};
  for (const Word& word : words) text += word.text + " ";
  using Kind = LockRequest::Kind;
  if (HoldsAnyOf(kAutomatic, text) || text == " unlock " || text == " automatic ") {
    return {.kind = Kind::kRelease, .agent = {}};
  }
  std::string agent = NamedAgent(text, agents);
  if (agent.empty()) return {};
  if (HoldsAnyOf(kStop, text)) return {.kind = Kind::kRelease, .agent = std::move(agent)};
  const bool spoken_to = text.contains(" use ") || text.contains(" agent");
  if (spoken_to && HoldsAnyOf(kOnly, text)) return {.kind = Kind::kLock, .agent = std::move(agent)};
  return {};
}

}  // namespace baton::runs::routing
