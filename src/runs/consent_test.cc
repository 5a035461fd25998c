// Every row of tests/consent/answers.jsonl.
#include "runs/consent.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>

namespace baton::runs {
namespace {

std::string_view KindName(Consent::Kind kind) {
  if (kind == Consent::Kind::kYes) return "yes";
  return kind == Consent::Kind::kNo ? "no" : "unclear";
}

TEST(Consent, EachAnswerMeansWhatTheTableSays) {
  std::ifstream in("tests/consent/answers.jsonl");
  ASSERT_TRUE(in.is_open());
  std::set<std::string> messages;
  for (std::string line; std::getline(in, line);) {
    const json::Value row = json::Parse(line).value();
    const std::string message(json::GetString(row, "message"));
    const Consent consent = ReadConsent(message);
    EXPECT_EQ(KindName(consent.kind), json::GetString(row, "means")) << message;
    EXPECT_EQ(GrantScopeName(consent.scope), json::GetString(row, "scope", "once")) << message;
    EXPECT_EQ(consent.only.domain, json::GetString(row, "domain")) << message;
    EXPECT_EQ(consent.only.folder, json::GetString(row, "folder")) << message;
    EXPECT_EQ(consent.all, json::GetBool(row, "all")) << message;
    EXPECT_TRUE(messages.insert(message).second) << message << ": twice in the table";
  }
  EXPECT_GE(messages.size(), 60U);
}

TEST(Consent, AWordThatBelongsToNoAnswerMakesAnyAnswerUnclear) {
  for (const std::string answer : {"yes", "ja", "oui", "s\u00ed", "s\u00ec", "no", "nein"}) {
    EXPECT_NE(ReadConsent(answer).kind, Consent::Kind::kUnclear) << answer;
    for (const std::string other : {"table", "why", "weather", "\u00e4", "https://a.org", "or"}) {
      EXPECT_EQ(ReadConsent(answer + " " + other).kind, Consent::Kind::kUnclear) << answer;
      EXPECT_EQ(ReadConsent(other + ", " + answer).kind, Consent::Kind::kUnclear) << answer;
    }
    EXPECT_EQ(ReadConsent(answer + "?").kind, Consent::Kind::kUnclear) << answer;
  }
}

}  // namespace
}  // namespace baton::runs
