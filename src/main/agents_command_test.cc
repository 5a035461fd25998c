#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST_F(AgentsCommandTest, WithoutAgentFilesItSaysSo) {
  const Outcome outcome = Run({.action = Action::kLint});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no agent files (*.md)"));
}

}  // namespace
}  // namespace baton::app
