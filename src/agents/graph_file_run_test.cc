// Graph files at work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/graph_file.h"
#include "agents/internal/graph_file/value_template.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "graph/runner.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::Fails;
using baton::testing::Says;
using baton::testing::SaysInPieces;
using baton::testing::ScriptedChatModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Keeps the custom events.
class EventRecorder final : public graph::StreamListener {
 public:
  bool Wants(graph::StreamEvent::Kind kind) const override {
    return kind == graph::StreamEvent::Kind::kCustom;
  }
  async::Task<Status> OnEvent(graph::StreamEvent event) override {
    events.push_back(event.node + " " + json::Serialize(event.data));
    co_return Status();
  }
  std::vector<std::string> events;
};

class GraphFileRun : public ::testing::Test {
 protected:
  GraphFileRun() {
    scope_.models = &models_;
    scope_.tools = &tools_;
    scope_.tool_context.user_id = "ann";
    models_.Set("default", model_);
    models_.Set("fast", model_);
  }

  void Read(std::string_view text) {
    auto file = ParseGraphFile(text, "g.yaml", {});
    ASSERT_TRUE(file.has_value()) << file.error().message();
    file_ = *std::move(file);
  }
  void Open(const std::filesystem::path& path) {
    auto file = OpenGraphFile(path);
    ASSERT_TRUE(file.has_value()) << file.error().message();
    file_ = *std::move(file);
  }
  // A graph of nodes in a row.
  void ReadChain(std::string_view channels, std::string_view nodes, std::string_view chain) {
    Read(fmt::format("graph: g\ndescription: x\nchannels: {{{}}}\nnodes:\n{}\nedges: [{}]\n",
                     channels, nodes, chain));
  }

  graph::RunResult Run(graph::RunRequest request) {
    request.thread_id = "t";
    return async::BlockOn(
        runner_.Run(file_.graph, std::move(request), {.listener = &events_, .scope = &scope_}));
  }
  graph::RunResult Start(std::string_view input) {
    return Run({.input = json::Parse(input).value()});
  }
  // The final value of a channel after a run that must end.
  std::string Value(const graph::RunResult& result, std::string_view channel) {
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_THAT(result.questions, SizeIs(0));
    const json::Value* value = json::Find(result.values, channel);
    return value == nullptr ? "absent" : json::Serialize(*value);
  }

  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  llm::ModelCatalog models_;
  tools::ToolRegistry tools_;
  GraphScope scope_;
  EventRecorder events_;
  GraphFile file_;

 private:
  checkpoint::MemoryCheckpointStore store_;
  IdGenerator ids_{SystemClock(), 1};
  graph::Runner runner_{store_, SystemClock(), ids_};
};

TEST_F(GraphFileRun, ValuesAreFilledInAsTheyAreAndTextsAsText) {
  ReadChain(
      "a: last, b: last, n: sum",
      "  s:\n"
      "    set:\n"
      "      b: {whole: '{{/a}}', part: 'x{{/a/n}}y{{/a/t}}{{/a/none}}', none: '{{/a/none}}',\n"
      "          list: ['{{/a/n}}', 7, true, '8'], deep: 'is {{/a}}'}\n"
      "      n: '{{/a/n}}'",
      "START -> s");
  const auto result = Start(R"({"a": {"n": 3, "t": "{{/a/n}}"}})");
  EXPECT_EQ(Value(result, "b"),
            R"({"whole":{"n":3,"t":"{{/a/n}}"},"part":"x3y{{/a/n}}","none":null,)"
            R"("list":[3,7,true,"8"],"deep":"is {\"n\":3,\"t\":\"{{/a/n}}\"}"})");
  EXPECT_EQ(Value(result, "n"), "3");
}

TEST_F(GraphFileRun, ABranchGoesTheFirstWayThatHolds) {
  ReadChain("n: last, log: append",
            "  b:\n"
            "    branch:\n"
            "      - if: {all: [{path: /n, gte: 10}, {not: {path: /n, eq: 13}}]}\n"
            "        to: [high, both]\n"
            "      - if: {any: [{path: /n, lt: 0}, {path: /n, eq: null}]}\n"
            "        to: low\n"
            "      - else: END\n"
            "  high: {set: {log: high}}\n"
            "  both: {set: {log: both}}\n"
            "  low: {set: {log: low}}",
            "START -> b");
  EXPECT_EQ(Value(Start(R"({"n": 10})"), "log"), R"(["both","high"])");
  EXPECT_EQ(Value(Start(R"({"n": -1, "log": []})"), "log"), R"(["both","high","low"])");
  EXPECT_EQ(Value(Start(R"({"n": 13})"), "log"), R"(["both","high","low"])");
}

