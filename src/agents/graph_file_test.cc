// What graph files say, and what is said of those that are wrong.
#include "agents/graph_file.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/internal/graph_file/step_reader.h"
#include "agents/internal/turn_recorder.h"
#include "graph/draw_mermaid.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The reader's mistakes for `text`, without the file's name; empty if it is right.
std::string MistakesIn(std::string_view text, const GraphFileOptions& options = {}) {
  const Result<GraphFile> file = ParseGraphFile(text, "g.yaml", options);
  if (file) return "";
  EXPECT_EQ(file.error().code(), Code::kInvalidArgument);
  std::istringstream lines(file.error().message());
  std::string mistakes;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("g.yaml:")) line.erase(0, 7);
    mistakes += (mistakes.empty() ? "" : "\n") + line;
  }
  return mistakes;
}

// A right file whose nodes and edges are the test's.
std::string FileWith(std::string_view nodes, std::string_view edges) {
  return fmt::format(
      "graph: g\n"
      "description: Does things.\n"
      "channels: {{text: last, list: append, n: sum}}\n"
      "nodes:\n{}\n"
      "edges: [{}]\n",
      nodes, edges);
}

std::string NodeMistakes(std::string_view node, const GraphFileOptions& options = {}) {
  return MistakesIn(FileWith(fmt::format("  a: {}", node), "START -> a"), options);
}

TEST(GraphFile, ASmallOneIsRead) {
  const auto file =
      ParseGraphFile(FileWith("  a: {set: {text: hello}}", "START -> a -> END"), "g.yaml", {});
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->name, "g");
  EXPECT_EQ(file->description, "Does things.");
  EXPECT_THAT(file->tools, IsEmpty());
  EXPECT_FALSE(file->output.has_value());
  EXPECT_EQ(file->graph->nodes().size(), 2U);
}

TEST(GraphFile, AllMistakesComeAtOnceWithTheirPlaces) {
  EXPECT_EQ(MistakesIn("graph: G\n"
                       "descripton: x\n"
                       "channels: {text: lst, Bad: last}\n"
                       "nodes:\n"
                       "  a:\n"
                       "    set: {text: '{{/text'}\n"
                       "    attempts: 0\n"
                       "    timeout: soon\n"
                       "  b: {model: {write: text}, ask: {}}\n"
                       "  c: {}\n"
                       "edges: [START -> a, b, 'a -> ']\n"),
            "1:1: 'the file' needs a key 'description'\n"
            "1:8: graph 'G': a name is a small letter, then small letters, digits and '_'\n"
            "2:1: unknown key 'descripton': did you mean 'description'?\n"
            "3:18: unknown kind of channel 'lst': did you mean 'last'?\n"
            "3:23: channel 'Bad': a name is a small letter, then small letters, digits and '_'\n"
            "6:18: '{{' without '}}'\n"
            "7:15: 'attempts' must be a whole number, 1 to 10\n"
            "8:14: 'timeout' must be a time such as 500ms, 30s or 5m\n"
            "9:3: node 'b' is both 'model' and 'ask': make it two nodes\n"
            "9:7: 'model' needs a key 'prompt' or 'history'\n"
            "10:3: node 'c' does nothing: it needs one of model, tool, branch, ask, map, set, "
            "subgraph\n"
            "11:21: edge 'b': write 'a -> b'\n"
            "11:24: edge 'a -> ': write 'a -> b', or 'a + b -> c'");
}

TEST(GraphFile, NamesAreCheckedAgainstEachOther) {
  EXPECT_EQ(MistakesIn(FileWith("  first: {set: {txt: x}}\n"
                                "  fork: {branch: [{if: {path: /nn, eq: 1}, to: [frist, END]}, "
                                "{else: START}]}\n"
                                "  lost: {set: {text: '{{ /tex }}'}}\n"
                                "  each: {map: {over: /list, do: work, as: thing}}\n"
                                "  work: {set: {text: '{{/text}} {{/thin}}'}}",
                                "START -> first -> fork -> END, START -> each, first -> frok,\n"
                                "  END -> first, first -> START, first + first -> each")),
            "5:17: unknown channel 'txt': did you mean 'text'?\n"
            "6:31: path '/nn': nothing is called 'nn': did you mean 'n'?\n"
            "6:49: unknown node 'frist': did you mean 'first'?\n"
            "6:70: unknown node 'START': the nodes are first, fork, lost, each, work, END\n"
            "7:23: path '/tex': nothing is called 'tex': did you mean 'text'?\n"
            "9:23: path '/text': nothing is called 'text': there are thing, index\n"
            "9:33: path '/thin': nothing is called 'thin': did you mean 'thing'?\n"
            "10:27: 'fork' says itself where to go: an edge cannot leave it\n"
            "10:64: unknown node 'frok': did you mean 'fork'?\n"
            "11:3: nothing comes after END\n"
            "11:26: nothing comes before START\n"
            "11:41: 'first' is joined with itself");
}

