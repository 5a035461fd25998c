#include "runs/routing/lock_request.h"

#include <gtest/gtest.h>

namespace baton::runs::routing {
namespace {

using Kind = LockRequest::Kind;

const std::vector<std::string>& Names() {
  static const std::vector<std::string> names = {"chat", "fact_checking", "research", "wargaming"};
  return names;
}

TEST(ParseLockRequest, ReleasesByNameOrAtAll) {
  for (const char* message :
       {"stop using the research agent", "Please don't use the research agent any more.",
        "switch off fact checking mode", "automatic again", "Back to automatic, please",
        "unlock the agent", "Bitte wieder automatisch", "arrête d'utiliser l'agent research",
        "deja de usar el agente research", "stop wargaming", "unlock"}) {
    EXPECT_EQ(ParseLockRequest(message, Names()).kind, Kind::kRelease) << message;
  }
  EXPECT_EQ(ParseLockRequest("stop using the fact checking agent", Names()).agent, "fact_checking");
}

TEST(ParseLockRequest, LocksOnANamedAgent) {
  for (const char* message : {"only use the research agent", "Use the research agent from now on",
                              "Stay with the research agent for this conversation"}) {
    const LockRequest request = ParseLockRequest(message, Names());
    EXPECT_EQ(request.kind, Kind::kLock) << message;
    EXPECT_EQ(request.agent, "research") << message;
  }
}

TEST(ParseLockRequest, TalkIsNoRequest) {
  for (const char* message :
       {"", "research the history of tea", "Is the research agent any good?", "let's chat",
        "stop the presses", "How do I unlock my phone?",
        "Write an essay on why one should stop using the research agent of the secret service and "
        "rather read books"}) {
    EXPECT_EQ(ParseLockRequest(message, Names()).kind, Kind::kNone) << message;
  }
}

}  // namespace
}  // namespace baton::runs::routing
