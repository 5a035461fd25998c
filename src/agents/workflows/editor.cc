// editor: the model proposes changes of the open document; where each goes is made certain.
//
//   START → plan ─ tool calls ──→ tools ─→ plan
//             ├── nothing to edit: it has answered ──→ END
//             └── a plan → place ─ certain, or asked ─→ END
//                            └── a place not found, once ─→ plan
//
// With a document that can be edited the model answers in JSON (edit_plan.h), whose `answer` the
// user gets as the turn's text; the operations are the channels `editor_operations` and
// `manuscript_edit`. A plan with a place that is not found, or found twice, goes back to the
// model once; then the user is asked, and nothing is proposed. Without such a document the turn
// is a conversation.
#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agents/internal/edit_plan.h"
#include "agents/internal/model_call.h"
#include "agents/internal/structured_answer.h"
#include "agents/internal/tools_node.h"
#include "agents/internal/turn_state.h"
#include "agents/workflow.h"
#include "graph/state_graph.h"

namespace baton::agents {
namespace {

// The front matter's outline, rules, style and characters, one after the other.
constexpr WorkflowParameter kEditorToolRounds = {"max_tool_rounds", 8, 0, 50};

constexpr std::string_view kNothingToEdit =
    "No document that can be edited is open. Answer in plain text; if the user wants a document "
    "changed, say that it has to be opened in the editor first.";

constexpr std::string_view kEnoughLookedUp =
    "You have made all the tool calls that one turn allows. Answer now with what you have.";

const OpenDocument* EditableDocument(const graph::NodeContext& context) {
  const std::optional<OpenDocument>& document = ScopeOf(context).document;
  return document && document->is_editable ? &*document : nullptr;
}

class EditPlanNode final : public graph::Node {
 public:
  explicit EditPlanNode(std::shared_ptr<const AgentSpec> spec)
      : spec_(std::move(spec)), max_tool_rounds_(GetParameter(*spec_, kEditorToolRounds)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  Result<llm::ChatRequest> RequestFor(const graph::NodeContext& context) const;
  std::string Instructions(const graph::NodeContext& context) const;

  const std::shared_ptr<const AgentSpec> spec_;
  const int max_tool_rounds_;
};

std::string EditPlanNode::Instructions(const graph::NodeContext& context) const {
  std::string text = SystemPrompt(*spec_, ScopeOf(context));
  if (const OpenDocument* document = EditableDocument(context)) {
    text.append("\n\n").append(DescribePlace(*document));
    text.append("\n\n").append(EditPlanInstructions());
  } else {
    text.append("\n\n").append(kNothingToEdit);
    if (!spec_->edits.empty()) {
      text +=
          fmt::format(" You edit documents of the kind {} only.", fmt::join(spec_->edits, ", "));
    }
  }
  const int rounds = ToolRoundsIn(context.input());
  if (rounds > 0 && rounds >= max_tool_rounds_) text.append("\n\n").append(kEnoughLookedUp);
  return text;
}

Result<llm::ChatRequest> EditPlanNode::RequestFor(const graph::NodeContext& context) const {
  Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
  if (!messages) return Fail(std::move(messages).error());
  llm::ChatRequest request;
  request.temperature = spec_->temperature;
  request.max_output_tokens = spec_->max_output_tokens;
  if (ToolRoundsIn(context.input()) < max_tool_rounds_) {
    request.tools = OfferedTools(*spec_, *ScopeOf(context).tools);
  }
  if (EditableDocument(context) != nullptr) {
    request.response_schema = EditPlanSchema();
    request.is_inventive = true;
  }
  request.messages.push_back({.role = llm::Role::kSystem, .content = Instructions(context)});
  std::ranges::move(*messages, std::back_inserter(request.messages));
  return request;
}

async::Task<Result<graph::NodeOutput>> EditPlanNode::Run(graph::NodeContext& context) {
  const Result<llm::ChatRequest> request = RequestFor(context);
  if (!request) co_return Fail(request.error());
  const bool plans = EditableDocument(context) != nullptr;
  const std::string_view before = AnswerIn(context.input());
  Result<llm::ChatResponse> response =
      plans ? co_await CallModel(context, spec_->model, *request, nullptr)
            : co_await StreamModel(context, spec_->model, *request, before);
  if (!response) co_return Fail(std::move(response).error());
  llm::Message& message = response->message;
  if (request->tools.empty()) message.tool_calls.clear();
  graph::NodeOutput output;
  output.writes["messages"] = json::Array{llm::ToJson(message)};
  if (plans) co_return output;
  const std::string answer = JoinAnswer(before, message.content);
  output.writes["answer"] = answer;
  const Result<SourceList> sources = SourcesIn(context.input());
  if (!sources) co_return Fail(sources.error());
  output.writes["sources"] = sources->Cited(answer);
  co_return output;
}

constexpr std::string_view kRepairAdvice =
    "Give the whole plan again. Copy each original_text from the document to the letter, and make "
    "it long enough to occur exactly once. If you cannot tell which place is meant, leave the "
    "operation out and ask under questions.";

class PlaceEditsNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;
};

json::Value ManuscriptEdit(const OpenDocument& document, const json::Value& plan,
                           json::Array questions) {
  return json::Object{
      {"target_filename", document.filename},      {"document_id", document.document_id},
      {"scope", json::GetString(plan, "scope")},   {"summary", json::GetString(plan, "summary")},
      {"safety", json::GetString(plan, "safety")}, {"clarifying_questions", std::move(questions)}};
}

json::Array QuestionsIn(const json::Value& plan) {
  const json::Value* questions = json::Find(plan, "questions");
  return questions == nullptr ? json::Array() : questions->get_array();
}

// The text beside the operations: what the model says, and what it asks.
std::string AnswerOf(const json::Value& plan, const ResolvedEdits& edits) {
  std::string text(json::GetString(plan, "answer"));
  if (text.empty()) text = json::GetString(plan, "summary");
  for (const json::Value& question : QuestionsIn(plan)) {
    text = JoinAnswer(text, json::ToStringView(question.get_string()));
  }
  if (!text.empty()) return text;
  return fmt::format("{} change{} proposed.", edits.operations.size(),
                     edits.operations.size() == 1 ? "" : "s");
}

// The question that takes the place of a guess.
std::string AskForPlace(const std::vector<std::string>& problems) {
  return fmt::format(
      "I have not proposed any change, because I cannot tell for certain where it goes:{}\n\n"
      "Which place do you mean? Quote its first words, or select it in the editor.",
      ListOf(problems));
}

async::Task<Result<graph::NodeOutput>> PlaceEditsNode::Run(graph::NodeContext& context) {
  const OpenDocument* document = EditableDocument(context);
  if (document == nullptr) co_return graph::NodeOutput();
  const Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
  if (!messages) co_return Fail(messages.error());
  static const json::Schema schema = json::Schema::Compile(EditPlanSchema()).value();
  StructuredAnswer plan = ReadStructured(messages->back().content, schema);
  ResolvedEdits edits;
  if (plan.problems.empty()) {
    edits = ResolveEdits(*document, json::Find(plan.value, "operations")->get_array());
    plan.problems = edits.problems;
  }
  graph::NodeOutput output;
  const bool repaired = json::GetInt(context.input(), "repairs") >= kMaxRepairs;
  const bool prose = IsProse(messages->back().content);
  if (!plan.problems.empty() && !repaired && !prose) {
    BATON_CO_TRY(co_await ScopeOf(context).listener->OnStatus("Looking for the places again"));
    output.writes["repairs"] = 1;
    output.writes["messages"] =
        json::Array{RepairRequest("This plan cannot be applied", plan.problems, kRepairAdvice)};
    co_return output;
  }
  std::string answer;
  if (plan.problems.empty()) {
    answer = AnswerOf(plan.value, edits);
    output.writes["editor_operations"] = edits.operations;
    output.writes["structured_output"] = plan.value;
    output.writes["manuscript_edit"] =
        ManuscriptEdit(*document, plan.value, QuestionsIn(plan.value));
  } else if (prose) {
    answer = messages->back().content;
  } else if (plan.value.is_null()) {
    answer = fmt::format("I have not been able to write the changes down:{}\n\nPlease ask again.",
                         ListOf(plan.problems));
  } else {
    answer = AskForPlace(plan.problems);
    output.writes["editor_operations"] = json::Array();
    output.writes["manuscript_edit"] =
        ManuscriptEdit(*document, plan.value, json::Array{json::Value(answer)});
  }
  BATON_CO_TRY(
      co_await ScopeOf(context).listener->OnContent(context.task_id(), context.attempt(), answer));
  const Result<SourceList> sources = SourcesIn(context.input());
  if (!sources) co_return Fail(sources.error());
  output.writes["answer"] = answer;
  output.writes["sources"] = sources->Cited(answer);
  co_return output;
}

// A conversation has its answer by now; a plan has still to be placed.
Result<graph::Route> AfterEditPlan(const json::Value& state) {
  if (WantsTools(state)) return graph::Route{{"tools"}, {}};
  const bool answered = json::Find(state, "sources") != nullptr;
  return graph::Route{{answered ? std::string(graph::kEnd) : "place"}, {}};
}

Result<graph::Route> AfterPlacing(const json::Value& state) {
  const bool answered = json::Find(state, "sources") != nullptr;
  return graph::Route{{answered ? std::string(graph::kEnd) : "plan"}, {}};
}

Result<std::shared_ptr<const graph::CompiledGraph>> BuildEditor(
    const std::shared_ptr<const AgentSpec>& spec) {
  graph::Channels channels = TurnChannels();
  channels["editor_operations"].kind = graph::ChannelKind::kLastValue;
  channels["manuscript_edit"].kind = graph::ChannelKind::kLastValue;
  channels["repairs"].kind = graph::ChannelKind::kSum;
  graph::StateGraph graph(std::move(channels));
  const std::string end(graph::kEnd);
  BATON_TRY(graph.AddNode("plan", std::make_unique<EditPlanNode>(spec), ModelNodeOptions()));
  BATON_TRY(graph.AddNode("tools", MakeToolsNode(spec)));
  BATON_TRY(graph.AddNode("place", std::make_unique<PlaceEditsNode>()));
  BATON_TRY(graph.AddEdge(graph::kStart, "plan"));
  BATON_TRY(graph.AddConditional("plan", AfterEditPlan, {"tools", "place", end}));
  BATON_TRY(graph.AddEdge("tools", "plan"));
  BATON_TRY(graph.AddConditional("place", AfterPlacing, {"plan", end}));
  graph::CompileOptions options;
  // Each round is a step of the model and one of the tools; then plan and place, twice.
  options.recursion_limit = 2 * GetParameter(*spec, kEditorToolRounds) + 6;
  return std::move(graph).Compile(std::move(options));
}

}  // namespace

Workflow EditorWorkflow() {
  return {.name = "editor",
          .purpose = "The model proposes changes of the open document, each where it belongs.",
          .parameters = {kEditorToolRounds},
          .needs_tools = {},
          .build = BuildEditor};
}

}  // namespace baton::agents
