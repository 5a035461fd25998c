#include "agents/agent_catalog.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/internal/folder_watch.h"
#include "agents/workflow.h"

namespace baton::agents {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A folder of agent files that goes away with the test.
class AgentFolder {
 public:
  AgentFolder() {
    std::string path = (fs::temp_directory_path() / "agents-XXXXXX").string();
    folder_ = mkdtemp(path.data());
  }
  ~AgentFolder() { fs::remove_all(folder_); }
  AgentFolder(const AgentFolder&) = delete;
  AgentFolder& operator=(const AgentFolder&) = delete;

  const fs::path& path() const { return folder_; }

  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(folder_ / file) << text;
  }
  // As most editors save: a new file takes the old one's place.
  void Save(const std::string& file, const std::string& text) const {
    Write("." + file + ".new", text);
    fs::rename(folder_ / ("." + file + ".new"), folder_ / file);
  }
  void Remove(const std::string& file) const { fs::remove(folder_ / file); }

 private:
  fs::path folder_;
};

std::string AgentText(const std::string& name, const std::string& title = "Title",
                      const std::string& more = "") {
  return "---\nname: " + name + "\ntitle: " + title +
         "\ndescription: d\nwhen: w\nworkflow: conversation\n" + more + "---\nPrompt.\n";
}

std::vector<std::string> NamesOf(const AgentCatalog& catalog) {
  std::vector<std::string> names;
  for (const auto& agent : catalog.List()) names.push_back(agent->spec.name);
  return names;
}

TEST(AgentCatalog, AnAgentThatHandsOverToNobodyIsWrong) {
  const AgentFolder folder;
  folder.Write("a.md", AgentText("a", "A", "hands_over: {to: b, when: They want a table.}\n"));
  folder.Write("c.md", AgentText("c"));
  const auto wrong = AgentCatalog::Open(folder.path(), nullptr, nullptr);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("a.md:1:1: agent 'a' hands over to 'b': there is "
                                                 "no such agent"));
  folder.Write("b.md", AgentText("b"));
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr);
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message();
  EXPECT_EQ((*catalog)->Find("a")->spec.hands_over->to, "b");
}

TEST(AgentCatalog, FindsAnAgentUnderBothSpellings) {
  const AgentFolder folder;
  folder.Write("chat.md", AgentText("chat"));
  folder.Write("secret_agent.md", AgentText("secret_agent"));
  folder.Write("README.md", "No agent.");
  folder.Write(".chat.md.swp.md", "An editor's.");
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr);
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message();
  EXPECT_EQ((*catalog)->Find("chat"), (*catalog)->Find("chat_agent"));
  EXPECT_NE((*catalog)->Find("chat"), nullptr);
  EXPECT_EQ((*catalog)->Find("secret_agent")->spec.name, "secret_agent");
  EXPECT_EQ((*catalog)->Find("secret"), nullptr);
  EXPECT_EQ((*catalog)->Find("_agent"), nullptr);
  EXPECT_EQ((*catalog)->Find(""), nullptr);
  EXPECT_THAT(NamesOf(**catalog), ElementsAre("chat", "secret_agent"));
}

TEST(AgentCatalog, OpenNamesAllMistakesOfAllFiles) {
  const AgentFolder folder;
  folder.Write("a.md", AgentText("a", "[]"));
  folder.Write("b.md", AgentText("b", "B", "tools: [nothing]\n"));
  folder.Write("c.md", AgentText("c"));
  const tools::ToolRegistry no_tools;
  const auto catalog = AgentCatalog::Open(folder.path(), &no_tools, nullptr);
  ASSERT_FALSE(catalog.has_value());
  EXPECT_EQ(catalog.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(catalog.error().message(),
            (folder.path() / "a.md").string() + ":3:8: 'title' must be a text\n" +
                (folder.path() / "b.md").string() + ":7:9: unknown tool 'nothing': there are none");
}

TEST(AgentCatalog, OpenNeedsAFolderWithAgents) {
  const AgentFolder folder;
  EXPECT_EQ(AgentCatalog::Open(folder.path(), nullptr, nullptr).error().code(), Code::kNotFound);
  EXPECT_EQ(AgentCatalog::Open(folder.path() / "none", nullptr, nullptr).error().code(),
            Code::kNotFound);
}

TEST(AgentCatalog, AFileThatBecomesWrongKeepsTheAgentItWas) {
  const AgentFolder folder;
  folder.Write("chat.md", AgentText("chat", "Old"));
  folder.Write("other.md", AgentText("other", "Old"));
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr).value();
  folder.Write("chat.md", AgentText("chat", "New", "model: []\n"));
  folder.Write("other.md", AgentText("other", "New"));
  EXPECT_EQ(catalog->Reload().code(), Code::kInvalidArgument);
  EXPECT_EQ(catalog->Find("chat")->spec.title, "Old");
  EXPECT_EQ(catalog->Find("other")->spec.title, "New");
  EXPECT_THAT(catalog->problems(), ElementsAre(HasSubstr("chat.md:7:8: 'model' must be a text")));

  folder.Write("chat.md", AgentText("chat", "Mended"));
  EXPECT_TRUE(catalog->Reload().ok());
  EXPECT_EQ(catalog->Find("chat")->spec.title, "Mended");
  EXPECT_THAT(catalog->problems(), ElementsAre());
}

