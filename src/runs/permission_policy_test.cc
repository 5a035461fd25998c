// Rules, the agent's file and the effect, in that order; and where a call goes.
#include "runs/permission_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::runs {
namespace {

using agents::Permission;
using tools::Effect;

json::Object Arguments(std::string_view text) { return json::Parse(text).value().as_object(); }

Permission JudgeCall(const PermissionPolicy& policy, std::string_view tool, Effect effect,
                     std::string_view arguments = "{}",
                     std::optional<Permission> declared = std::nullopt,
                     std::string_view agent = "chat") {
  const json::Object object = Arguments(arguments);
  return Judge(policy, {"ann", agent, tool, effect, declared, object}).verdict;
}

TEST(PermissionPolicy, WithoutARuleTheFileAndThenTheEffectDecides) {
  const PermissionPolicy policy;
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kRead), Permission::kAllow);
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kNetwork), Permission::kAllow);
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kWrite), Permission::kAllow);
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kSend), Permission::kAsk);
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kSpend), Permission::kAsk);
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kWrite, "{}", Permission::kAsk), Permission::kAsk);
  EXPECT_EQ(JudgeCall(policy, "t", Effect::kSend, "{}", Permission::kAllow), Permission::kAllow);
}

TEST(PermissionPolicy, TheFirstRuleThatFitsDecides) {
  PermissionPolicy policy;
  policy.rules = {{.user = "bob", .decision = Permission::kDeny},
                  {.agent = "research", .tool = "read_web_pages", .decision = Permission::kDeny},
                  {.tool = "web_search", .decision = Permission::kAsk},
                  {.effect = Effect::kSend, .decision = Permission::kAllow}};
  EXPECT_EQ(JudgeCall(policy, "read_web_pages", Effect::kNetwork, "{}", {}, "research"),
            Permission::kDeny);
  EXPECT_EQ(JudgeCall(policy, "read_web_pages", Effect::kNetwork), Permission::kAsk);
  EXPECT_EQ(JudgeCall(policy, "get_weather", Effect::kNetwork), Permission::kAllow);
  EXPECT_EQ(JudgeCall(policy, "send_mail", Effect::kSend, "{}", Permission::kAsk),
            Permission::kAllow);
  EXPECT_EQ(JudgeCall(policy, "send_mail", Effect::kSend, "{}", Permission::kDeny),
            Permission::kDeny)
      << "no rule opens what the agent's file closes";
}