TEST(GraphFile, AGraphMustBegin) {
  EXPECT_EQ(MistakesIn(FileWith("  a: {set: {text: x}}", "a -> END")),
            "5:3: no way leads from START to node 'a'\n"
            "6:1: no edge leaves START: add '- START -> NODE'");
}

TEST(GraphFile, ABranchMustClose) {
  EXPECT_EQ(NodeMistakes("{branch: [{if: {path: /n, eq: 1}, to: END}]}"),
            "5:7: 'branch' must close with '- else: NODE': where to go if nothing holds");
  EXPECT_EQ(NodeMistakes("{branch: [{else: END}, {else: END}]}"),
            "5:16: 'else' must be the last way of a branch");
  EXPECT_EQ(NodeMistakes("{branch: {else: END}}"), "5:15: 'branch' must be a list");
}

TEST(GraphFile, AConditionIsData) {
  const auto condition = [](std::string_view text) {
    return NodeMistakes(fmt::format("{{branch: [{{if: {}, to: END}}, {{else: END}}]}}", text));
  };
  EXPECT_EQ(condition("{all: [{path: /n, gte: 1, lt: 9}, {not: {any: [{path: /text, eq: x}]}}]}"),
            "");
  EXPECT_EQ(condition("{path: /n}"), "5:21: the condition compares with nothing: add 'eq: VALUE'");
  EXPECT_EQ(condition("{path: /n, eqq: 1}"), "5:32: unknown operator 'eqq': did you mean 'eq'?");
  EXPECT_EQ(condition("{path: /n, eq: [1]}"),
            "5:36: '/n' eq: compares with null, true, false, a number or a text, not with a list "
            "or object");
  EXPECT_EQ(condition("{path: n, eq: 1}"), "5:28: path 'n': must be empty or begin with '/'");
  EXPECT_THAT(condition("n == 1"), HasSubstr("5:21: a condition is {path: /name, eq: VALUE}"));
  EXPECT_THAT(condition("{all: [], any: []}"), HasSubstr("5:21: a condition is {path:"));
}

TEST(GraphFile, WhatANodeSaysIsChecked) {
  EXPECT_EQ(NodeMistakes("{ask: {question: q, choices: [a], schema: {type: string}, write: text}}"),
            "5:40: 'schema' and 'choices': one of them says what an answer is");
  EXPECT_EQ(NodeMistakes("{ask: {question: q, schema: {type: 1}, write: text, expires: 1y}}")
                .substr(0, 16),
            "5:34: 'schema': ");
  EXPECT_EQ(NodeMistakes("{ask: {question: {{/n}}, write: text}}"),
            "5:23: 'question' must be a text; a template needs quotes: \"{{/name}}\"");
  EXPECT_EQ(
      NodeMistakes("{model: {prompt: p, temperature: 3, max_output_tokens: 1.5, write: text}}"),
      "5:39: 'temperature' must be a number, 0 to 2\n"
      "5:61: 'max_output_tokens' must be a whole number, 1 to 1000000");
  EXPECT_EQ(NodeMistakes("{set: {}}"), "5:7: 'set' needs at least one 'channel: value'");
  EXPECT_EQ(NodeMistakes("{map: {over: '', do: a}}"), "5:19: 'over' must be a text");
  EXPECT_EQ(NodeMistakes("{set: {text: x}, deferred: 1}"),
            "5:33: 'deferred' must be true or false");
}

TEST(GraphFile, ModelsAndToolsAreCheckedIfTheyAreKnown) {
  llm::ModelCatalog models;
  models.Set("default", std::make_shared<baton::testing::ScriptedChatModel>());
  tools::ToolRegistry tools;
  const json::Value schema =
      json::Parse(R"({"type": "object", "properties": {"query": {}, "limit": {}},
                      "required": ["query"]})")
          .value();
  ASSERT_TRUE(
      tools
          .Add(std::make_unique<FunctionTool>(
              tools::ToolDefinition{.name = "search", .description = "", .parameters = schema},
              nullptr))
          .ok());
  const GraphFileOptions known{.models = &models, .tools = &tools};
  EXPECT_EQ(NodeMistakes("{model: {model: defualt, prompt: p, write: text}}", known),
            "5:22: unknown model 'defualt': did you mean 'default'?");
  EXPECT_EQ(NodeMistakes("{tool: {tool: serch, write: text}}", known),
            "5:20: unknown tool 'serch': did you mean 'search'?");
  EXPECT_EQ(NodeMistakes("{tool: {tool: search, arguments: {limt: 1}, write: text}}", known),
            "5:20: tool 'search' needs the argument 'query'\n"
            "5:40: unknown argument 'limt': did you mean 'limit'?");
  EXPECT_EQ(
      NodeMistakes("{tool: {tool: search, arguments: {query: '{{/n}}'}, write: text}}", known), "");
  EXPECT_EQ(NodeMistakes("{tool: {tool: anything, write: text}}"), "");
}

