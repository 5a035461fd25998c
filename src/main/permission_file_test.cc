#include "main/permission_file.h"

#include <gtest/gtest.h>

namespace baton::app {
namespace {

using agents::Permission;

TEST(PermissionFile, IsReadAsWritten) {
  const auto policy = ParsePermissionPolicy(R"(
rules:
  - {tool: read_web_pages, domain: example.org, decision: allow}
  - user: ann
    agent: research
    effect: network
    folder: /reports
    decision: deny
    reason: Not on the net.
by_effect: {write: ask, send: deny}
)",
                                            "p.yaml");
  ASSERT_TRUE(policy.has_value()) << policy.error().ToString();
  ASSERT_EQ(policy->rules.size(), 2U);
  EXPECT_EQ(policy->rules[0].tool, "read_web_pages");
  EXPECT_EQ(policy->rules[0].only.domain, "example.org");
  EXPECT_EQ(policy->rules[0].decision, Permission::kAllow);
  EXPECT_EQ(policy->rules[1].user, "ann");
  EXPECT_EQ(policy->rules[1].agent, "research");
  EXPECT_EQ(policy->rules[1].effect, tools::Effect::kNetwork);
  EXPECT_EQ(policy->rules[1].only.folder, "/reports");
  EXPECT_EQ(policy->rules[1].decision, Permission::kDeny);
  EXPECT_EQ(policy->rules[1].reason, "Not on the net.");
  EXPECT_EQ(policy->by_effect[2], Permission::kAsk);
  EXPECT_EQ(policy->by_effect[3], Permission::kDeny);
  EXPECT_EQ(policy->by_effect[4], Permission::kAsk) << "what is not said stays";
}

TEST(PermissionFile, AMistakeIsNamedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"rules:\n  - {tol: x, decision: ask}", "p.yaml:2: unknown key 'tol'"},
      {"rules:\n  - tool: x\n    decision: maybe", "p.yaml:3: 'maybe' is none of"},
      {"rules:\n  - tool: x", "p.yaml:2: a rule needs 'decision'"},
      {"rules:\n  - domain: [a, b]\n    decision: deny", "p.yaml:2: 'domain' needs a value"},
      {"rules:\n  - {domain: '*.a.org', decision: deny}", "p.yaml:2: '*.a.org' is no domain"},
      {"rules:\n  - {domain: 'a.org:80', decision: deny}", "p.yaml:2: 'a.org:80' is no domain"},
      {"rules:\n  - {domain: a.org/x, decision: deny}", "p.yaml:2: 'a.org/x' is no domain"},
      {"rules:\n  - {folder: contracts, decision: ask}", "p.yaml:2: folder 'contracts'"},
      {"rules:\n  - {folder: ../x, decision: ask}", "p.yaml:2: folder '../x' lies outside"},
      {"by_effect: {wirte: ask}", "p.yaml:1: 'wirte' is none of"},
      {"rule: []", "p.yaml:1: unknown key 'rule'"},
      {"rules: [", "p.yaml:1"}};
  for (const auto& [text, message] : cases) {
    const auto policy = ParsePermissionPolicy(text, "p.yaml");
    ASSERT_FALSE(policy.has_value()) << text;
    EXPECT_EQ(policy.error().code(), Code::kInvalidArgument);
    EXPECT_NE(policy.error().message().find(message), std::string::npos)
        << policy.error().message();
  }
}

}  // namespace
}  // namespace baton::app