TEST(PermissionPolicy, LeaveForADomainHoldsForNothingBesideIt) {
  PermissionPolicy policy;
  policy.rules = {{.only = {.domain = "Example.org"}, .decision = Permission::kAllow},
                  {.decision = Permission::kDeny}};
  const auto judge = [&](std::string_view arguments) {
    return JudgeCall(policy, "fetch", Effect::kNetwork, arguments);
  };
  EXPECT_EQ(judge(R"({"url": "https://example.org/a"})"), Permission::kAllow);
  EXPECT_EQ(judge(R"({"urls": ["http://docs.EXAMPLE.org", "example.org"]})"), Permission::kAllow);
  EXPECT_EQ(judge(R"({"url": "https://example.org.evil.net/"})"), Permission::kDeny);
  EXPECT_EQ(judge(R"({"url": "https://badexample.org/"})"), Permission::kDeny);
  EXPECT_EQ(judge(R"({"url": "https://example.org@evil.net/"})"), Permission::kDeny);
  EXPECT_EQ(judge(R"({"urls": ["https://example.org", "https://other.net"]})"), Permission::kDeny);
  EXPECT_EQ(judge(R"({"url": "ftp://example.org"})"), Permission::kDeny);
  EXPECT_EQ(judge(R"({"query": "example.org"})"), Permission::kDeny) << "it names no host";
}

TEST(PermissionPolicy, WhatIsForbiddenIsForbiddenAmongOtherThings) {
  PermissionPolicy policy;
  policy.rules = {{.only = {.domain = "evil.net"}, .decision = Permission::kDeny}};
  const auto judge = [&](std::string_view arguments) {
    return JudgeCall(policy, "fetch", Effect::kNetwork, arguments);
  };
  EXPECT_EQ(judge(R"({"urls": ["https://a.org", {"url": "http://www.evil.net"}]})"),
            Permission::kDeny);
  EXPECT_EQ(judge(R"({"url": "http://[broken"})"), Permission::kDeny) << "it may go there";
  EXPECT_EQ(judge(R"({"url": "https://a.org"})"), Permission::kAllow);
}

TEST(PermissionPolicy, AFolderIsLeftByNoDots) {
  const Restriction only{.folder = "/reports/"};
  const auto within = [&](std::string_view arguments) {
    return IsWithin(TargetsOf(Arguments(arguments)), only);
  };
  EXPECT_TRUE(within(R"({"path": "/reports/a.md"})"));
  EXPECT_TRUE(within(R"({"folder_path": "/reports"})"));
  EXPECT_TRUE(within(R"({"folder": "/reports/new", "filename": "a.md"})"));
  EXPECT_FALSE(within(R"({"folder": "/reports", "filename": "/secret/a.md"})"));
  EXPECT_FALSE(within(R"({"path": "/reports/../secret.md"})"));
  EXPECT_FALSE(within(R"({"path": "/reports-old/a.md"})"));
  EXPECT_FALSE(within(R"({"path": "../reports/../x"})"));
  EXPECT_FALSE(within(R"({"text": "/reports/a.md"})"));
  EXPECT_TRUE(Touches(TargetsOf(Arguments(R"({"folder": "/"})")), only))
      << "what is done to the whole is done to the part";
}

TEST(PermissionPolicy, SeveralAreFoundAsOneIs) {
  const CallTargets targets = TargetsOf(Arguments(
      R"({"target_paths": ["/a"], "directories": ["/b"], "source_folders": ["/c"], "address": "/d",
          "allowed_domains": ["A.example"], "basis": "/e"})"));
  EXPECT_THAT(targets.paths, ::testing::UnorderedElementsAre("/a", "/b", "/c"));
  EXPECT_THAT(targets.hosts, ::testing::ElementsAre("a.example"));
}

TEST(PermissionPolicy, WhatIsNamedByAnIdMayLieAnywhere) {
  const Restriction only{.folder = "/reports"};
  for (const char* arguments :
       {R"({"document_id": "doc_1"})", R"({"proposal_id": "p"})", R"({"target_item_id": "i"})",
        R"({"target_item_ids": ["i"]})", R"({"edits": [{"document_ids": ["doc_1"]}]})",
        R"({"folder_id": "f"})"}) {
    const CallTargets targets = TargetsOf(Arguments(arguments));
    EXPECT_TRUE(Touches(targets, only)) << arguments;
    EXPECT_FALSE(IsWithin(targets, only)) << arguments;
  }
  EXPECT_FALSE(Touches(TargetsOf(Arguments(R"({"feed_id": "f", "document_id": ""})")), only));
}

TEST(PermissionPolicy, ARelativePathLiesWhereOnlyItsToolKnows) {
  const auto targets = TargetsOf(Arguments(R"({"folder": "Work/Plans", "filename": "a.md"})"));
  EXPECT_TRUE(Touches(targets, {.folder = "/contracts"}));
  EXPECT_FALSE(IsWithin(targets, {.folder = "/Work"}));
  EXPECT_TRUE(IsWithin(targets, {.folder = "Work"})) << "as the call has it";
  EXPECT_FALSE(Touches(targets, {.folder = "Play"}));
  const auto leaves = TargetsOf(Arguments(R"({"parent": "Work/../../x"})"));
  EXPECT_TRUE(Touches(leaves, {.folder = "Play"}));
  EXPECT_FALSE(IsWithin(leaves, {.folder = "Work"}));
}

TEST(PermissionPolicy, ALimitThatCouldNeverFitIsRefused) {
  for (const char* domain : {"example.org", "EXAMPLE.org", "bücher.example", "localhost"}) {
    EXPECT_TRUE(CheckRestriction({.domain = domain}).ok()) << domain;
  }
  for (const char* domain : {"*.example.org", "example.org:8080", "https://example.org",
                             "example.org/docs", "a b", "[::1]:80", "me@example.org"}) {
    EXPECT_EQ(CheckRestriction({.domain = domain}).code(), Code::kInvalidArgument) << domain;
  }
  EXPECT_TRUE(CheckRestriction({.folder = "/reports/../x"}).ok());
  EXPECT_EQ(CheckRestriction({.folder = "../x"}).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::runs
