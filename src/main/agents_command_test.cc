#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/workflow.h"
#include "main/commands.h"

namespace baton::app {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Action = AgentsCommand::Action;

// A folder of agent files that `baton agents` is pointed at.
class AgentsCommandTest : public ::testing::Test {
 protected:
  AgentsCommandTest() {
    std::string path = (fs::temp_directory_path() / "baton-agents-XXXXXX").string();
    folder_ = mkdtemp(path.data());
  }
  ~AgentsCommandTest() override { fs::remove_all(folder_); }

  fs::path Write(const std::string& name, const std::string& more) const {
    std::ofstream(folder_ / (name + ".md"))
        << "---\nname: " << name << "\ntitle: T\ndescription: Of " << name << ".\nwhen: w\n"
        << more << "---\nPrompt.\n";
    return folder_ / (name + ".md");
  }

  struct Outcome {
    int exit_code = 0;
    std::string out;
    std::string err;
  };
  Outcome Run(const AgentsCommand& command) const {
    const auto settings = Settings::Load("", [](const char*) -> const char* { return nullptr; },
                                         {{"agents", folder_.string()}});
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Outcome outcome{.exit_code = RunAgents(*settings, command)};
    outcome.out = ::testing::internal::GetCapturedStdout();
    outcome.err = ::testing::internal::GetCapturedStderr();
    return outcome;
  }

 private:
  fs::path folder_;
};

TEST_F(AgentsCommandTest, LintChecksToolsModelsAndWorkflowsByName) {
  const fs::path file =
      Write("a", "workflow: conversation\ntools: [search_dokuments]\nmodel: fasst\n");
  Write("b", "workflow: convesation\n");
  Write("c", "workflow: conversation\ntools: [search_documents]\nmodel: fast\n");
  const auto wrong = AllOf(HasSubstr("a.md:7:9: unknown tool 'search_dokuments': did you mean "
                                     "'search_documents'?"),
                           HasSubstr("a.md:8:8: unknown model 'fasst': did you mean 'fast'?"));
  const Outcome folder = Run({.action = Action::kLint});
  EXPECT_EQ(folder.exit_code, 1);
  EXPECT_THAT(folder.out, wrong);
  EXPECT_THAT(folder.out, HasSubstr("b.md:6:11: unknown workflow 'convesation': did you mean "
                                    "'conversation'?"));
  EXPECT_THAT(folder.out, HasSubstr("PASS " + (file.parent_path() / "c.md").string()));

  const Outcome one = Run({.action = Action::kLint, .files = {file}});
  EXPECT_EQ(one.exit_code, 1);
  EXPECT_THAT(one.out, wrong);
}

TEST_F(AgentsCommandTest, ListAndShowGoOnWithTheGoodOnes) {
  Write("bad", "workflow: nothing\n");
  Write("good", "workflow: conversation\n");
  const Outcome list = Run({.action = Action::kList});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.out, AllOf(HasSubstr("Of good."), Not(HasSubstr("bad"))));
  EXPECT_THAT(list.err, HasSubstr("bad.md:6:11: unknown workflow 'nothing'"));

  const Outcome show = Run({.action = Action::kShow, .name = "good_agent"});
  EXPECT_EQ(show.exit_code, 0);
  EXPECT_THAT(show.out, HasSubstr("workflow:  conversation"));
  EXPECT_EQ(Run({.action = Action::kShow, .name = "bad"}).exit_code, 1);
}

TEST_F(AgentsCommandTest, NewWritesWhatLintFindsNothingWrongWith) {
  for (const agents::Workflow& workflow : agents::Workflows()) {
    const std::string name = "my_" + std::string(workflow.name);
    const Outcome made =
        Run({.action = Action::kNew, .name = name, .workflow = std::string(workflow.name)});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_THAT(made.out, HasSubstr(name + ".md"));
    EXPECT_THAT(made.err, HasSubstr("baton agents try"));
    const Outcome lint = Run({.action = Action::kLint});
    EXPECT_EQ(lint.exit_code, 0) << lint.out;
    EXPECT_THAT(Run({.action = Action::kShow, .name = name}).out,
                HasSubstr("workflow:  " + std::string(workflow.name)));
  }
}

