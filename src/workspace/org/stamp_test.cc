#include "workspace/org/stamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::workspace::org {
namespace {

using ::testing::HasSubstr;

Stamp Parsed(std::string_view text) {
  const Result<Stamp> stamp = ParseStamp(text);
  EXPECT_TRUE(stamp) << text;
  return stamp.value_or(Stamp());
}

LocalMinute At(std::string_view text) { return Parsed(text).begin(); }

TEST(OrgStamp, WhatIsOneAndWhatIsNot) {
  const struct {
    std::string_view text;
    std::size_t length;
  } cases[] = {
      {"<2026-03-01 Sun>", 16},
      {"[2026-03-01 Sun]", 16},
      {"<2026-03-01>", 12},
      {"<2026-03-01 >", 13},
      {"<2026-03-01 10:00>", 18},
      {"<2026-03-01 Sun 9:05> more", 21},
      {"<2026-03-01 Sun 10:00-11:30 ++2w --3d>", 38},
      {"<2026-03-01 Sun .+2d/4d>", 24},
      {"<2026-03-01 dim. +1m>", 21},
      {"<2026-03-01 日>", 16},
      {"<2026-02-30 Mon>", 0},
      {"<2026-13-01>", 0},
      {"<2026-3-1>", 0},
      {"<12026-03-01>", 0},
      {"<2026-03-01 Sun]", 0},
      {"<2026-03-01 Sun", 0},
      {"<2026-03-01 Sun 24:00>", 0},
      {"<2026-03-01 Sun 10:60>", 0},
      {"<2026-03-01 Sun Mon>", 0},
      {"<2026-03-01 +1q>", 0},
      {"<2026-03-01 +12345d>", 0},
      {"<%%(diary-float t 4 2)>", 0},
      {"2026-03-01", 0},
      {"", 0},
  };
  for (const auto& each : cases) {
    Stamp stamp;
    EXPECT_EQ(ReadStamp(each.text, stamp), each.length) << each.text;
  }
}

TEST(OrgStamp, ReadsEveryPart) {
  const Stamp stamp = Parsed("<2026-03-01 Sun 10:00-11:30 .+2w -3d>");
  EXPECT_TRUE(stamp.active);
  EXPECT_EQ(FormatDay(stamp.day), "2026-03-01");
  EXPECT_EQ(stamp.minute, 600);
  EXPECT_EQ(stamp.end_minute, 690);
  EXPECT_EQ(stamp.repeater, (Repeater{Repeater::Kind::kFromDone, {2, TimeUnit::kWeek}}));
  EXPECT_EQ(stamp.warning, (Interval{3, TimeUnit::kDay}));
  EXPECT_FALSE(Parsed("[2026-03-01]").active);
}

TEST(OrgStamp, TakesWhatPeopleAndModelsWrite) {
  for (const std::string_view text :
       {"<2026-03-01 Sun 10:00>", "2026-03-01 10:00", " 2026-03-01 Sun 10:00\n"}) {
    EXPECT_EQ(FormatStamp(Parsed(text)), "<2026-03-01 Sun 10:00>") << text;
  }
  EXPECT_EQ(FormatStamp(Parsed("2026-03-01 +1w")), "<2026-03-01 Sun +1w>");
  // A weekday that is wrong is corrected, as the date decides.
  EXPECT_EQ(FormatStamp(Parsed("<2026-03-01 Fri>")), "<2026-03-01 Sun>");
  for (const std::string_view text :
       {"", "tomorrow", "2026-03-01T10:00", "<2026-03-01", "2026-02-30"}) {
    const Result<Stamp> stamp = ParseStamp(text);
    ASSERT_FALSE(stamp) << text;
    EXPECT_EQ(stamp.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(stamp.error().message(), HasSubstr("<2026-03-01 Sun>"));
  }
}

TEST(OrgStamp, ParsesRepeaters) {
  for (const std::string_view text : {"+1w", "++2m", ".+3d", "+4h", "+1y"}) {
    const Result<Repeater> repeater = ParseRepeater(text);
    ASSERT_TRUE(repeater) << text;
    EXPECT_EQ(FormatRepeater(*repeater), text);
  }
  for (const std::string_view text :
       {"", "1w", "weekly", "+0d", "+1w -2d", "+1w> <", "10:00 +1w"}) {
    EXPECT_FALSE(ParseRepeater(text)) << text;
  }
}

TEST(OrgStamp, RepeatsAsOrgDoes) {
  const struct {
    std::string_view stamp;
    std::string_view now;
    std::string_view next;
  } cases[] = {
      // "+": once, wherever that leads.
      {"<2026-01-01 Thu +1d>", "2026-03-01 12:00", "<2026-01-02 Fri +1d>"},
      {"<2026-01-01 Thu +2w>", "2026-03-01", "<2026-01-15 Thu +2w>"},
      {"<2026-01-15 Thu +1m>", "2026-03-01", "<2026-02-15 Sun +1m>"},
      {"<2026-01-31 Sat +1m>", "2026-03-01", "<2026-03-03 Tue +1m>"},
      {"<2024-01-31 Wed +1m>", "2026-03-01", "<2024-03-02 Sat +1m>"},
      {"<2024-02-29 Thu +1y>", "2026-03-01", "<2025-03-01 Sat +1y>"},
      {"<2026-12-31 Thu +1m>", "2026-03-01", "<2027-01-31 Sun +1m>"},
      {"<2026-01-01 Thu 22:00 +4h>", "2026-03-01", "<2026-01-02 Fri 02:00 +4h>"},
      {"<2026-01-01 Thu 22:00-23:30 +4h>", "2026-03-01", "<2026-01-02 Fri 02:00-03:30 +4h>"},
      // "++": into the future, at least once; today is not the future of a day without a time.
      {"<2026-01-01 Thu ++1w>", "2026-03-01", "<2026-03-05 Thu ++1w>"},
      {"<2026-01-04 Sun ++1w>", "2026-03-01 12:00", "<2026-03-08 Sun ++1w>"},
      {"<2026-01-04 Sun 18:00 ++1w>", "2026-03-01 12:00", "<2026-03-01 Sun 18:00 ++1w>"},
      {"<2026-01-04 Sun 12:00 ++1w>", "2026-03-01 12:00", "<2026-03-08 Sun 12:00 ++1w>"},
      {"<2027-01-01 Fri ++1d>", "2026-03-01", "<2027-01-02 Sat ++1d>"},
      {"<2026-01-31 Sat ++1m>", "2026-03-01", "<2026-03-03 Tue ++1m>"},
      {"<2026-01-31 Sat ++1m>", "2026-03-15", "<2026-04-03 Fri ++1m>"},
      {"<2026-01-01 Thu 10:00 ++8h>", "2026-03-01 12:00", "<2026-03-01 Sun 18:00 ++8h>"},
      // ".+": from the day it was done; hours from the minute.
      {"<2026-01-01 Thu .+2d>", "2026-03-01 12:00", "<2026-03-03 Tue .+2d>"},
      {"<2026-01-01 Thu 08:30 .+1m>", "2026-03-01 12:00", "<2026-04-01 Wed 08:30 .+1m>"},
      {"<2026-01-01 Thu 08:30 .+3h>", "2026-03-01 22:10", "<2026-03-02 Mon 01:10 .+3h>"},
      {"<2027-01-01 Fri .+1w>", "2026-03-01", "<2026-03-08 Sun .+1w>"},
  };
  for (const auto& each : cases) {
    const Result<Stamp> next = NextRepeat(Parsed(each.stamp), At(each.now));
    ASSERT_TRUE(next) << each.stamp;
    EXPECT_EQ(FormatStamp(*next), each.next) << each.stamp << " done " << each.now;
  }
}

TEST(OrgStamp, RefusesRepeatsThatLeadNowhere) {
  const auto by_hour = NextRepeat(Parsed("<2026-01-01 Thu +4h>"), At("2026-03-01"));
  ASSERT_FALSE(by_hour);
  EXPECT_EQ(by_hour.error().code(), Code::kFailedPrecondition);
  const auto far = NextRepeat(Parsed("<9999-12-31 +9999y>"), At("2026-03-01"));
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code(), Code::kOutOfRange);
}

TEST(OrgStamp, MovesOnlyTheBytesThatSayWhen) {
  const auto moved = [](std::string_view text, std::string_view to) {
    Stamp after = Parsed(text);
    const Stamp target = Parsed(to);
    after.day = target.day;
    if (after.minute) after.minute = target.minute;
    return MoveStampText(text, Parsed(text), after);
  };
  EXPECT_EQ(moved("<2026-03-01  Sun   +1w  -3d >", "2026-03-02"), "<2026-03-02  Mon   +1w  -3d >");
  EXPECT_EQ(moved("<2026-03-01 So +1w>", "2026-03-08"), "<2026-03-08 So +1w>");
  EXPECT_EQ(moved("<2026-03-01 So +1w>", "2026-03-09"), "<2026-03-09 Mon +1w>");
  EXPECT_EQ(moved("<2026-03-01 +1w>", "2026-03-09"), "<2026-03-09 +1w>");
  EXPECT_EQ(moved("<2026-03-01 Sun 9:00 .+2d/4d>", "2026-03-08 9:00"),
            "<2026-03-08 Sun 9:00 .+2d/4d>");
  EXPECT_EQ(moved("<2026-03-01 Sun 9:00 .+2h>", "2026-03-08 10:30"), "<2026-03-08 Sun 10:30 .+2h>");
}

TEST(OrgStamp, FormatsWhatItParses) {
  for (const std::string_view text :
       {"<2026-03-01 Sun>", "[2026-03-01 Sun 10:00]", "<2026-03-01 Sun 10:00-11:30 ++2w -3d>",
        "<2026-03-01 Sun .+1y>", "<0099-12-31 Thu>"}) {
    EXPECT_EQ(FormatStamp(Parsed(text)), text);
  }
  EXPECT_EQ(FormatMinute(At("2026-03-01 9:05")), "2026-03-01 Sun 09:05");
}

TEST(OrgTimeZone, KnowsSummerTime) {
  const auto berlin = TimeZone::Find("Europe/Berlin");
  ASSERT_TRUE(berlin);
  EXPECT_EQ(berlin->name(), "Europe/Berlin");
  const auto local = [&](std::string_view utc) {
    return FormatMinute(berlin->At(*ParseTimestamp(utc)));
  };
  EXPECT_EQ(local("2026-01-01T23:30:59Z"), "2026-01-02 Fri 00:30");
  EXPECT_EQ(local("2026-03-29T00:59:00Z"), "2026-03-29 Sun 01:59");
  EXPECT_EQ(local("2026-03-29T01:00:00Z"), "2026-03-29 Sun 03:00");
  EXPECT_EQ(local("2026-10-25T01:00:00Z"), "2026-10-25 Sun 02:00");
  EXPECT_EQ(
      FormatMinute(TimeZone::Find("Asia/Kathmandu")->At(*ParseTimestamp("2026-01-01T00:00:00Z"))),
      "2026-01-01 Thu 05:45");
}

TEST(OrgTimeZone, RefusesNamesThatNobodyKnows) {
  const auto zone = TimeZone::Find("Europe/Atlantis");
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(zone.error().message(), HasSubstr("Europe/Atlantis"));
  EXPECT_TRUE(TimeZone::Find(""));
  EXPECT_TRUE(TimeZone::Find("UTC"));
}

}  // namespace
}  // namespace baton::workspace::org