TEST(AgentCatalog, ATurnKeepsTheAgentItBeganWith) {
  const AgentFolder folder;
  folder.Write("chat.md", AgentText("chat", "Old"));
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr).value();
  const std::shared_ptr<const Agent> held = catalog->Find("chat");
  folder.Remove("chat.md");
  EXPECT_EQ(catalog->Reload().code(), Code::kNotFound);
  EXPECT_EQ(catalog->Find("chat"), nullptr);
  EXPECT_EQ(catalog->problems().size(), 1U);
  EXPECT_EQ(held->spec.title, "Old");
  EXPECT_NE(held->graph, nullptr);
}

TEST(AgentCatalog, AFolderThatIsGoneKeepsItsAgents) {
  AgentFolder folder;
  folder.Write("chat.md", AgentText("chat"));
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr).value();
  fs::remove_all(folder.path());
  EXPECT_EQ(catalog->Reload().code(), Code::kNotFound);
  EXPECT_NE(catalog->Find("chat"), nullptr);
}

constexpr const char* kForm = R"({"type": "object", "description": "Old", "properties": {}})";
constexpr const char* kNewForm = R"({"type": "object", "description": "New", "properties": {}})";

std::string FormOf(const AgentCatalog& catalog, std::string_view name) {
  const auto agent = catalog.Find(name);
  if (agent == nullptr || !agent->spec.output) return "none";
  return std::string(json::GetString(agent->spec.output->definition, "description"));
}

TEST(AgentCatalog, ASchemaThatBecomesWrongKeepsTheAgentItWas) {
  const AgentFolder folder;
  fs::create_directory(folder.path() / "schemas");
  folder.Write("a.md", AgentText("a", "A", "output: form\n"));
  folder.Write("b.md", AgentText("b"));
  EXPECT_THAT(AgentCatalog::Open(folder.path(), nullptr, nullptr).error().message(),
              HasSubstr("a.md:7:9: output 'form': no such file " +
                        (folder.path() / "schemas/form.json").string() + ": there are none"));
  folder.Write("schemas/form.json", kForm);
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr).value();
  EXPECT_EQ(FormOf(*catalog, "a"), "Old");
  folder.Write("schemas/form.json", R"({"type": "list"})");
  EXPECT_FALSE(catalog->Reload().ok());
  EXPECT_EQ(FormOf(*catalog, "a"), "Old");
  EXPECT_THAT(catalog->problems(), ElementsAre(HasSubstr("form.json: not a JSON Schema")));
  folder.Write("schemas/form.json", kNewForm);
  EXPECT_TRUE(catalog->Reload().ok());
  EXPECT_EQ(FormOf(*catalog, "a"), "New");
}

// How long `holds` takes to become true; five seconds if it does not.
template <typename Condition>
std::chrono::milliseconds TimeUntil(Condition holds) {
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 begin);
  };
  while (!holds() && passed() < std::chrono::seconds(5)) std::this_thread::yield();
  return passed();
}

