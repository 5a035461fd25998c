#include "agents/internal/agent_file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agent_spec.h"
#include "agents/prompt_template.h"

namespace baton::agents {
namespace {

constexpr std::string_view kWholeFile = R"(---
name: research
title: Research
description: Answers from your documents, with citations.
when: Questions that need facts from documents.
examples:
  - What do my notes say about backups?
  - "Quoted: with a colon"
workflow: research
tools:
  - search_documents
  - create_file: ask
  - delete_file: deny
model: fast
parameters: {temperature: 0.2, max_output_tokens: 2000, max_rounds: 3}
---
You are {{ai_name}}.

Answer {{ user_name }}.
)";

// A correct file in which `line` (7 of the file) stands among the others.
std::string FileWithLine(std::string_view line, std::string_view prompt = "Be kind.") {
  return fmt::format(
      "---\nname: chat\ntitle: Chat\ndescription: Talks.\nwhen: Always.\n"
      "workflow: conversation\n{}\n---\n{}\n",
      line, prompt);
}

std::string ErrorsOf(std::string_view text, const KnownNames& known = {}) {
  const Result<AgentSpec> spec = ParseAgentFile(text, "agents/chat.md", known);
  if (spec) return "none";
  EXPECT_EQ(spec.error().code(), Code::kInvalidArgument);
  return spec.error().message();
}

TEST(AgentFile, IsReadAsWritten) {
  const Result<AgentSpec> spec = ParseAgentFile(kWholeFile, "agents/research.md");
  ASSERT_TRUE(spec.has_value()) << spec.error().message();
  EXPECT_EQ(spec->name, "research");
  EXPECT_EQ(spec->title, "Research");
  EXPECT_EQ(spec->when, "Questions that need facts from documents.");
  EXPECT_THAT(spec->examples, ::testing::ElementsAre("What do my notes say about backups?",
                                                     "Quoted: with a colon"));
  ASSERT_EQ(spec->tools.size(), 3U);
  EXPECT_EQ(spec->tools[0].permission, std::nullopt);
  EXPECT_EQ(spec->tools[1].tool, "create_file");
  EXPECT_EQ(spec->tools[1].permission, Permission::kAsk);
  EXPECT_EQ(spec->tools[2].permission, Permission::kDeny);
  EXPECT_EQ(spec->model, "fast");
  EXPECT_EQ(spec->temperature, 0.2);
  EXPECT_EQ(spec->max_output_tokens, 2000);
  EXPECT_EQ(json::Serialize(spec->parameters), R"({"max_rounds":3})");
  EXPECT_EQ(spec->prompt, "You are {{ai_name}}.\n\nAnswer {{ user_name }}.");
  EXPECT_EQ(spec->file, "agents/research.md");
}

TEST(AgentFile, MayHaveAByteOrderMarkAndWindowsLineEnds) {
  std::string text = "\xEF\xBB\xBF" + FileWithLine("model: default", "One.\nTwo.");
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) {
    text.insert(at, "\r");
  }
  const Result<AgentSpec> spec = ParseAgentFile(text, "agents/chat.md");
  ASSERT_TRUE(spec.has_value()) << spec.error().message();
  EXPECT_EQ(spec->title, "Chat");
  EXPECT_EQ(spec->prompt, "One.\nTwo.");
}

struct WrongLine {
  std::string line;
  std::string error;
};

class AgentFileLine : public ::testing::TestWithParam<WrongLine> {};

