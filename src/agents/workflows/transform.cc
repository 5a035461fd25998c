// transform: given data in another form, checked before it is given out.
//
//   START → shape → check ─ of the form ─→ END
//             ↑       └── once: what is wrong
//             └───────────┘
//
// The model names the form and gives the text as JSON. Tables, CSV and JSON are read by a parser
// (shaped_text.h); what is wrong goes back to the model once. What is still wrong is given to the
// user with that remark, never as if it were right.
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/model_call.h"
#include "agents/internal/shaped_text.h"
#include "agents/internal/structured_answer.h"
#include "agents/internal/turn_state.h"
#include "agents/workflow.h"
#include "graph/state_graph.h"

namespace baton::agents {
namespace {

constexpr std::string_view kTransformInstructions =
    "## How you answer\n\n"
    "With JSON of this form, and nothing else:\n"
    "{\"form\": \"table\", \"output\": \"…\", \"note\": \"\"}\n\n"
    "- form: table (Markdown), list, timeline, csv, json, text, or question where there is no data "
    "to work on.\n"
    "- output: the result as the user reads it, fenced where it is csv or json; of a question the "
    "question.\n"
    "- note: one sentence where you had to decide something, else empty.";

const json::Value& TransformSchema() {
  static const json::Value schema = json::Parse(R"({
    "type": "object", "additionalProperties": false, "required": ["form", "output", "note"],
    "properties": {
      "form": {"enum": ["table", "list", "timeline", "csv", "json", "text", "question"]},
      "output": {"type": "string", "minLength": 1},
      "note": {"type": "string"}}})")
                                        .value();
  return schema;
}

std::string TransformPrompt(const graph::NodeContext&) {
  return std::string(kTransformInstructions);
}

class CheckFormNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;
};

async::Task<Result<graph::NodeOutput>> CheckFormNode::Run(graph::NodeContext& context) {
  static const json::Schema schema = json::Schema::Compile(TransformSchema()).value();
  const Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
  if (!messages) co_return Fail(messages.error());
  StructuredAnswer given = ReadStructured(messages->back().content, schema);
  if (given.problems.empty()) {
    const Status form =
        CheckForm(json::GetString(given.value, "form"), json::GetString(given.value, "output"));
    if (!form.ok()) given.problems.push_back(form.message());
  }
  graph::NodeOutput output;
  const bool prose = IsProse(messages->back().content);
  const bool repaired = json::GetInt(context.input(), "repairs") >= kMaxRepairs;
  if (!given.problems.empty() && !repaired && !prose) {
    output.writes["repairs"] = 1;
    output.writes["messages"] = json::Array{RepairRequest(
        "This answer cannot be used", given.problems, "Give the whole answer again.")};
    co_return output;
  }
  std::string answer;
  if (prose || given.value.is_null()) {
    answer = messages->back().content;
  } else {
    answer =
        JoinAnswer(json::GetString(given.value, "output"), json::GetString(given.value, "note"));
  }
  if (given.problems.empty()) {
    output.writes["structured_output"] = given.value;
  } else if (!prose) {
    output.writes["structured_output_error"] = "the form is not right:" + ListOf(given.problems);
    answer = JoinAnswer(answer, "The form is not right:" + ListOf(given.problems));
  }
  // What the agent that handed over has said stays, and this comes behind it.
  const std::string_view before = AnswerIn(context.input());
  answer = JoinAnswer(before, answer);
  BATON_CO_TRY(co_await ScopeOf(context).listener->OnContent(
      context.task_id(), context.attempt(), std::string_view(answer).substr(before.size())));
  const Result<SourceList> sources = SourcesIn(context.input());
  if (!sources) co_return Fail(sources.error());
  output.writes["answer"] = answer;
  output.writes["sources"] = sources->Cited(answer);
  co_return output;
}

// What is wrong with an answer comes as a message of the user's.
Result<graph::Route> AfterChecking(const json::Value& state) {
  const json::Array& messages = state.at("messages").as_array();
  const bool is_wrong = json::GetString(messages.back(), "role") == "user";
  return graph::Route{{is_wrong ? "shape" : std::string(graph::kEnd)}, {}};
}

Result<std::shared_ptr<const graph::CompiledGraph>> BuildTransform(
    const std::shared_ptr<const AgentSpec>& spec) {
  graph::Channels channels = TurnChannels();
  channels["repairs"].kind = graph::ChannelKind::kSum;
  graph::StateGraph graph(std::move(channels));
  BATON_TRY(graph.AddNode("shape", MakeStructuredNode(spec, TransformSchema(), TransformPrompt),
                          ModelNodeOptions()));
  BATON_TRY(graph.AddNode("check", std::make_unique<CheckFormNode>()));
  BATON_TRY(graph.AddEdge(graph::kStart, "shape"));
  BATON_TRY(graph.AddEdge("shape", "check"));
  BATON_TRY(graph.AddConditional("check", AfterChecking, {"shape", std::string(graph::kEnd)}));
  return std::move(graph).Compile({});
}

}  // namespace

Workflow TransformWorkflow() {
  return {.name = "transform",
          .purpose = "Given data in another form, checked before it is given out.",
          .parameters = {},
          .needs_tools = {},
          .build = BuildTransform};
}

}  // namespace baton::agents
