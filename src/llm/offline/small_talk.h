// Messages that are about the conversation itself, not about something to look up.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/offline/evidence.h"

namespace baton::llm::offline {

enum class Talk {
  kNone,
  kGreeting,
  kThanks,
  kAboutModel,   // "who are you", "what can you do"
  kRecallLast,   // "what did I ask"
  kRecallFirst,  // "what was my first question"
  kStatement,    // "my name is Ada": tells something, asks nothing
};

struct TalkKind {
  Talk talk = Talk::kNone;
  Language language = Language::kEnglish;
};

TalkKind ClassifyTalk(std::string_view message);

// What the user said of himself earlier that answers `question` ("what is my name?"), as he
// wrote it. Nothing where the question is not about the user.
std::optional<std::string> FindEarlierStatement(std::string_view question,
                                                const std::vector<std::string>& earlier);

// The answer without any tool, with the offline model's name in it.
std::string TalkAnswer(const Evidence& evidence);

}  // namespace baton::llm::offline
