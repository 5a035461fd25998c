#include "tools/effect_journal.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/utf8.h"
#include "tools/memory_effect_journal.h"

namespace baton::tools {
namespace {

std::optional<Result<ToolResult>> ThroughText(const Result<ToolResult>& outcome) {
  std::optional<Result<ToolResult>> back;
  const Status decoded = DecodeOutcome(EncodeOutcome(outcome), back);
  EXPECT_TRUE(decoded.ok()) << decoded.ToString();
  return back;
}

TEST(Outcome, SurvivesText) {
  const auto result =
      ThroughText(ToolResult{.text = "Wrote 3 lines.",
                             .sources = {{.id = "d1", .locator = "a.md", .begin = 4, .end = 9}}});
  ASSERT_TRUE(result && *result);
  EXPECT_EQ((*result)->text, "Wrote 3 lines.");
  ASSERT_EQ((*result)->sources.size(), 1U);
  EXPECT_EQ((*result)->sources[0].end, 9);

  const auto failure = ThroughText(Fail(Code::kPermissionDenied, "{} is read only", "a.md"));
  ASSERT_TRUE(failure && !*failure);
  EXPECT_EQ(failure->error().ToString(), "PERMISSION_DENIED: a.md is read only");
}

TEST(Outcome, IsStorableWhateverTheToolSaid) {
  const std::string text = EncodeOutcome(ToolResult{.text = std::string("nul \0 cut \xe2\x82", 12),
                                                    .sources = {{.id = "x", .title = "\xff"}}});
  EXPECT_TRUE(IsValidUtf8(text));
  EXPECT_FALSE(text.contains('\0'));
  EXPECT_TRUE(IsValidUtf8(EncodeOutcome(Fail(Code::kInternal, "\xff"))));
}

TEST(Outcome, ThatNobodyHasWrittenIsRefused) {
  for (const std::string_view text : {"", "[]", "{}", R"({"code":0})", R"({"code":99})",
                                      R"({"text":"t"})", R"({"text":"t","sources":[{}]})"}) {
    std::optional<Result<ToolResult>> outcome;
    EXPECT_EQ(DecodeOutcome(text, outcome).code(), Code::kDataLoss) << text;
    EXPECT_FALSE(outcome) << text;
  }
}

template <typename T>
T Now(async::Task<T> task) {
  return async::BlockOn(std::move(task));
}

TEST(MemoryEffectJournal, KnowsOfEachCallWhetherItWasMadeAndWhatCameOfIt) {
  MemoryEffectJournal journal;
  EXPECT_EQ(Now(journal.Find("k"))->tries, 0);
  EXPECT_FALSE(Now(journal.Find("k"))->in_doubt());
  ASSERT_TRUE(Now(journal.Begin("k", "tool")).ok());
  EXPECT_TRUE(Now(journal.Find("k"))->in_doubt());
  ASSERT_TRUE(Now(journal.End("k", ToolResult{.text = "done"})).ok());
  EXPECT_FALSE(Now(journal.Find("k"))->in_doubt());
  EXPECT_EQ((*Now(journal.Find("k"))->outcome)->text, "done");
  ASSERT_TRUE(Now(journal.Begin("k", "tool")).ok());
  EXPECT_EQ(Now(journal.Find("k"))->tries, 2);
  EXPECT_TRUE(Now(journal.Find("k"))->in_doubt()) << "the outcome is that of the try before";
  EXPECT_EQ(Now(journal.Find("other"))->tries, 0);
}

}  // namespace
}  // namespace baton::tools
