// simulation: a game of many turns, whose state is data and outlives each of them.
//
//   START → load → play → keep ─ it fits ─→ END
//                    ↑      └── once: what does not fit
//                    └──────────┘
//
// The model gives a report and the situation after it, as JSON. What must not go wrong is not
// the model's: the turn's number and the history are counted here, forces that are lost stay
// lost, and the state is kept for the conversation in the user's long-term store (namespace
// "simulations", the conversation's id). `keep` writes what follows from `load`, so that it may
// run again after a crash without playing the turn twice.
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/model_call.h"
#include "agents/internal/structured_answer.h"
#include "agents/internal/turn_state.h"
#include "agents/workflow.h"
#include "base/utf8.h"
#include "graph/long_term_store.h"
#include "graph/state_graph.h"

namespace baton::agents {
namespace {

constexpr std::string_view kNamespace = "simulations";

// A game longer than this is known by its situation; the store takes 1 MiB.
constexpr std::size_t kMaxHistory = 50;
constexpr std::size_t kMaxOrderBytes = 500;

constexpr std::string_view kSimulationInstructions =
    "## How you answer\n\n"
    "With JSON of this form, and nothing else:\n"
    "{\"report\": \"…\", \"advance_turn\": true, \"outcome\": \"…\", \"ended\": false, "
    "\"situation\": {\"title\": \"…\", \"player_side\": \"Blue\", \"opponent_side\": \"Red\", "
    "\"escalation\": 3, \"forces\": [{\"side\": \"Blue\", \"name\": \"…\", \"strength\": 100, "
    "\"place\": \"…\"}]}, \"options\": [\"…\"]}\n\n"
    "- report: what the user reads: outcome, losses, the opponent's move and why. Turn, escalation "
    "and options are shown behind it; do not repeat them.\n"
    "- advance_turn: true only if the user has given an order. A question is answered from the "
    "state, without a turn, and the situation stays as it is.\n"
    "- outcome: the turn in one sentence, for the history.\n"
    "- situation: the whole situation after the report, from 0 (peace) to 10 (all-out war). "
    "strength is 0 to 100; list lost forces with strength 0: they stay lost.\n"
    "- options: two or three orders the user could give. ended: the user ends the game.";

const json::Value& SimulationSchema() {
  static const json::Value schema = json::Parse(R"({
    "type": "object", "additionalProperties": false,
    "required": ["report", "advance_turn", "outcome", "ended", "situation", "options"],
    "properties": {
      "report": {"type": "string", "minLength": 1},
      "advance_turn": {"type": "boolean"},
      "outcome": {"type": "string"},
      "ended": {"type": "boolean"},
      "options": {"type": "array", "items": {"type": "string"}},
      "situation": {
        "type": "object", "additionalProperties": false,
        "required": ["title", "player_side", "opponent_side", "escalation", "forces"],
        "properties": {
          "title": {"type": "string"},
          "player_side": {"type": "string"},
          "opponent_side": {"type": "string"},
          "escalation": {"type": "integer", "minimum": 0, "maximum": 10},
          "forces": {"type": "array", "items": {
            "type": "object", "additionalProperties": false,
            "required": ["side", "name", "strength", "place"],
            "properties": {
              "side": {"type": "string"},
              "name": {"type": "string"},
              "strength": {"type": "integer", "minimum": 0, "maximum": 100},
              "place": {"type": "string"}}}}}}}})")
                                        .value();
  return schema;
}

// The game as it is kept: {"turn", "situation", "history": [{"turn", "order", "outcome"}]}.
const json::Value* GameIn(const json::Value& state) {
  const json::Value* game = json::Find(state, "game");
  return game != nullptr && game->is_object() ? game : nullptr;
}

std::string SimulationPrompt(const graph::NodeContext& context) {
  const json::Value* game = GameIn(context.input());
  const std::string state =
      game == nullptr ? "The game has not begun. Set the scene, and ask for the user's side if it "
                        "does not follow from the message; that is not a turn."
                      : "Kept as data; it counts, whatever the conversation says:\n\n```json\n" +
                            json::Serialize(*game) + "\n```";
  return fmt::format("## The state of the game\n\n{}\n\n{}", state, kSimulationInstructions);
}

class LoadGameNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    graph::NodeOutput output;
    output.writes["game"] = nullptr;
    if (context.store() == nullptr) co_return output;
    const Result<std::optional<graph::StoredItem>> item = co_await context.store()->Get(
        {std::string(kNamespace)}, ScopeOf(context).tool_context.conversation_id,
        graph::ReadMode::kLeave);
    if (!item) co_return Fail(item.error());
    if (*item) output.writes["game"] = (*item)->value;
    co_return output;
  }
};

