#include "runs/router.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runs/routing/lock_request.h"

namespace baton::runs {
namespace {

constexpr std::string_view kAutomatic = "auto";
constexpr std::string_view kDefaultAgent = "chat";

// As sure as this that a message is another agent's, it is no answer to a question.
constexpr double kSurelyAnother = 0.8;
// What of a request's history is looked at.
constexpr std::size_t kRoutedMessages = 8;

std::vector<std::string> NamesOf(const std::vector<std::shared_ptr<const agents::Agent>>& agents) {
  std::vector<std::string> names;
  names.reserve(agents.size());
  for (const auto& agent : agents) names.push_back(agent->spec.name);
  return names;
}

// The history that the store has, or else the request's, without this turn's own message.
std::vector<routing::PastMessage> HistoryOf(const TurnRequest& request,
                                            const ConversationState& conversation) {
  if (!conversation.history.empty()) return conversation.history;
  std::size_t end = request.history.size();
  if (end > 0 && request.history[end - 1].content == request.query) --end;
  std::vector<routing::PastMessage> history;
  for (std::size_t i = end - std::min(end, kRoutedMessages); i < end; ++i) {
    const HistoryMessage& message = request.history[i];
    history.push_back({.role = message.role, .content = message.content, .agent = message.agent});
  }
  return history;
}

routing::Situation SituationOf(const TurnRequest& request, const ConversationState& conversation) {
  routing::Situation situation{.query = request.query,
                               .editor_type = request.editor ? request.editor->type : "",
                               .editor_open = request.editor.has_value(),
                               .page = request.page,
                               .history = HistoryOf(request, conversation),
                               .locked_agent = {}};
  if (!conversation.waiting_agent.empty()) {
    // The question itself is in the run; that there is one is what matters here.
    situation.history.push_back(
        {.role = "assistant", .content = "?", .agent = conversation.waiting_agent});
  }
  return situation;
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

Router::Router(const AgentSource& agents, const llm::ModelCatalog& models, RouterOptions options)
    : agents_(agents),
      options_(std::move(options)),
      model_(models, options_.model_patience, options_.on_usage),
      learning_("routing", 1) {}

bool Router::NeedsConversation(const TurnRequest& request) {
  return request.agent_type.empty() || Lower(request.agent_type) == kAutomatic;
}

async::Task<Result<Routing>> Router::Route(const TurnRequest& request,
                                           const ConversationState& conversation) {
  if (!NeedsConversation(request)) {
    Result<Routing> routing = RouteByName(Lower(request.agent_type), "asked for", "request");
    if (routing && request.unlock_agent) routing->lock = "";
    co_return routing;
  }
  Result<std::optional<Routing>> locked = RouteByLock(request, conversation);
  if (!locked) co_return Fail(std::move(locked).error());
  if (*locked) co_return **std::move(locked);
  Result<Routing> routing = co_await RouteByMessage(request, conversation);
  if (routing && request.unlock_agent) routing->lock = "";
  if (routing && routing->agent->spec.keeps_conversation) routing->lock = routing->agent->spec.name;
  co_return routing;
}

Result<Routing> Router::RouteByName(std::string_view name, std::string_view reason,
                                    std::string_view decided_by) const {
  if (auto agent = agents_.Find(name)) {
    return Routing{.agent = std::move(agent),
                   .confidence = 1,
                   .reason = std::string(reason),
                   .decided_by = std::string(decided_by),
                   .alternatives = {},
                   .lock = std::nullopt};
  }
  std::string known;
  for (const std::string& each : NamesOf(agents_.List())) {
    known += (known.empty() ? "" : ", ") + each;
  }
  return Fail(Code::kInvalidArgument, "agent '{}' is not known; known: {}", name, known);
}

// Nothing if there is no lock, or none any more.
Result<std::optional<Routing>> Router::RouteByLock(const TurnRequest& request,
                                                   const ConversationState& conversation) const {
  using Kind = routing::LockRequest::Kind;
  const std::string& keeper =
      request.locked_agent.empty() ? conversation.locked_agent : request.locked_agent;
  const routing::LockRequest asked =
      routing::ParseLockRequest(request.query, NamesOf(agents_.List()));
  if (asked.kind == Kind::kLock) {
    Result<Routing> routing = RouteByName(asked.agent, "asked to stay with it", "lock");
    if (routing) routing->lock = asked.agent;
    return routing;
  }
  // An order to another than the keeper is no release: it may be part of what is kept.
  const bool means_keeper =
      asked.agent.empty() || agents_.Find(asked.agent) == agents_.Find(keeper);
  if (asked.kind == Kind::kRelease && !keeper.empty() && means_keeper &&
      agents_.Find(kDefaultAgent) != nullptr) {
    Result<Routing> routing =
        RouteByName(kDefaultAgent, "the conversation is no longer kept for one agent", "lock");
    if (routing) routing->lock = "";
    return routing;
  }
  if (request.unlock_agent) return std::nullopt;
  if (!request.locked_agent.empty()) {
    Result<Routing> routing = RouteByName(request.locked_agent, "locked", "lock");
    if (routing && routing->agent->spec.name != conversation.locked_agent) {
      routing->lock = routing->agent->spec.name;
    }
    return routing;
  }
  if (agents_.Find(conversation.locked_agent) == nullptr) return std::nullopt;
  return RouteByName(conversation.locked_agent, "locked", "lock");
}

async::Task<Result<Routing>> Router::RouteByMessage(const TurnRequest& request,
                                                    const ConversationState& conversation) {
  const Learned learned = co_await Current();
  if (learned.agents.empty()) co_return Fail(Code::kFailedPrecondition, "there is no agent");
  const routing::Situation situation = SituationOf(request, conversation);
  routing::Decision decision = learned.router->Decide(situation);
  const std::string& waiting = conversation.waiting_agent;
  if (!waiting.empty() && agents_.Find(waiting) != nullptr &&
      (decision.agent == waiting || decision.confidence < kSurelyAnother)) {
    co_return RouteByName(waiting, "answers its question", "question");
  }
  std::string_view decided_by = "offline";
  if (auto asked = co_await AskModel(learned.agents, situation)) {
    decision = *std::move(asked);
    decided_by = "model";
  }
  auto agent = agents_.Find(decision.agent);
  // It went away this very moment: a turn keeps the agent it was routed to.
  if (agent == nullptr) {
    agent = *std::ranges::find_if(
        learned.agents, [&](const auto& each) { return each->spec.name == decision.agent; });
  }
  co_return Routing{.agent = std::move(agent),
                    .confidence = decision.confidence,
                    .reason = std::move(decision.reason),
                    .decided_by = std::string(decided_by),
                    .alternatives = std::move(decision.alternatives),
                    .lock = std::nullopt};
}

async::Task<std::optional<routing::Decision>> Router::AskModel(
    const AgentList& agents, const routing::Situation& situation) const {
  const auto model = options_.ask_model ? model_.Model() : nullptr;
  if (model == nullptr) co_return std::nullopt;
  std::vector<const agents::AgentSpec*> eligible;
  for (const auto& agent : agents) {
    if (routing::IsEligible(agent->spec, situation)) eligible.push_back(&agent->spec);
  }
  if (eligible.empty()) co_return std::nullopt;
  Result<routing::Decision> decision = co_await model_.Decide(*model, eligible, situation);
  if (decision) co_return *std::move(decision);
  Log(LogLevel::kWarning, "model does not route, the offline router decides",
      {{"model", model->name()}, {"status", decision.error().ToString()}});
  co_return std::nullopt;
}

async::Task<void> Router::Prepare() { co_await Current(); }

async::Task<Router::Learned> Router::Current() {
  const AgentList agents = agents_.List();
  Learned learned;
  if (IsCurrent(agents, learned)) co_return learned;
  co_return co_await learning_.Run([this, &agents] {
    Learned fresh;
    if (IsCurrent(agents, fresh)) return fresh;  // by who came before
    std::vector<agents::AgentSpec> specs;
    for (const auto& agent : agents) specs.push_back(agent->spec);
    fresh.agents = agents;
    fresh.router = std::make_shared<const routing::OfflineRouter>(
        routing::OfflineRouter::Learn(std::move(specs), options_.knowledge));
    const std::lock_guard lock(mutex_);
    learned_ = fresh;
    return fresh;
  });
}

bool Router::IsCurrent(const AgentList& agents, Learned& out) {
  const std::lock_guard lock(mutex_);
  if (learned_.agents != agents || (learned_.router == nullptr && !agents.empty())) return false;
  out = learned_;
  return true;
}

}  // namespace baton::runs
