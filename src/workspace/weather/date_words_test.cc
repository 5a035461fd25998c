#include "workspace/weather/date_words.h"

#include <gtest/gtest.h>

namespace baton::workspace::weather {
namespace {

// A Thursday.
const Day kToday = *ParseIsoDay("2026-01-15");

struct DateCase {
  const char* text;
  const char* first;
  const char* last;  // null: the same day
};

constexpr DateCase kCases[] = {
    {"", "2026-01-15", nullptr},
    {"Today", "2026-01-15", nullptr},
    {"heute abend", "2026-01-15", nullptr},
    {"hoy", "2026-01-15", nullptr},
    {"aujourd’hui", "2026-01-15", nullptr},
    {"tomorrow", "2026-01-16", nullptr},
    {"MORGEN", "2026-01-16", nullptr},
    {"mañana", "2026-01-16", nullptr},
    {"demain", "2026-01-16", nullptr},
    {"the day after tomorrow", "2026-01-17", nullptr},
    {"Übermorgen", "2026-01-17", nullptr},
    {"pasado mañana", "2026-01-17", nullptr},
    {"après-demain", "2026-01-17", nullptr},
    {"yesterday", "2026-01-14", nullptr},
    {"vorgestern", "2026-01-13", nullptr},
    {"anteayer", "2026-01-13", nullptr},
    {"hier", "2026-01-14", nullptr},
    {"Saturday", "2026-01-17", nullptr},
    {"on Thursday", "2026-01-15", nullptr},
    {"next Thursday", "2026-01-22", nullptr},
    {"last Thursday", "2026-01-08", nullptr},
    {"last Monday", "2026-01-12", nullptr},
    {"am Samstag", "2026-01-17", nullptr},
    {"nächsten Montag", "2026-01-19", nullptr},
    {"el sábado", "2026-01-17", nullptr},
    {"samedi prochain", "2026-01-17", nullptr},
    {"in 3 days", "2026-01-18", nullptr},
    {"in three days", "2026-01-18", nullptr},
    {"in a week", "2026-01-22", nullptr},
    {"in 3 Tagen", "2026-01-18", nullptr},
    {"en tres días", "2026-01-18", nullptr},
    {"dans 2 jours", "2026-01-17", nullptr},
    {"dans une semaine", "2026-01-22", nullptr},
    {"3 days ago", "2026-01-12", nullptr},
    {"vor 2 Wochen", "2026-01-01", nullptr},
    {"hace 2 días", "2026-01-13", nullptr},
    {"il y a 4 jours", "2026-01-11", nullptr},
    {"next 5 days", "2026-01-15", "2026-01-19"},
    {"die nächsten 3 Tage", "2026-01-15", "2026-01-17"},
    {"los próximos 7 días", "2026-01-15", "2026-01-21"},
    {"les 4 prochains jours", "2026-01-15", "2026-01-18"},
    {"16 days", "2026-01-15", "2026-01-30"},
    {"this weekend", "2026-01-17", "2026-01-18"},
    {"am Wochenende", "2026-01-17", "2026-01-18"},
    {"el fin de semana", "2026-01-17", "2026-01-18"},
    {"ce week-end", "2026-01-17", "2026-01-18"},
    {"next weekend", "2026-01-24", "2026-01-25"},
    {"this week", "2026-01-15", "2026-01-18"},
    {"next week", "2026-01-19", "2026-01-25"},
    {"nächste Woche", "2026-01-19", "2026-01-25"},
    {"la semaine prochaine", "2026-01-19", "2026-01-25"},
    {"2025-12-24", "2025-12-24", nullptr},
    {"24.12.2025", "2025-12-24", nullptr},
    {"1.2.", "2026-02-01", nullptr},
    {"January 20", "2026-01-20", nullptr},
    {"20th of January", "2026-01-20", nullptr},
    {"January 3", "2027-01-03", nullptr},
    {"3. März 2025", "2025-03-03", nullptr},
    {"3 de marzo de 2025", "2025-03-03", nullptr},
    {"1er février 2026", "2026-02-01", nullptr},
    {"2025-02", "2025-02-01", "2025-02-28"},
    {"March 2024", "2024-03-01", "2024-03-31"},
    {"2026-01-20 to 2026-01-22", "2026-01-20", "2026-01-22"},
    {"2026-01-20..2026-01-22", "2026-01-20", "2026-01-22"},
    {"from Friday to Monday", "2026-01-16", "2026-01-19"},
    {"Freitag bis Sonntag", "2026-01-16", "2026-01-18"},
    {"2025-11 to 2025-12", "2025-11-01", "2025-12-31"},
};

TEST(DateWords, AreReadInFourLanguages) {
  for (const DateCase& c : kCases) {
    const auto range = ParseDays(c.text, kToday);
    ASSERT_TRUE(range) << c.text << ": " << range.error().ToString();
    EXPECT_EQ(FormatDay(range->first), c.first) << c.text;
    EXPECT_EQ(FormatDay(range->last), c.last == nullptr ? c.first : c.last) << c.text;
  }
}

TEST(DateWords, WeekendsAndWeeksDependOnTheDay) {
  const auto on = [](const char* today, const char* text) {
    const DayRange range = *ParseDays(text, *ParseIsoDay(today));
    return FormatDay(range.first) + " " + FormatDay(range.last);
  };
  EXPECT_EQ(on("2026-01-17", "weekend"), "2026-01-17 2026-01-18");
  EXPECT_EQ(on("2026-01-18", "weekend"), "2026-01-18 2026-01-18");
  EXPECT_EQ(on("2026-01-18", "this week"), "2026-01-18 2026-01-18");
  EXPECT_EQ(on("2026-01-18", "next week"), "2026-01-19 2026-01-25");
  EXPECT_EQ(on("2026-12-31", "tomorrow"), "2027-01-01 2027-01-01");
  EXPECT_EQ(on("2027-03-01", "February 29"), "2028-02-29 2028-02-29");
}

TEST(DateWords, WhatNamesNoDayIsRefusedWithExamples) {
  for (const char* bad : {"soon", "3/4/2026", "2026-13", "2026-02-30", "2026-1-5", "32.1.2026",
                          "in days", "in 99999999 days", "0 days", "January", "next", "to",
                          "2026-01-20 to 2026-01-10", "2026-01-15T10:00", "\xFF"}) {
    const auto range = ParseDays(bad, kToday);
    ASSERT_FALSE(range) << bad << " " << FormatDay(range->first);
    EXPECT_EQ(range.error().code(), Code::kInvalidArgument);
    EXPECT_NE(range.error().message().find("tomorrow, Saturday"), std::string::npos);
  }
  EXPECT_FALSE(ParseDays(std::string(200, 'x'), kToday));
}

}  // namespace
}  // namespace baton::workspace::weather
