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
  for (const char* message : {"stop using the research agent",
                              "Please don't use the research agent any more.",
                              "switch off fact checking mode",
                              "automatic again",
                              "Back to automatic, please",
                              "unlock the agent",
                              "Bitte wieder automatisch",
                              "arrête d'utiliser l'agent research",
                              "deja de usar el agente research",
                              "stop wargaming",
                              "unlock",
                              "go back to automatic mode",
                              "choose the agent yourself",
                              "release the lock please",
                              "quit the wargaming agent",
                              "Benutze den research agenten nicht mehr",
                              "Sperre aufheben",
                              "modo automático",
                              "en mode automatique",
                              "No more fact checking",
                              "could you unlock this conversation?"}) {
    EXPECT_EQ(ParseLockRequest(message, Names()).kind, Kind::kRelease) << message;
  }
  EXPECT_EQ(ParseLockRequest("stop using the fact checking agent", Names()).agent, "fact_checking");
}

TEST(ParseLockRequest, LocksOnANamedAgent) {
  for (const char* message :
       {"only use the research agent", "Use the research agent from now on",
        "Stay with the research agent for this conversation",
        "From now on use only the research agent, please", "Can you always use the research agent?",
        "lock on the research agent", "only the research agent from now on",
        "keep using research mode", "Bitte nutze ab jetzt nur noch den research agenten",
        "bleib beim research agent", "utilise toujours l'agent research",
        "usa siempre el agente research"}) {
    const LockRequest request = ParseLockRequest(message, Names());
    EXPECT_EQ(request.kind, Kind::kLock) << message;
    EXPECT_EQ(request.agent, "research") << message;
  }
}

TEST(ParseLockRequest, TalkIsNoRequest) {
  for (const char* message :
       {"",
        "research the history of tea",
        "Is the research agent any good?",
        "let's chat",
        "stop the presses",
        "How do I unlock my phone?",
        "Which of these papers use only original research?",
        "Why do people always use chat?",
        "I only use Python for research",
        "Does my blog use only chat?",
        "From now on use metric units for the chat",
        "Stop all enemy research",
        "Our troops leave the coast because of the research",
        "always cite your research",
        "use research",
        "use the research agent",
        "only research",
        "only research counts",
        "Should I always use an agent for research?",
        "The agent only does research",
        "stop doing research on tea",
        "end the research phase",
        "release the research results",
        "quit research and start production",
        "leave the chat room",
        "exit the chat window",
        "turn off notifications of the chat",
        "lock the door of the research lab",
        "keep the research agent out of it",
        "stay with me in the chat",
        "no more research on this topic",
        "Is automatic again the default?",
        "automatic transmission or manual?",
        "switch to automatic payments",
        "how do I choose the agent yourself said",
        "unlock the research paper",
        "for the rest of this conversation be brief",
        "ask the research agent about tea",
        "nur noch drei Tage research",
        "immer diese research agenten fragen",
        "toujours la meme research",
        "solo quiero research",
        "was macht der research agent immer",
        "don't use research data from before 1990",
        "I use the research agent only for tea",
        "Write an essay on why one should stop using the research agent of the police"}) {
    EXPECT_EQ(ParseLockRequest(message, Names()).kind, Kind::kNone) << message;
  }
}

}  // namespace
}  // namespace baton::runs::routing
