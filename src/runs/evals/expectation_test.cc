#include "runs/evals/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::runs::evals {
namespace {

using ::testing::HasSubstr;
using Kind = Expectation::Kind;

Observed Told() {
  return {.answer = "The backup runs at 02:30 [1].",
          .agent = "research",
          .tools = {"search_documents", "get_document"},
          .sources = {json::Object{
              {"number", 1}, {"title", "Backup plan"}, {"locator", "/notes/backup.md"}}},
          .error = {}};
}

bool Passes(Kind kind, std::string wanted) {
  return Meets(Told(), {.kind = kind, .wanted = std::move(wanted)}).passed;
}

std::string Why(Kind kind, std::string wanted) {
  return Meets(Told(), {.kind = kind, .wanted = std::move(wanted)}).why;
}

TEST(Expectation, OfTheAnswersText) {
  EXPECT_TRUE(Passes(Kind::kContains, "02:30"));
  EXPECT_FALSE(Passes(Kind::kContains, "03:30"));
  EXPECT_TRUE(Passes(Kind::kNotContains, "03:30"));
  EXPECT_FALSE(Passes(Kind::kNotContains, "02:30"));
  EXPECT_TRUE(Passes(Kind::kMatches, R"(at \d\d:\d\d)"));
  EXPECT_FALSE(Passes(Kind::kMatches, R"(^at \d\d:\d\d)"));
}

TEST(Expectation, OfSourcesByTitleOrLocator) {
  EXPECT_TRUE(Passes(Kind::kCites, "backup.md"));
  EXPECT_TRUE(Passes(Kind::kCites, "Backup plan"));
  EXPECT_FALSE(Passes(Kind::kCites, "garden.org"));
  EXPECT_EQ(Why(Kind::kCites, "garden.org"), "cited: /notes/backup.md");
}

TEST(Expectation, OfToolsAndOfTheAgent) {
  EXPECT_TRUE(Passes(Kind::kCalls, "get_document"));
  EXPECT_FALSE(Passes(Kind::kCalls, "get_weather"));
  EXPECT_EQ(Why(Kind::kCalls, "get_weather"), "called: search_documents, get_document");
  EXPECT_TRUE(Passes(Kind::kNotCalls, "get_weather"));
  EXPECT_FALSE(Passes(Kind::kNotCalls, "get_document"));
  EXPECT_TRUE(Passes(Kind::kAgent, "research"));
  EXPECT_EQ(Why(Kind::kAgent, "chat"), "answered: research");
}

TEST(Expectation, OfJsonByItsSchema) {
  const Expectation expectation{
      .kind = Kind::kSchema,
      .schema = json::Object{{"type", "object"}, {"required", json::Array{"when"}}}};
  Observed observed = Told();
  EXPECT_FALSE(Meets(observed, expectation).passed);
  observed.answer = "```json\n{\"when\": \"02:30\"}\n```";
  EXPECT_TRUE(Meets(observed, expectation).passed);
  observed.answer = "{}";
  const Verdict verdict = Meets(observed, expectation);
  EXPECT_FALSE(verdict.passed);
  EXPECT_THAT(verdict.why, HasSubstr("when"));
}

TEST(Expectation, WhatCanNeverBeMetIsRefused) {
  EXPECT_EQ(CheckExpectation({.kind = Kind::kMatches, .wanted = "(a"}).code(),
            Code::kInvalidArgument);
  EXPECT_EQ(CheckExpectation({.kind = Kind::kContains}).code(), Code::kInvalidArgument);
  EXPECT_EQ(CheckExpectation({.kind = Kind::kSchema, .schema = 5}).code(), Code::kInvalidArgument);
  EXPECT_TRUE(CheckExpectation({.kind = Kind::kMatches, .wanted = "(a)"}).ok());
}

TEST(Expectation, EveryKindHasItsName) {
  for (const std::string_view name : KindNames()) {
    const auto kind = ParseKind(name);
    ASSERT_TRUE(kind);
    EXPECT_EQ(KindName(*kind), name);
  }
  EXPECT_THAT(ParseKind("contain").error().message(), HasSubstr("did you mean 'contains'?"));
}

}  // namespace
}  // namespace baton::runs::evals
