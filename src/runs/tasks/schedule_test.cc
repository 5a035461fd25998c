#include "runs/tasks/schedule.h"

#include <gtest/gtest.h>

namespace baton::runs::tasks {
namespace {

Timestamp At(const std::string& text) { return ParseTimestamp(text).value(); }

std::string Next(const std::string& rule, const std::string& now, const std::string& anchor = "") {
  const Result<Schedule> schedule = Schedule::Parse(rule);
  if (!schedule) return schedule.error().message();
  const auto next = schedule->NextAfter(At(now), At(anchor.empty() ? now : anchor));
  return next ? FormatTimestamp(*next).substr(0, 16) : "never";
}

TEST(ScheduleTest, AnIntervalKeepsItsGrid) {
  EXPECT_EQ(Next("every 15m", "2026-01-01T10:00:00Z"), "2026-01-01T10:15");
  EXPECT_EQ(Next("every 15m", "2026-01-01T10:40:10Z", "2026-01-01T10:00:00Z"), "2026-01-01T10:45");
  EXPECT_EQ(Next("every 1d", "2026-02-28T10:00:00Z"), "2026-03-01T10:00");
}

TEST(ScheduleTest, ACronRuleNamesItsTimes) {
  EXPECT_EQ(Next("cron * * * * *", "2026-01-01T10:00:30Z"), "2026-01-01T10:01");
  EXPECT_EQ(Next("cron 30 8 * * 1-5", "2026-01-02T09:00:00Z"), "2026-01-05T08:30");  // Fri → Mon
  EXPECT_EQ(Next("cron */20 9-17 * * *", "2026-01-01T17:40:00Z"), "2026-01-02T09:00");
  EXPECT_EQ(Next("cron 0 0 1 jan,jul *", "2026-01-01T00:00:00Z"), "2026-07-01T00:00");
  EXPECT_EQ(Next("cron 0 12 29 2 *", "2026-01-01T00:00:00Z"), "2028-02-29T12:00");
  EXPECT_EQ(Next("cron 0 0 * * sun", "2026-01-01T00:00:00Z"), "2026-01-04T00:00");
  EXPECT_EQ(Next("cron 0 0 * * 7", "2026-01-01T00:00:00Z"), "2026-01-04T00:00");
  EXPECT_EQ(Next("cron 5/20 * * * *", "2026-01-01T00:26:00Z"), "2026-01-01T00:45");
  EXPECT_EQ(Next("cron 0 0 30 2 *", "2026-01-01T00:00:00Z"), "never");
}

TEST(ScheduleTest, DayAndWeekdayAreAlternatives) {
  EXPECT_EQ(Next("cron 0 0 13 * 5", "2026-01-01T00:00:00Z"), "2026-01-02T00:00");
  EXPECT_EQ(Next("cron 0 0 13 * 5", "2026-01-09T00:00:00Z"), "2026-01-13T00:00");
}

// Zurich leaves out 02:00 to 03:00 on 2026-03-29 and has it twice on 2026-10-25.
TEST(ScheduleTest, TheClocksOfAZoneAreFollowed) {
  const std::string daily = "cron 30 8 * * * Europe/Zurich";
  EXPECT_EQ(Next(daily, "2026-01-01T08:00:00Z"), "2026-01-02T07:30");
  EXPECT_EQ(Next(daily, "2026-07-01T08:00:00Z"), "2026-07-02T06:30");
  const std::string nightly = "cron 30 2 * * * Europe/Zurich";
  EXPECT_EQ(Next(nightly, "2026-03-28T12:00:00Z"), "2026-03-29T01:30");  // 03:30 there
  EXPECT_EQ(Next(nightly, "2026-03-29T01:30:00Z"), "2026-03-30T00:30");
  EXPECT_EQ(Next(nightly, "2026-10-24T12:00:00Z"), "2026-10-25T00:30");
  EXPECT_EQ(Next(nightly, "2026-10-25T00:30:00Z"), "2026-10-26T01:30");
}

TEST(ScheduleTest, WhatIsNoRuleIsNamed) {
  for (const char* rule : {"",
                           "hourly",
                           "every",
                           "every 5",
                           "every -5m",
                           "every 0s",
                           "every 900d",
                           "cron",
                           "cron * * * *",
                           "cron 60 * * * *",
                           "cron * 24 * * *",
                           "cron * * 0 * *",
                           "cron * * * 13 *",
                           "cron * * * * 8",
                           "cron 5-1 * * * *",
                           "cron */0 * * * *",
                           "cron , * * * *",
                           "cron * * * foo *",
                           "cron * * * * * Mars/Base",
                           "cron * * * * * UTC extra"}) {
    const auto schedule = Schedule::Parse(rule);
    ASSERT_FALSE(schedule.has_value()) << rule;
    EXPECT_EQ(schedule.error().code(), Code::kInvalidArgument) << rule;
    EXPECT_FALSE(schedule.error().message().empty());
  }
}

}  // namespace
}  // namespace baton::runs::tasks