TEST(GraphFile, AMistakeInABlockOfTextHasItsPlace) {
  EXPECT_EQ(MistakesIn(FileWith("  a:\n"
                                "    model:\n"
                                "      prompt: |\n"
                                "        Süße Grüße an {{/text}}\n"
                                "        und {{/lst}}\n"
                                "      write: text",
                                "START -> a")),
            "9:13: path '/lst': nothing is called 'lst': did you mean 'list'?");
}

TEST(GraphFile, WhatIsNoYamlSaysWhere) {
  EXPECT_THAT(MistakesIn("graph: [1\n"), HasSubstr("2:1: YAML: "));
  EXPECT_EQ(MistakesIn(""), "1:1: the file is empty");
  EXPECT_EQ(MistakesIn("a\n"), "1:1: 'the file' must be a map of 'key: value'");
  EXPECT_EQ(MistakesIn("graph: a\n--- \ngraph: b\n"),
            "3:1: a second document: one file is one graph");
  EXPECT_EQ(MistakesIn("graph: \xff"), "1:8: not UTF-8");
  EXPECT_EQ(MistakesIn(std::string(300'000, '#')),
            "1:1: the file has 300000 bytes: the limit is 262144");
}

TEST(GraphFile, AliasesCannotMakeItHuge) {
  std::string bomb = "  a: {set: {text: x}}\n  b:\n    set:\n      text: &l0 [x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("      n{}: &l{} [*l{}, *l{}, *l{}, *l{}, *l{}]\n", i, i, i - 1, i - 1,
                        i - 1, i - 1, i - 1);
  }
  EXPECT_THAT(MistakesIn(FileWith(bomb, "START -> a -> b")), HasSubstr("more than 20000 values"));
  EXPECT_THAT(NodeMistakes("{set: {text: &t [*t]}}"), HasSubstr("nested deeper than 32 levels"));
}

// Files in memory.
GraphFileOptions FilesOf(std::map<std::string, std::string> files) {
  return {.read = [files = std::move(files)](const fs::path& path) -> Result<std::string> {
    const auto file = files.find(path.string());
    if (file == files.end()) return Fail(Code::kNotFound, "{}: cannot be read", path.string());
    return file->second;
  }};
}

std::string WithSubgraph(std::string_view file) {
  return FileWith(fmt::format("  a: {{subgraph: {}}}", file), "START -> a");
}

TEST(GraphFile, ASubgraphIsAnotherFile) {
  const std::string inner = FileWith("  x: {tool: {tool: t, write: text}}", "START -> x");
  const GraphFileOptions options = FilesOf({{"dir/inner.yaml", inner}});
  const auto file = ParseGraphFile(WithSubgraph("inner.yaml"), "dir/g.yaml", options);
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_THAT(file->tools, ElementsAre("t"));
  EXPECT_THAT(graph::DrawMermaid(*file->graph, {.expand_subgraphs = true}),
              HasSubstr("\tsubgraph a [a]\n\t\ta\\3ax(x)\n\tend\n"));
}

TEST(GraphFile, ASubgraphsMistakesAreThoseOfItsFile) {
  const GraphFileOptions options =
      FilesOf({{"wrong.yaml", "graph: inner\n"},
               {"self.yaml", WithSubgraph("g.yaml")},
               {"apart.yaml",
                "graph: apart\ndescription: x\nchannels: {other: last}\n"
                "nodes: {a: {set: {other: 1}}}\nedges: [START -> a]\n"}});
  EXPECT_THAT(MistakesIn(WithSubgraph("wrong.yaml"), options),
              HasSubstr("wrong.yaml:1:1: 'the file' needs a key 'nodes'"));
  EXPECT_EQ(MistakesIn(WithSubgraph("self.yaml"), options),
            "self.yaml:5:17: subgraph 'g.yaml' holds itself");
  EXPECT_EQ(MistakesIn(WithSubgraph("apart.yaml"), options),
            "5:17: 'apart.yaml' shares no channel with this graph");
  EXPECT_EQ(MistakesIn(WithSubgraph("../up.yaml"), options),
            "5:17: subgraph '../up.yaml': must lie below this file's folder");
  EXPECT_EQ(MistakesIn(WithSubgraph("/etc/passwd"), options),
            "5:17: subgraph '/etc/passwd': must lie below this file's folder");
  EXPECT_EQ(MistakesIn(WithSubgraph("none.yaml"), options), "5:17: none.yaml: cannot be read");
}

TEST(GraphFile, TheExamplesAreRight) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator("examples/graphs")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto file = OpenGraphFile(entry.path());
    EXPECT_TRUE(file.has_value()) << file.error().message();
    if (file) EXPECT_EQ(file->name, entry.path().stem());
    ++files;
  }
  EXPECT_GE(files, 4);
}

TEST(GraphFile, DurationsHaveUnits) {
  using std::chrono::hours;
  EXPECT_EQ(ParseDuration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(ParseDuration("30s"), std::chrono::seconds(30));
  EXPECT_EQ(ParseDuration("7d"), hours(24 * 7));
  for (const char* text :
       {"", "5", "s", "0s", "-1s", "1.5s", "5 s", "400d", "99999999999999999d"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace baton::agents