const json::Value* FindForce(const json::Array& forces, const json::Value& wanted) {
  const auto* const found = std::ranges::find_if(forces, [&](const json::Value& force) {
    return force.at("side") == wanted.at("side") && force.at("name") == wanted.at("name");
  });
  return found == forces.end() ? nullptr : found;
}

// The forces that were lost and are there again.
std::vector<std::string> Revived(const json::Value* game, const json::Value& situation) {
  std::vector<std::string> problems;
  if (game == nullptr) return problems;
  const json::Array& forces = situation.at("forces").as_array();
  for (const json::Value& before : game->at("situation").at("forces").as_array()) {
    if (json::GetInt(before, "strength") > 0) continue;
    const json::Value* after = FindForce(forces, before);
    if (after == nullptr || json::GetInt(*after, "strength") <= 0) continue;
    problems.push_back(fmt::format("{}, {}: lost, and stays lost", json::GetString(*after, "side"),
                                   json::GetString(*after, "name")));
  }
  return problems;
}

// The situation after a move. A lost force that is not named any more is kept: what is forgotten
// could come back.
json::Value NextSituation(const json::Value* game, json::Value situation) {
  if (game == nullptr) return situation;
  json::Array& forces = situation.at("forces").as_array();
  for (const json::Value& before : game->at("situation").at("forces").as_array()) {
    const bool lost = json::GetInt(before, "strength") <= 0;
    if (lost && FindForce(forces, before) == nullptr) forces.push_back(before);
  }
  return situation;
}

json::Object NextGame(const json::Value* game, const json::Value& move, std::string_view order) {
  const bool advance = json::GetBool(move, "advance_turn");
  const std::int64_t turn = game == nullptr ? 1 : json::GetInt(*game, "turn", 1);
  json::Array history = game == nullptr ? json::Array() : game->at("history").as_array();
  if (advance) {
    history.push_back(json::Object{{"turn", turn},
                                   {"order", Utf8Prefix(order, kMaxOrderBytes)},
                                   {"outcome", json::GetString(move, "outcome")}});
    if (history.size() > kMaxHistory) history.erase(history.begin());
  }
  // A question changes nothing, whatever the model has made of the situation.
  const bool keeps = game != nullptr && !advance;
  return {{"turn", turn + (advance ? 1 : 0)},
          {"situation", keeps ? game->at("situation") : NextSituation(game, move.at("situation"))},
          {"history", std::move(history)}};
}

std::string ReportOf(const json::Value& move, const json::Object& game) {
  std::string text =
      fmt::format("{}\n\n**Turn {} · escalation {} of 10**", json::GetString(move, "report"),
                  json::GetInt(game, "turn"), json::GetInt(game.at("situation"), "escalation"));
  std::vector<std::string> options;
  for (const json::Value& option : move.at("options").as_array()) {
    options.emplace_back(json::ToStringView(option.as_string()));
  }
  if (!options.empty()) text += "\n" + ListOf(options);
  return text;
}

// The turn's message: the last of the user's that is not a repair.
std::string OrderIn(const std::vector<llm::Message>& messages, int repairs) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (message->role == llm::Role::kUser && repairs-- == 0) return message->content;
  }
  return {};
}

class KeepGameNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  static async::Task<Status> Keep(graph::NodeContext& context, json::Object game, bool ended);
};

async::Task<Status> KeepGameNode::Keep(graph::NodeContext& context, json::Object game, bool ended) {
  if (context.store() == nullptr) co_return Status();
  const graph::StoreNamespace ns = {std::string(kNamespace)};
  const std::string& key = ScopeOf(context).tool_context.conversation_id;
  if (ended) co_return co_await context.store()->Delete(ns, key);
  co_return co_await context.store()->Put(ns, key, std::move(game));
}

async::Task<Result<graph::NodeOutput>> KeepGameNode::Run(graph::NodeContext& context) {
  static const json::Schema schema = json::Schema::Compile(SimulationSchema()).value();
  const Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
  if (!messages) co_return Fail(messages.error());
  StructuredAnswer move = ReadStructured(messages->back().content, schema);
  const json::Value* game = GameIn(context.input());
  if (move.problems.empty()) move.problems = Revived(game, move.value.at("situation"));
  const int repairs = static_cast<int>(json::GetInt(context.input(), "repairs"));
  graph::NodeOutput output;
  const bool prose = IsProse(messages->back().content);
  if (!move.problems.empty() && repairs < kMaxRepairs && !prose) {
    output.writes["repairs"] = 1;
    output.writes["messages"] =
        json::Array{RepairRequest("This answer cannot be used", move.problems,
                                  "Give the whole answer again, and keep to the state.")};
    co_return output;
  }
  std::string answer;
  if (prose) {
    answer = messages->back().content;
  } else if (!move.problems.empty()) {
    answer = fmt::format(
        "The umpire's answer does not fit the game, so nothing has changed:{}\n\n"
        "Please give your order again.",
        ListOf(move.problems));
  } else {
    json::Object next = NextGame(game, move.value, OrderIn(*messages, repairs));
    answer = ReportOf(move.value, next);
    output.writes["game"] = next;
    output.writes["structured_output"] = next;
    BATON_CO_TRY(co_await Keep(context, std::move(next), json::GetBool(move.value, "ended")));
  }
  BATON_CO_TRY(
      co_await ScopeOf(context).listener->OnContent(context.task_id(), context.attempt(), answer));
  output.writes["answer"] = answer;
  output.writes["sources"] = json::Array();
  co_return output;
}

Result<graph::Route> AfterKeeping(const json::Value& state) {
  const bool answered = json::Find(state, "sources") != nullptr;
  return graph::Route{{answered ? std::string(graph::kEnd) : "play"}, {}};
}

Result<std::shared_ptr<const graph::CompiledGraph>> BuildSimulation(
    const std::shared_ptr<const AgentSpec>& spec) {
  graph::Channels channels = TurnChannels();
  channels["game"].kind = graph::ChannelKind::kLastValue;
  channels["repairs"].kind = graph::ChannelKind::kSum;
  graph::StateGraph graph(std::move(channels));
  BATON_TRY(graph.AddNode("load", std::make_unique<LoadGameNode>()));
  BATON_TRY(graph.AddNode("play", MakeStructuredNode(spec, SimulationSchema(), SimulationPrompt),
                          ModelNodeOptions()));
  BATON_TRY(graph.AddNode("keep", std::make_unique<KeepGameNode>()));
  BATON_TRY(graph.AddEdge(graph::kStart, "load"));
  BATON_TRY(graph.AddEdge("load", "play"));
  BATON_TRY(graph.AddEdge("play", "keep"));
  BATON_TRY(graph.AddConditional("keep", AfterKeeping, {"play", std::string(graph::kEnd)}));
  return std::move(graph).Compile({});
}

}  // namespace

Workflow SimulationWorkflow() {
  return {.name = "simulation",
          .purpose = "A game of many turns, whose state is kept as data.",
          .parameters = {},
          .needs_tools = {},
          .build = BuildSimulation};
}

}  // namespace baton::agents