TEST_F(GraphFileRun, AModelAnswersAndItsWordsAreShown) {
  model_->Add(SaysInPieces({"Hello ", "Ann"}));
  ReadChain("name: last, past: append, answer: last",
            "  m: {model: {system: Be kind., history: /past, prompt: 'Greet {{/name}}', "
            "temperature: 0.5, max_output_tokens: 9, write: answer}}",
            "START -> m");
  const auto result = Start(R"({"name": "Ann", "past": [{"role": "assistant", "content": "Hi"}]})");
  EXPECT_EQ(Value(result, "answer"), "\"Hello Ann\"");
  EXPECT_THAT(events_.events, ElementsAre(R"(m {"kind":"text","text":"Hello "})",
                                          R"(m {"kind":"text","text":"Ann"})"));
  const llm::ChatRequest request = model_->requests().at(0);
  ASSERT_THAT(request.messages, SizeIs(3));
  EXPECT_EQ(request.messages[0].content, "Be kind.");
  EXPECT_EQ(request.messages[1].content, "Hi");
  EXPECT_EQ(request.messages[2].content, "Greet Ann");
  EXPECT_EQ(request.temperature, 0.5);
  EXPECT_EQ(request.max_output_tokens, 9);
}

TEST_F(GraphFileRun, AModelAnswersInTheShapeThatIsAskedFor) {
  ReadChain(
      "kind: last",
      "  m:\n"
      "    model:\n"
      "      prompt: sort\n"
      "      schema: {type: object, properties: {refund: {type: boolean}}, required: [refund]}\n"
      "      write: kind\n"
      "    attempts: 2",
      "START -> m");
  model_->Add(Says("no JSON"));
  model_->Add(Says(R"({"refund": true})"));
  EXPECT_EQ(Value(Start("{}"), "kind"), R"({"refund":true})");
  EXPECT_TRUE(model_->requests().at(0).response_schema.has_value());
  model_->Add(Says(R"({"refund": 1})"));
  model_->Add(Says("[]"));
  const auto result = Start("{}");
  EXPECT_THAT(result.status.message(),
              HasSubstr("model 'default': its answer is not what 'schema' asks for"));
}

TEST_F(GraphFileRun, AToolGetsItsArgumentsAndTheCaller) {
  tools::ToolContext seen;
  json::Object arguments_seen;
  const auto search = [&](json::Object arguments,
                          tools::ToolContext context) -> async::Task<Result<tools::ToolResult>> {
    seen = context;
    arguments_seen = arguments;
    if (arguments.at("query") == "fail") co_return Fail(Code::kInternal, "broken");
    co_return tools::ToolResult{.text = "found", .sources = {{.id = "d1", .title = "T"}}};
  };
  ASSERT_TRUE(tools_
                  .Add(std::make_unique<FunctionTool>(
                      tools::ToolDefinition{.name = "search",
                                            .description = "",
                                            .parameters = json::Object{{"type", "object"}}},
                      search))
                  .ok());
  ReadChain("q: last, found: last, sources: last",
            "  t: {tool: {tool: search, arguments: {query: '{{/q}}', limit: 5}, write: found, "
            "sources: sources}}",
            "START -> t");
  const auto result = Start(R"({"q": "backups"})");
  EXPECT_EQ(Value(result, "found"), "\"found\"");
  EXPECT_THAT(Value(result, "sources"), HasSubstr("\"id\":\"d1\""));
  EXPECT_EQ(json::Serialize(arguments_seen), R"({"query":"backups","limit":5})");
  EXPECT_EQ(seen.user_id, "ann");
  EXPECT_FALSE(seen.idempotency_key.empty());
  EXPECT_THAT(events_.events, ElementsAre(HasSubstr(R"("kind":"tool_call","tool":"search")")));
  EXPECT_EQ(Start(R"({"q": "fail"})").status.message(), "tool 'search': broken");
}

TEST_F(GraphFileRun, AMapRunsANodeForEachElement) {
  Open("examples/graphs/digest.yaml");
  model_->AnswerOthers([](const llm::ChatRequest& request) {
    return Says(request.messages[1].content + " / " + request.messages[0].content);
  });
  const auto result = Start(R"({"title": "cats", "texts": ["one", "two", "three"]})");
  EXPECT_EQ(Value(result, "digest"),
            R"({"title":"cats","summaries":[)"
            R"("one / Summarise in one sentence what this says about cats.",)"
            R"("two / Summarise in one sentence what this says about cats.",)"
            R"("three / Summarise in one sentence what this says about cats."]})");
  EXPECT_EQ(Value(Start(R"({"texts": []})"), "digest").substr(0, 16), R"({"title":"cats",)");
  EXPECT_THAT(Start(R"({"texts": "one"})").status.message(),
              HasSubstr("'/texts' is not a list: a map runs over a list"));
}