TEST_F(AgentsCommandTest, AFormOfAnswersIsCheckedShownAndCopied) {
  const fs::path file = Write("a", "workflow: conversation\noutput: verdict\n");
  const Outcome lint = Run({.action = Action::kLint});
  EXPECT_EQ(lint.exit_code, 1);
  EXPECT_THAT(lint.out, HasSubstr("a.md:7:9: output 'verdict': no such file " +
                                  (file.parent_path() / "schemas/verdict.json").string()));
  fs::create_directory(file.parent_path() / "schemas");
  std::ofstream(file.parent_path() / "schemas/verdict.json") << R"({"type": "object"})";
  EXPECT_EQ(Run({.action = Action::kLint}).exit_code, 0);
  EXPECT_THAT(Run({.action = Action::kShow, .name = "a"}).out,
              HasSubstr("output:    verdict (schemas/verdict.json)"));

  const fs::path other = file.parent_path() / "other";
  ASSERT_EQ(Run({.action = Action::kNew, .name = "b", .from = "a", .directory = other}).exit_code,
            0);
  EXPECT_EQ(Run({.action = Action::kLint, .files = {other / "b.md"}}).exit_code, 0);
}

TEST_F(AgentsCommandTest, NewWritesOverNothing) {
  const fs::path file = Write("mine", "workflow: transform\n");
  const auto size = fs::file_size(file);
  const Outcome again = Run({.action = Action::kNew, .name = "mine"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr("mine.md: there is such a file already"));
  EXPECT_EQ(fs::file_size(file), size);
}

TEST_F(AgentsCommandTest, NewRefusesWhatCannotBeAnAgent) {
  const Outcome name = Run({.action = Action::kNew, .name = "../Mine"});
  EXPECT_EQ(name.exit_code, 1);
  EXPECT_THAT(name.err, HasSubstr("2:7"));
  const Outcome workflow = Run({.action = Action::kNew, .name = "mine", .workflow = "reserch"});
  EXPECT_EQ(workflow.exit_code, 1);
  EXPECT_THAT(workflow.err, HasSubstr("no workflow 'reserch': conversation, "));
  const Outcome from = Run({.action = Action::kNew, .name = "mine", .from = "nobody"});
  EXPECT_EQ(from.exit_code, 1);
  EXPECT_THAT(from.err, HasSubstr("no agent 'nobody'"));
}

TEST_F(AgentsCommandTest, NewCopiesAnAgentUnderItsOwnName) {
  Write("model", "workflow: research\ntools: [search_documents]\n");
  ASSERT_EQ(Run({.action = Action::kNew, .name = "my_own", .from = "model"}).exit_code, 0);
  const Outcome show = Run({.action = Action::kShow, .name = "my_own"});
  EXPECT_THAT(show.out, AllOf(HasSubstr("my_own — My own"), HasSubstr("Of model."),
                              HasSubstr("tool:      search_documents"), HasSubstr("Prompt.")));
}

TEST_F(AgentsCommandTest, TryAsksTheOneAgentOverTheGivenDocuments) {
  const fs::path agent = Write("finder", "workflow: research\ntools: [search_documents]\n");
  Write("broken", "workflow: nothing\n");
  std::ofstream(agent.parent_path() / "backup.txt")
      << "The nightly backup runs at 02:30 and keeps fourteen copies.\n";
  const Outcome tried = Run({.action = Action::kTry,
                             .name = "finder",
                             .question = "When does the nightly backup run?",
                             .import = {agent.parent_path() / "backup.txt"}});
  EXPECT_EQ(tried.exit_code, 0) << tried.err;
  EXPECT_THAT(tried.out, AllOf(HasSubstr("02:30"), HasSubstr("[1]"), HasSubstr("backup.txt")));
  EXPECT_THAT(tried.err,
              AllOf(HasSubstr("workflow research, model offline"), HasSubstr("search_documents")));
}

TEST_F(AgentsCommandTest, TrySaysWhatIsWrongWithTheFile) {
  Write("broken", "workflow: nothing\n");
  const Outcome tried = Run({.action = Action::kTry, .name = "broken", .question = "Hello"});
  EXPECT_EQ(tried.exit_code, 1);
  EXPECT_THAT(tried.err, HasSubstr("broken.md:6:11: unknown workflow 'nothing'"));
  EXPECT_THAT(Run({.action = Action::kTry, .name = "nobody", .question = "Hello"}).err,
              HasSubstr("no agent 'nobody'"));
}

TEST_F(AgentsCommandTest, WithoutAgentFilesItSaysSo) {
  const Outcome outcome = Run({.action = Action::kLint});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no agent files (*.md)"));
}

}  // namespace
}  // namespace baton::app
