#include "tools/tool.h"

#include <gtest/gtest.h>

#include "async/block_on.h"

namespace baton::tools {
namespace {

// Says its query back.
class EchoTool final : public Tool {
 public:
  explicit EchoTool(std::string name, json::Value parameters) {
    definition_.name = std::move(name);
    definition_.description = "Echoes.";
    definition_.parameters = std::move(parameters);
  }
  const ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    ToolResult result;
    result.text = context.user_id + ": " + std::string(json::GetString(arguments, "query"));
    co_return result;
  }

 private:
  ToolDefinition definition_;
};

std::unique_ptr<Tool> MakeEcho(std::string name) {
  return std::make_unique<EchoTool>(std::move(name), *json::Parse(R"(
      {"type":"object","required":["query"],"properties":{
       "query":{"type":"string","minLength":1},"limit":{"type":"integer","maximum":9}}})"));
}

async::Task<Result<ToolResult>> CallTool(const ToolRegistry& registry, std::string name,
                                         json::Object arguments) {
  ToolContext context;
  context.user_id = "ada";
  co_return co_await registry.Call(name, arguments, context);
}

TEST(ToolRegistry, CallsTheToolOfThatName) {
  ToolRegistry registry;
  ASSERT_TRUE(registry.Add(MakeEcho("echo")).ok());
  ASSERT_TRUE(registry.Add(MakeEcho("again")).ok());
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"again", "echo"}));
  EXPECT_EQ(registry.Find("echo")->definition().name, "echo");
  EXPECT_EQ(registry.Find("nothing"), nullptr);
  const auto result = async::BlockOn(CallTool(registry, "echo", {{"query", "hi"}}));
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(result->text, "ada: hi");
}

TEST(ToolRegistry, AToolThatIsWithdrawnKeepsItsNameAlone) {
  ToolRegistry registry;
  ASSERT_TRUE(registry.Add(MakeEcho("echo")).ok());
  ASSERT_TRUE(registry.Withdraw("echo", "nobody shouts").ok());
  EXPECT_EQ(registry.names(), std::vector<std::string>{"echo"});
  EXPECT_EQ(registry.Find("echo"), nullptr);
  const Status refused = registry.Check("echo", {});
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_EQ(refused.message(), "tool 'echo' is not to be had: nobody shouts");
  EXPECT_EQ(registry.Withdraw("nothing", "").code(), Code::kNotFound);
}

TEST(ToolRegistry, NamesTheArgumentThatDoesNotFit) {
  ToolRegistry registry;
  ASSERT_TRUE(registry.Add(MakeEcho("echo")).ok());
  const auto failure = [&](json::Object arguments) {
    return async::BlockOn(CallTool(registry, "echo", std::move(arguments))).error();
  };
  EXPECT_EQ(failure({}).code(), Code::kInvalidArgument);
  EXPECT_TRUE(failure({}).message().contains("tool 'echo'"));
  EXPECT_TRUE(failure({}).message().contains("query"));
  EXPECT_TRUE(failure({{"query", 3}}).message().contains("query"));
  EXPECT_TRUE(failure({{"query", "x"}, {"limit", 10}}).message().contains("limit"));
  EXPECT_EQ(registry.Check("echo", {}).ToString(), failure({}).ToString());
  EXPECT_TRUE(registry.Check("echo", {{"query", "x"}}).ok());
  EXPECT_EQ(registry.Check("nothing", {}).code(), Code::kNotFound);
}

TEST(ToolRegistry, ListsTheToolsThereAre) {
  ToolRegistry registry;
  EXPECT_EQ(async::BlockOn(CallTool(registry, "x", {})).error().ToString(),
            "NOT_FOUND: tool 'x': no such tool; there are: none");
  ASSERT_TRUE(registry.Add(MakeEcho("echo")).ok());
  ASSERT_TRUE(registry.Add(MakeEcho("again")).ok());
  EXPECT_EQ(async::BlockOn(CallTool(registry, "x", {})).error().ToString(),
            "NOT_FOUND: tool 'x': no such tool; there are: again, echo");
}

TEST(ToolRegistry, RefusesWhatCannotWork) {
  ToolRegistry registry;
  ASSERT_TRUE(registry.Add(MakeEcho("echo")).ok());
  EXPECT_EQ(registry.Add(MakeEcho("echo")).code(), Code::kAlreadyExists);
  EXPECT_EQ(registry.Add(nullptr).code(), Code::kInvalidArgument);
  EXPECT_EQ(registry.Add(MakeEcho("")).code(), Code::kInvalidArgument);
  const Status broken = registry.Add(
      std::make_unique<EchoTool>("broken", *json::Parse(R"({"type":"object","properties":[]})")));
  EXPECT_EQ(broken.code(), Code::kInvalidArgument);
  EXPECT_TRUE(broken.message().contains("tool 'broken'"));
}

TEST(Source, SurvivesJson) {
  const Source source{
      .id = "d1", .title = "T", .locator = "a/b.md", .excerpt = "…", .begin = 3, .end = 9};
  const Result<Source> back = ParseSource(ToJson(source));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->locator, "a/b.md");
  EXPECT_EQ(back->begin, 3);
  EXPECT_EQ(back->end, 9);
  const Result<Source> bare = ParseSource(json::Object{{"id", "d2"}});
  EXPECT_EQ(bare->begin, -1);
  EXPECT_FALSE(ParseSource(json::Object{{"title", "x"}}));
}

TEST(Effect, HasAName) {
  EXPECT_EQ(EffectName(Effect::kRead), "read");
  EXPECT_EQ(EffectName(Effect::kSpend), "spend");
}

TEST(Effect, IsRepeatableWhereNothingLasts) {
  EXPECT_TRUE(IsRepeatable(Effect::kRead));
  EXPECT_TRUE(IsRepeatable(Effect::kNetwork));
  EXPECT_FALSE(IsRepeatable(Effect::kWrite));
  EXPECT_FALSE(IsRepeatable(Effect::kSend));
  EXPECT_FALSE(IsRepeatable(Effect::kSpend));
}

}  // namespace
}  // namespace baton::tools
