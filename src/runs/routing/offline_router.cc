#include "runs/routing/offline_router.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "runs/routing/lock_request.h"

namespace baton::runs::routing {
namespace {

constexpr std::string_view kDefaultAgent = "chat";

// What describes an agent is not what people write to it.
constexpr float kDescriptionWeight = 0.5F;
// An agent that nobody has written rows for is known by its file alone, among agents with a
// hundred rows each.
constexpr float kOnlyFileWeight = 16;
// Most of what is written over an open document is about that.
constexpr float kElsewhereWeight = 0.15F;
constexpr double kUnknownConfidence = 0.5;
constexpr std::size_t kMaxAlternatives = 3;
constexpr std::size_t kMaxReasons = 3;

// Columns of the roles, behind those of the agents.
enum Role : std::size_t { kEditsWhatIsOpen, kAnsweredLast, kRoles };

// Who wrote the last answer; empty if nobody did or it is not told.
std::string LastAgent(const Situation& situation) {
  for (auto message = situation.history.rbegin(); message != situation.history.rend(); ++message) {
    if (!message->agent.empty()) return message->agent;
    if (message->role == "assistant") break;
  }
  return {};
}

// "Sends messages to people and rooms, after showing them." → "Sends messages to people", "rooms",
// "after showing them". People write such a part and not the whole.
std::vector<std::string> ClausesOf(std::string_view text) {
  constexpr std::array<std::string_view, 4> kBetween = {"and", "or", "und", "oder"};
  std::vector<std::string> clauses;
  std::string clause;
  const auto finish = [&] {
    if (!clause.empty()) clauses.push_back(std::exchange(clause, {}));
  };
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const bool between = std::ranges::find(kBetween, word) != kBetween.end();
    if (!between && !word.empty()) clause.append(clause.empty() ? "" : " ").append(word);
    if (between || word.ends_with(',') || word.ends_with(':') || word.ends_with(';')) finish();
  }
  finish();
  return clauses;
}

bool Has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

bool IsEligible(const agents::AgentSpec& agent, const Situation& situation) {
  if (agent.edits.empty() && agent.reads.empty()) return true;
  return Has(agent.edits, situation.editor_type) || Has(agent.reads, situation.editor_type);
}

OfflineRouter OfflineRouter::Learn(std::vector<agents::AgentSpec> agents,
                                   const Knowledge& knowledge) {
  return {std::move(agents), knowledge};
}

OfflineRouter::OfflineRouter(std::vector<agents::AgentSpec> agents, const Knowledge& knowledge)
    : agents_(std::move(agents)), reader_(knowledge.cues) {
  BATON_CHECK(!agents_.empty(), "nothing to choose from");
  LearnWords(knowledge);
  for (const agents::AgentSpec& spec : agents_) {
    kinds_.insert(kinds_.end(), spec.edits.begin(), spec.edits.end());
  }
  std::vector<LinearModel::Row> rows;
  for (std::size_t agent = 0; agent < agents_.size(); ++agent) {
    const bool taught = std::ranges::any_of(knowledge.examples, [&](const RoutedExample& example) {
      return example.agent == agents_[agent].name;
    });
    AddSpecRows(agent, taught || knowledge.examples.empty() ? 1 : kOnlyFileWeight, rows);
  }
  for (const RoutedExample& example : knowledge.examples) {
    const std::size_t agent = Find(example.agent);
    const bool locked = !example.situation.locked_agent.empty();  // its words decide nothing
    if (agent == agents_.size() || locked) continue;
    if (AddRow(agent, example.situation, 1, rows)) AddElsewhere(agent, example.situation, 1, rows);
  }
  model_ = LinearModel::Train(rows, agents_.size() + kRoles, {});
}

void OfflineRouter::LearnWords(const Knowledge& knowledge) {
  for (const agents::AgentSpec& spec : agents_) {
    for (const std::string& text : {spec.title, spec.description, spec.when}) reader_.Learn(text);
    for (const std::string& example : spec.examples) reader_.Learn(example);
  }
  for (const RoutedExample& example : knowledge.examples) reader_.Learn(example.situation.query);
  reader_.IndexSlips();
}

void OfflineRouter::AddSpecRows(std::size_t agent, float scale,
                                std::vector<LinearModel::Row>& rows) const {
  const agents::AgentSpec& spec = agents_[agent];
  Situation situation;
  const auto& types = spec.edits.empty() ? spec.reads : spec.edits;
  if (!types.empty()) {
    situation.editor_open = true;
    situation.editor_type = types.front();
  }
  const bool alone = scale > 1;  // there is nothing but the file
  const auto add = [&](const std::string& text, float weight) {
    situation.query = text;
    const bool added = AddRow(agent, situation, scale * weight, rows);
    if (added && alone) AddElsewhere(agent, situation, scale * weight, rows);
  };
  for (const std::string& text : {spec.title, spec.description, spec.when}) {
    add(text, kDescriptionWeight);
    if (!alone) continue;
    for (const std::string& clause : ClausesOf(text)) add(clause, 1);
  }
  for (const std::string& example : spec.examples) add(example, 1);
}

bool OfflineRouter::AddRow(std::size_t agent, const Situation& situation, float weight,
                           std::vector<LinearModel::Row>& rows) const {
  Candidates candidates = CandidatesFor(situation);
  const auto answer = std::ranges::find(candidates.agents, agent);
  if (answer == candidates.agents.end()) return false;
  const auto index = static_cast<std::size_t>(answer - candidates.agents.begin());
  rows.push_back({.features = reader_.Read(situation).features,
                  .candidates = std::move(candidates.columns),
                  .answer = index,
                  .weight = weight});
  return true;
}

// The message of the last row over some open document: who may be asked anywhere is asked there
// too.
void OfflineRouter::AddElsewhere(std::size_t agent, Situation situation, float weight,
                                 std::vector<LinearModel::Row>& rows) const {
  const agents::AgentSpec& spec = agents_[agent];
  const bool bound = !spec.edits.empty() || !spec.reads.empty();
  if (bound || kinds_.empty() || situation.editor_open || !situation.history.empty()) return;
  if (!situation.page.empty() && situation.page != "chat") return;
  situation.editor_open = true;
  situation.editor_type = kinds_[Fnv1a(situation.query) % kinds_.size()];
  Candidates candidates = CandidatesFor(situation);
  LinearModel::Row row{.features = rows.back().features,
                       .candidates = std::move(candidates.columns),
                       .weight = weight * kElsewhereWeight};
  row.answer = static_cast<std::size_t>(std::ranges::find(candidates.agents, agent) -
                                        candidates.agents.begin());
  const std::vector<Feature> document = FeatureReader::OfDocument(situation.editor_type);
  row.features.insert(row.features.end(), document.begin(), document.end());
  rows.push_back(std::move(row));
}

std::size_t OfflineRouter::Find(std::string_view agent) const {
  return static_cast<std::size_t>(std::ranges::find(agents_, agent, &agents::AgentSpec::name) -
                                  agents_.begin());
}

OfflineRouter::Candidates OfflineRouter::CandidatesFor(const Situation& situation) const {
  const std::string& type = situation.editor_type;
  const bool edited = std::ranges::any_of(
      agents_, [&](const agents::AgentSpec& spec) { return Has(spec.edits, type); });
  const std::string last = LastAgent(situation);
  Candidates out;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const agents::AgentSpec& spec = agents_[i];
    if (!IsEligible(spec, situation)) continue;
    LinearModel::Candidate candidate;
    const auto add = [&candidate](std::size_t column) {
      candidate.columns[candidate.count++] = static_cast<std::uint16_t>(column);
    };
    add(i);
    // What nobody edits is talked about.
    const bool edits = edited ? Has(spec.edits, type) : spec.name == kDefaultAgent;
    if (situation.editor_open && edits) add(agents_.size() + kEditsWhatIsOpen);
    if (spec.name == last) add(agents_.size() + kAnsweredLast);
    out.agents.push_back(i);
    out.columns.push_back(candidate);
  }
  return out;
}

