#include <set>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/hash.h"
#include "base/id_generator.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/nearest_name.h"
#include "base/status.h"
#include "base/utf8.h"
#include "testing/manual_clock.h"

namespace baton {
namespace {

Status PassOn(Result<int> result) {
  BATON_TRY(std::move(result));
  return {};
}

TEST(Status, FailConvertsToStatusAndResult) {
  const auto as_result = []() -> Result<int> { return Fail(Code::kNotFound, "no {}", "such"); };
  EXPECT_EQ(PassOn(as_result()), Status(Code::kNotFound, "no such"));
  EXPECT_TRUE(PassOn(1).ok());
}

TEST(Status, AnnotateSaysWhatWasAttempted) {
  Status status = Status(Code::kUnavailable, "connection refused").Annotate("open store");
  EXPECT_EQ(status.ToString(), "UNAVAILABLE: open store: connection refused");
  EXPECT_TRUE(Status().Annotate("open store").ok());
}

TEST(Clock, TimestampSurvivesARoundTrip) {
  for (const char* text : {"2026-11-22T14:50:21.123456Z", "1970-01-01T00:00:00.000000Z",
                           "0007-10-31T09:00:59.000100Z", "9999-12-31T23:59:59.999999Z"}) {
    const auto parsed = ParseTimestamp(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(FormatTimestamp(*parsed), text);
  }
  EXPECT_EQ(FormatTimestamp(*ParseTimestamp("2026-11-22T14:50:21.5Z")),
            "2026-11-22T14:50:21.500000Z");
  const Timestamp latest = *ParseTimestamp("9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTimestamp(latest + std::chrono::microseconds(1)), "10000-01-01T00:00:00.000000Z");
}

TEST(Clock, ParseTimestampRefusesWhatIsNoTime) {
  for (const char* text : {"", "Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-11-22 14:50:21", "2026-11-22T14:50:21.1234567Z"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

TEST(Deadline, TheEarlierWinsAndNeverIsLatest) {
  const Deadline soon = Deadline::In(std::chrono::seconds(1));
  EXPECT_EQ(soon.Earlier(Deadline::Never()).when(), soon.when());
  EXPECT_TRUE(Deadline::Never().IsNever());
  EXPECT_FALSE(Deadline::Never().Expired());
  EXPECT_TRUE(Deadline::In(std::chrono::seconds(-1)).Expired());
}

TEST(IdGenerator, IdsSortByTimeAndNeverRepeat) {
  testing::ManualClock clock;
  IdGenerator ids(clock, 7);
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    if (i % 100 == 0) clock.Advance(std::chrono::milliseconds(i == 500 ? -3 : 1));
    const std::string id = ids.New("run");
    EXPECT_EQ(id.size(), 30U);
    EXPECT_GT(id, last);
    EXPECT_TRUE(seen.insert(id).second);
    last = id;
  }
}

TEST(IdGenerator, ASeedRepeats) {
  testing::ManualClock clock;
  EXPECT_EQ(IdGenerator(clock, 7).New("run"), IdGenerator(clock, 7).New("run"));
  EXPECT_NE(IdGenerator(clock, 7).New("run"), IdGenerator(clock, 8).New("run"));
}

TEST(Utf8, FindsTheFirstByteThatIsWrong) {
  EXPECT_TRUE(IsValidUtf8("plain ASCII text, longer than eight bytes"));
  EXPECT_TRUE(IsValidUtf8("h\xC3\xA9llo \xF0\x9F\x98\x80 \xE2\x82\xAC"));
  EXPECT_EQ(FindInvalidUtf8("12345678\xFF"), 8U);
  EXPECT_EQ(FindInvalidUtf8("a\xC0\x80"), 1U) << "overlong";
  EXPECT_EQ(FindInvalidUtf8("ab\xED\xA0\x80"), 2U) << "surrogate";
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0U) << "above U+10FFFF";
  EXPECT_EQ(FindInvalidUtf8("cut \xE2\x82"), 4U);
}

TEST(Utf8, PrefixNeverCutsACharacter) {
  const std::string_view euro = "a\xE2\x82\xAC";
  EXPECT_EQ(Utf8Prefix(euro, 4), euro);
  EXPECT_EQ(Utf8Prefix(euro, 3), "a");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF!"), "a\xEF\xBF\xBD!");
}

TEST(Hash, IsTheSameOnEveryMachine) { EXPECT_EQ(Fnv1a("a"), 0xaf63dc4c8601ec8cULL); }

TEST(Metrics, TheSameNameAndLabelsGiveTheSameMetric) {
  MetricsRegistry registry;
  registry.GetCounter("baton_test_total", "Tests.", {{"kind", "a"}}).Add();
  registry.GetCounter("baton_test_total", "Tests.", {{"kind", "a"}}).Add(2);
  registry.GetHistogram("baton_test_seconds", "Time.", {0.1, 1}).Observe(0.5);
  const std::string text = registry.Render();
  EXPECT_NE(text.find("baton_test_total{kind=\"a\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("baton_test_seconds_bucket{le=\"1\"} 1"), std::string::npos) << text;
}

TEST(Log, LevelNamesAreChecked) {
  EXPECT_EQ(ParseLogLevel("warning").value(), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("loud").error().code(), Code::kInvalidArgument);
}

TEST(Log, EscapesWhatWouldBreakTheLine) {
  ::testing::internal::CaptureStderr();
  LogWith({"run_1", "u:c"}, LogLevel::kError, "odd \"name\"", {{"path", "a\nb"}, {"n", 3}});
  FlushLog();
  const std::string line = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(R"("event":"odd \"name\"","run_id":"run_1","thread_id":"u:c")"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(R"("path":"a\nb","n":3})"), std::string::npos) << line;
}

TEST(NearestName, TakesASlipForTheNearestNameAndNothingElse) {
  const std::vector<std::string_view> names = {"port", "address"};
  EXPECT_EQ(SuggestName("prot", "the keys are", names), "did you mean 'port'?");
  EXPECT_EQ(SuggestName("adress", "the keys are", names), "did you mean 'address'?");
  EXPECT_EQ(SuggestName("ports", "the keys are", names), "did you mean 'port'?");
  EXPECT_EQ(SuggestName("colour", "the keys are", names), "the keys are port, address");
  EXPECT_EQ(SuggestName("port", "the keys are", {}), "there are none");
  EXPECT_EQ(NearestName(std::string(100'000, 'p'), names), "");
}

}  // namespace
}  // namespace baton
