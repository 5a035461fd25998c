// Chooses an agent without a model: learned from the agents' files and routed messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "runs/routing/features.h"
#include "runs/routing/knowledge.h"
#include "runs/routing/linear_model.h"
#include "runs/routing/situation.h"

namespace baton::runs::routing {

struct Alternative {
  std::string agent;
  double confidence = 0;  // 0 to 1
};

struct Decision {
  std::string agent;
  double confidence = 0;                  // 0 to 1
  std::string reason;                     // for people: "matches 'rain', 'tomorrow'"
  std::vector<Alternative> alternatives;  // the next best, best first; at most three
};

// Whether the agent may stand for choice: one that edits or reads a kind of document does only
// while such a document is open.
bool IsEligible(const agents::AgentSpec& agent, const Situation& situation);

// A linear model (linear_model.h) of words, cues and surroundings (features.h), trained when
// it is made, in about a tenth of a second. It learns from each agent's title, description,
// when-text and examples, and from the routed messages of `knowledge` whose agent there is. So
// an agent whose file was just saved is chosen by what that file says: of one without routed
// messages, the parts of its sentences count as messages too.
//
// What the rows teach about one agent that edits documents counts for all that do. Pure: no I/O,
// no clock.
//
// Threads: immutable after Learn().
class OfflineRouter {
 public:
  // `agents` is not empty.
  static OfflineRouter Learn(std::vector<agents::AgentSpec> agents, const Knowledge& knowledge);

  // Whom the conversation is kept for, unless the message asks to end that; else who fits best.
  // Where no word is known and nothing surrounds the message, `chat`.
  // Takes well under a millisecond.
  Decision Decide(const Situation& situation) const;

 private:
  struct Candidates {
    std::vector<std::size_t> agents;  // into agents_
    std::vector<LinearModel::Candidate> columns;
  };

  OfflineRouter(std::vector<agents::AgentSpec> agents, const Knowledge& knowledge);

  void LearnWords(const Knowledge& knowledge);
  void AddSpecRows(std::size_t agent, float scale, std::vector<LinearModel::Row>& rows) const;
  bool AddRow(std::size_t agent, const Situation& situation, float weight,
              std::vector<LinearModel::Row>& rows) const;
  void AddElsewhere(std::size_t agent, Situation situation, float weight,
                    std::vector<LinearModel::Row>& rows) const;
  Candidates CandidatesFor(const Situation& situation) const;
  std::size_t Find(std::string_view agent) const;  // agents_.size() if there is none
  // With the agent of the last answer, where it is not told: whom the question before was for.
  Situation WithLastAgent(Situation situation) const;
  std::string Because(const FeatureList& list, const Candidates& candidates,
                      std::size_t chosen) const;

  std::vector<agents::AgentSpec> agents_;
  std::vector<std::string> kinds_;  // of documents that have an agent
  FeatureReader reader_;
  LinearModel model_;
};

}  // namespace baton::runs::routing