TEST(AgentCatalog, WatchFollowsEveryWayOfSaving) {
  // 200 ms on an idle machine; a loaded one that builds and tests is given more.
  constexpr auto kSoon = std::chrono::milliseconds(2000);
  const AgentFolder folder;
  folder.Write("chat.md", AgentText("chat", "One"));
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr).value();
  ASSERT_TRUE(catalog->Watch().ok());
  const auto has_title = [&](std::string_view title) {
    return [&catalog, title] { return catalog->Find("chat")->spec.title == title; };
  };
  folder.Write("chat.md", AgentText("chat", "Two"));
  EXPECT_LT(TimeUntil(has_title("Two")), kSoon);
  folder.Save("chat.md", AgentText("chat", "Three"));
  EXPECT_LT(TimeUntil(has_title("Three")), kSoon);
  folder.Save("other.md", AgentText("other"));
  EXPECT_LT(TimeUntil([&] { return catalog->Find("other") != nullptr; }), kSoon);
  folder.Remove("other.md");
  EXPECT_LT(TimeUntil([&] { return catalog->Find("other") == nullptr; }), kSoon);
  folder.Save("chat.md", "broken");
  EXPECT_LT(TimeUntil([&] { return !catalog->problems().empty(); }), kSoon);
  EXPECT_EQ(catalog->Find("chat")->spec.title, "Three");
}

TEST(AgentCatalog, WatchFollowsTheSchemasToo) {
  constexpr auto kSoon = std::chrono::milliseconds(2000);
  const AgentFolder folder;
  folder.Write("a.md", AgentText("a"));
  const auto catalog = AgentCatalog::Open(folder.path(), nullptr, nullptr).value();
  ASSERT_TRUE(catalog->Watch().ok());
  folder.Save("a.md", AgentText("a", "A", "output: form\n"));
  EXPECT_LT(TimeUntil([&] { return !catalog->problems().empty(); }), kSoon);
  fs::create_directory(folder.path() / "schemas");
  folder.Write("schemas/form.json", kForm);
  EXPECT_LT(TimeUntil([&] { return FormOf(*catalog, "a") == "Old"; }), kSoon);
  folder.Write("schemas/form.json", kNewForm);
  EXPECT_LT(TimeUntil([&] { return FormOf(*catalog, "a") == "New"; }), kSoon);
}

TEST(FolderWatch, NeedsAFolder) {
  EXPECT_EQ(FolderWatch::Start("/nowhere/at/all", "", [] {}).error().code(), Code::kNotFound);
}

TEST(BuildWorkflow, NamesWhatTheSpecHasWrong) {
  AgentSpec spec{.name = "a", .workflow = "reserch"};
  EXPECT_EQ(BuildWorkflow(spec).error().message(),
            "agent 'a': unknown workflow 'reserch': did you mean 'research'?");
  spec.workflow = "research";
  EXPECT_EQ(BuildWorkflow(spec).error().message(),
            "agent 'a': workflow 'research' needs tool 'search_documents'");
  spec.tools = {{"search_documents"}};
  EXPECT_TRUE(BuildWorkflow(spec).has_value());
  spec.parameters["max_rounds"] = 7;
  EXPECT_EQ(BuildWorkflow(spec).error().message(),
            "agent 'a': 'max_rounds' must be a whole number, 1 to 6");
  spec.parameters = {{"rounds", 1}};
  EXPECT_EQ(BuildWorkflow(spec).error().message(),
            "agent 'a': workflow 'research' has no parameter 'rounds'");
}

TEST(BuiltInAgents, AreCorrect) {
  const auto catalog = AgentCatalog::Open("agents", nullptr, nullptr);
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message();
  std::vector<std::string> names;
  for (const auto& agent : (*catalog)->List()) {
    names.push_back(agent->spec.name);
    EXPECT_GE(agent->spec.examples.size(), 5U) << names.back();
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"character_development",
                                             "chat",
                                             "coding",
                                             "content_analysis",
                                             "data_formatting",
                                             "entertainment",
                                             "fact_checking",
                                             "fiction_editing",
                                             "image_generation",
                                             "messaging",
                                             "org_inbox",
                                             "org_project",
                                             "outline_editing",
                                             "podcast_script",
                                             "proofreading",
                                             "research",
                                             "rss",
                                             "rules_editing",
                                             "site_crawl",
                                             "story_analysis",
                                             "substack",
                                             "sysml",
                                             "wargaming",
                                             "weather",
                                             "website_crawler"}));
}

}  // namespace
}  // namespace baton::agents