TEST_F(GraphFileRun, AnAskedQuestionWaitsForAFittingAnswer) {
  Open("examples/graphs/refund.yaml");
  const auto asked = Start(R"({"message": "It broke", "amount": 25, "wish": "refund"})");
  ASSERT_THAT(asked.questions, SizeIs(1));
  EXPECT_EQ(asked.questions[0].node, "approve");
  EXPECT_EQ(
      json::Serialize(asked.questions[0].payload),
      R"({"kind":"question","text":"Refund 25 for: It broke","choices":["approve","refuse"]})");
  EXPECT_EQ(Run({.answers = {{"", "perhaps"}}}).status.code(), Code::kInvalidArgument);
  const auto result = Run({.answers = {{"", "approve"}}});
  EXPECT_EQ(Value(result, "answer"), "\"We refund 25.\"");
  EXPECT_EQ(Value(result, "log"), R"([{"refunded":25,"asked":"approve"}])");
}

TEST_F(GraphFileRun, TheRefundExampleTakesEachOfItsWays) {
  Open("examples/graphs/refund.yaml");
  EXPECT_EQ(Value(Start(R"({"amount": 12.5, "wish": "refund"})"), "answer"), "\"We refund 12.5.\"");
  model_->Add(Says("Dear customer"));
  EXPECT_EQ(Value(Start(R"({"message": "Hello", "wish": "talk"})"), "answer"), "\"Dear customer\"");
  ASSERT_THAT(Start(R"({"amount": 30, "wish": "refund"})").questions, SizeIs(1));
  EXPECT_THAT(Value(Run({.answers = {{"", "refuse"}}}), "answer"), HasSubstr("cannot refund 30"));
}

TEST_F(GraphFileRun, ASubgraphWorksOnTheSharedChannels) {
  Open("examples/graphs/answer_from_documents.yaml");
  std::vector<tools::Source> sources = {{.id = "d1", .title = "Notes"}};
  const auto search = [&](json::Object,
                          tools::ToolContext) -> async::Task<Result<tools::ToolResult>> {
    co_return tools::ToolResult{.text = "[1] Notes\nBackups run daily.", .sources = sources};
  };
  ASSERT_TRUE(tools_
                  .Add(std::make_unique<FunctionTool>(
                      tools::ToolDefinition{.name = "search_documents",
                                            .description = "",
                                            .parameters = json::Object{{"type", "object"}}},
                      search))
                  .ok());
  model_->Add(Says("Daily [1]."));
  EXPECT_EQ(Value(Start(R"({"question": "How often?"})"), "answer"), "\"Daily [1].\"");
  EXPECT_EQ(model_->requests().at(0).messages.at(1).content,
            "[1] Notes\nBackups run daily.\n\nQuestion: How often?\n");
  sources.clear();
  EXPECT_EQ(Value(Start(R"({"question": "How often?"})"), "answer"),
            "\"Your documents say nothing about: How often?\"");
}

TEST_F(GraphFileRun, AJoinWaitsForAllOfItsSources) {
  ReadChain("log: append",
            "  a: {set: {log: a}}\n  b: {set: {log: b}}\n  c: {set: {log: c}}\n"
            "  d: {set: {log: d}}",
            "START -> a, START -> b -> c, a + c -> d");
  EXPECT_EQ(Value(Start("{}"), "log"), R"(["a","b","c","d"])");
}

TEST_F(GraphFileRun, WhoGoesInCirclesIsStopped) {
  Read(
      "graph: g\ndescription: x\nchannels: {n: sum}\nmax_steps: 7\n"
      "nodes: {a: {set: {n: 1}}}\nedges: [START -> a -> a]\n");
  EXPECT_EQ(Start("{}").status.code(), Code::kResourceExhausted);
}

TEST_F(GraphFileRun, AValueThatDoublesWithEachStepEndsTheRunAndNotTheProcess) {
  for (const char* written :
       {"'{{/x}}{{/x}}'", "['{{/x}}', '{{/x}}']", "{a: {b: '{{/x}}'}, c: '{{/x}}'}"}) {
    Read(
        fmt::format("graph: g\ndescription: x\nchannels: {{x: last}}\nmax_steps: 100\n"
                    "nodes: {{a: {{set: {{x: {}}}}}}}\nedges: [START -> a -> a]\n",
                    written));
    const auto result = Start(R"({"x": "0123456789"})");
    EXPECT_EQ(result.status.code(), Code::kResourceExhausted);
    EXPECT_EQ(result.status.message(), "set 'x': a template comes to more than 16 MiB") << written;
    EXPECT_GT(json::TextBytes(result.values), kMaxFilledBytes / 4) << "what was before it stays";
  }
}

TEST_F(GraphFileRun, AMapOverTooMuchIsRefused) {
  ReadChain("l: last, log: append",
            "  m: {map: {over: /l, do: one, with: {all: '{{/l}}'}}}\n"
            "  one: {set: {log: '{{/index}}'}}",
            "START -> m");
  json::Array list(5'000, json::Value("of some length"));
  json::Object input{{"l", list}};
  EXPECT_EQ(Run({.input = input}).status.code(), Code::kResourceExhausted) << "25 million copies";
  list.resize(20);
  input["l"] = list;
  EXPECT_TRUE(Run({.input = input}).status.ok());
}

}  // namespace
}  // namespace baton::agents