Situation OfflineRouter::WithLastAgent(Situation situation) const {
  if (situation.history.empty() || !LastAgent(situation).empty()) return situation;
  for (auto message = situation.history.rbegin(); message != situation.history.rend(); ++message) {
    if (message->role != "user") continue;
    Situation before = situation;
    before.query = message->content;
    before.history.clear();
    situation.history.back().agent = Decide(before).agent;
    break;
  }
  return situation;
}

Decision OfflineRouter::Decide(const Situation& given) const {
  if (Find(given.locked_agent) < agents_.size() &&
      ParseLockRequest(given.query, {given.locked_agent}).kind != LockRequest::Kind::kRelease) {
    return {.agent = given.locked_agent, .confidence = 1, .reason = "locked", .alternatives = {}};
  }
  const Situation situation = WithLastAgent(given);
  const FeatureList list = reader_.Read(situation);
  const bool surrounded = situation.editor_open || !situation.history.empty();
  if (!list.says_something && !surrounded && Find(kDefaultAgent) < agents_.size()) {
    return {.agent = std::string(kDefaultAgent),
            .confidence = kUnknownConfidence,
            .reason = "nothing in it is known",
            .alternatives = {}};
  }
  const Candidates candidates = CandidatesFor(situation);
  if (candidates.agents.empty()) {
    return {.agent = agents_.front().name,
            .confidence = 0,
            .reason = "nobody is for this",
            .alternatives = {}};
  }
  const std::vector<float> chances = model_.Predict(list.features, candidates.columns);
  std::vector<std::size_t> order(chances.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return chances[a] != chances[b] ? chances[a] > chances[b] : a < b;
  });
  Decision decision;
  decision.agent = agents_[candidates.agents[order[0]]].name;
  decision.confidence = chances[order[0]];
  decision.reason = Because(list, candidates, order[0]);
  for (std::size_t i = 1; i < order.size() && i <= kMaxAlternatives; ++i) {
    decision.alternatives.push_back({agents_[candidates.agents[order[i]]].name, chances[order[i]]});
  }
  return decision;
}

// What spoke for the chosen one and not for the others.
std::string OfflineRouter::Because(const FeatureList& list, const Candidates& candidates,
                                   std::size_t chosen) const {
  std::vector<std::pair<float, std::int16_t>> reasons;
  for (const Feature& feature : list.features) {
    if (feature.label < 0) continue;
    float others = 0;
    for (const auto& candidate : candidates.columns) {
      others += model_.Contribution(feature, candidate);
    }
    const float mine = model_.Contribution(feature, candidates.columns[chosen]) -
                       others / static_cast<float>(candidates.columns.size());
    if (mine > 0) reasons.emplace_back(mine, feature.label);
  }
  std::ranges::sort(reasons, std::greater());
  std::string text;
  for (std::size_t i = 0; i < reasons.size() && i < kMaxReasons; ++i) {
    text += (i == 0 ? "matches " : ", ") + list.labels[static_cast<std::size_t>(reasons[i].second)];
  }
  return text.empty() ? "nothing more particular fits" : text;
}

}  // namespace baton::runs::routing