TEST_P(AgentFileLine, IsReportedWhereItIsWrong) {
  EXPECT_EQ(ErrorsOf(FileWithLine(GetParam().line)), "agents/chat.md:" + GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, AgentFileLine,
    ::testing::Values(
        WrongLine{"exmples: [a]", "7:1: unknown key 'exmples': did you mean 'examples'?"},
        WrongLine{
            "colour: red",
            "7:1: unknown key 'colour': the keys are name, title, description, when, "
            "examples, edits, reads, keeps_conversation, workflow, tools, agents, hands_over, "
            "output, model, parameters"},
        WrongLine{"title: Again", "7:1: key 'title' occurs twice"},
        WrongLine{"examples: none", "7:11: 'examples' must be a list"},
        WrongLine{"examples: [a, {b: c}]", "7:15: 'examples' must be a text"},
        WrongLine{"model:", "7:1: 'model' must be a text"},
        WrongLine{"tools: [{create_file: alow}]",
                  "7:23: unknown tool permission 'alow': allow, ask or deny"},
        WrongLine{"tools:\n  - a\n  - a: ask", "9:5: tool 'a' occurs twice"},
        WrongLine{"tools: [[a]]",
                  "7:9: a tool must be a name, or 'name: allow', 'name: ask' or 'name: deny'"},
        WrongLine{"hands_over: {to: b}", "7:13: 'hands_over' needs 'to' and 'when'"},
        WrongLine{"hands_over: {to: chat, when: w}", "7:18: an agent's own name"},
        WrongLine{"hands_over: {to: b, when: w, why: y}", "7:30: unknown key 'why': to and when"},
        WrongLine{"output: Verdict",
                  "7:9: output 'Verdict': a small letter, then small letters, digits and '_'"},
        WrongLine{"output: [a]", "7:9: 'output' must be a text"},
        WrongLine{"parameters: {temperature: warm}",
                  "7:27: 'temperature' must be a number, 0 to 2"},
        WrongLine{"parameters: {temperature: nan}", "7:27: 'temperature' must be a number, 0 to 2"},
        WrongLine{"parameters: {max_output_tokens: '10'}",
                  "7:33: 'max_output_tokens' must be a whole number, 1 to 1000000"},
        WrongLine{"parameters: {max_tool_rounds: 51}",
                  "7:31: 'max_tool_rounds' must be a whole number, 0 to 50"},
        WrongLine{"parameters: {max_tool_round: 5}",
                  "7:14: unknown parameter 'max_tool_round': did you mean 'max_tool_rounds'?"},
        WrongLine{"parameters: 3", "7:13: expected a list of 'key: value'"},
        WrongLine{"? [a]\n: b", "7:3: a key must be a plain text"},
        WrongLine{"examples: [\"ä\", {}]", "7:17: 'examples' must be a text"}));

TEST(AgentFile, ReportsAllMistakesInTheOrderOfTheText) {
  EXPECT_EQ(ErrorsOf("---\nname: Chat\ntitle: []\nworkflow: converse\nmodel: fats\n---\n"
                     "Hello {{user}}, {{ai_nam}} and {{today\n",
                     {.tools = {}, .models = {{"default", "fast"}}}),
            "agents/chat.md:2:1: missing key 'description'\n"
            "agents/chat.md:2:1: missing key 'when'\n"
            "agents/chat.md:2:7: name 'Chat': a small letter, then small letters, digits and '_'\n"
            "agents/chat.md:3:8: 'title' must be a text\n"
            "agents/chat.md:4:11: unknown workflow 'converse': the workflows are conversation, "
            "automation, "
            "research, editor, transform, simulation\n"
            "agents/chat.md:5:8: unknown model 'fats': did you mean 'fast'?\n"
            "agents/chat.md:7:7: unknown variable 'user': the variables are user_name, ai_name, "
            "today, timezone, persona_style\n"
            "agents/chat.md:7:17: unknown variable 'ai_nam': did you mean 'ai_name'?\n"
            "agents/chat.md:7:32: '{{' without '}}' on its line");
}

TEST(AgentFile, NamesAToolThatIsNotThere) {
  EXPECT_EQ(ErrorsOf(FileWithLine("tools: [serch_documents]"),
                     {.tools = {{"get_document", "search_documents"}}, .models = {}}),
            "agents/chat.md:7:9: unknown tool 'serch_documents': did you mean "
            "'search_documents'?");
}

TEST(AgentFile, NamesASchemaThatIsNotThereOrIsNone) {
  KnownNames known;
  known.outputs.emplace();
  EXPECT_EQ(ErrorsOf(FileWithLine("output: verdict"), known),
            "agents/chat.md:7:9: output 'verdict': no such file agents/schemas/verdict.json: there "
            "are none");
  known.outputs->emplace("verdicts", json::Object{{"type", "object"}});
  known.outputs->emplace("broken", Fail(Code::kInvalidArgument, "JSON at byte 3: no"));
  EXPECT_EQ(ErrorsOf(FileWithLine("output: verdict"), known),
            "agents/chat.md:7:9: output 'verdict': no such file agents/schemas/verdict.json: did "
            "you mean 'verdicts'?");
  EXPECT_EQ(ErrorsOf(FileWithLine("output: broken"), known),
            "agents/chat.md:7:9: output 'broken': agents/schemas/broken.json: JSON at byte 3: no");
  const auto spec = ParseAgentFile(FileWithLine("output: verdicts"), "agents/chat.md", known);
  ASSERT_TRUE(spec && spec->output);
  EXPECT_EQ(spec->output->name, "verdicts");
  EXPECT_EQ(json::Serialize(spec->output->definition), R"({"type":"object"})");
}

TEST(AgentFile, OfAWorkflowWithAFormOfItsOwnTakesNoOutput) {
  std::string text = FileWithLine("output: verdict");
  text.replace(text.find("conversation"), 12, "editor");
  EXPECT_EQ(ErrorsOf(text),
            "agents/chat.md:7:1: workflow 'editor' has a structured output of its own: "
            "an 'output' is for conversation, automation, research");
}

TEST(AgentFile, MustGrantTheToolsOfItsWorkflow) {
  std::string text = FileWithLine("tools: [{search_documents: deny}]");
  text.replace(text.find("conversation"), 12, "research");
  EXPECT_EQ(ErrorsOf(text),
            "agents/chat.md:6:11: workflow 'research' needs tool 'search_documents'");
}

TEST(AgentFile, MustBeNamedAsItsFile) {
  EXPECT_EQ(ParseAgentFile(FileWithLine("model: fast"), "talk.md").error().message(),
            "talk.md:2:7: name 'chat' must be the file's own, 'talk'");
}

TEST(AgentFile, ReportsWhatYamlItselfRefuses) {
  EXPECT_THAT(ErrorsOf(FileWithLine("tools: [a")), ::testing::StartsWith("agents/chat.md:"));
  EXPECT_THAT(ErrorsOf(FileWithLine("tools: [a")), ::testing::HasSubstr(": YAML: "));
  EXPECT_EQ(ErrorsOf("---\njust text\n---\nPrompt\n").find("agents/chat.md:2:1: expected a list"),
            0U);
}

TEST(AgentFile, MustHaveItsParts) {
  EXPECT_EQ(ErrorsOf("Just a prompt.\n"),
            "agents/chat.md:1:1: the file must begin with front matter, between two lines '---'");
  EXPECT_EQ(ErrorsOf("---\nname: chat\n"),
            "agents/chat.md:1:1: the front matter has no end: a line '---' before the prompt");
  EXPECT_EQ(ErrorsOf(FileWithLine("model: fast", " ")),
            "agents/chat.md:9:1: no prompt after the front matter");
}

TEST(AgentFile, RefusesWhatIsNoText) {
  EXPECT_EQ(ErrorsOf("---\nname: \xFF\n---\n"), "agents/chat.md:2:7: not UTF-8");
  EXPECT_EQ(ErrorsOf(std::string("---\nn\x04"
                                 "ame: a\n---\n")),
            "agents/chat.md:2:2: control character U+0004");
  EXPECT_EQ(ErrorsOf(std::string(kMaxAgentFileBytes + 1, 'a')),
            "agents/chat.md:1:1: the file has 262145 bytes: the limit is 262144");
}

TEST(AgentFile, SurvivesNestingAndAliases) {
  EXPECT_NE(ErrorsOf(FileWithLine("tools: " + std::string(5000, '['))), "none");
  EXPECT_NE(ErrorsOf(FileWithLine("examples: &a [*a]")), "none");
}

TEST(PromptTemplate, FillsInValuesAndNothingElse) {
  EXPECT_EQ(FillTemplate("{{ai_name}} for {{ user_name }}{{today}}.",
                         {{"ai_name", "{{user_name}}"}, {"user_name", "Ada"}}),
            "{{user_name}} for Ada.");
  EXPECT_EQ(FillTemplate("no end {{ai_name", {{"ai_name", "x"}}), "no end {{ai_name");
  EXPECT_EQ(FillTemplate("", {}), "");
}

}  // namespace
}  // namespace baton::agents
