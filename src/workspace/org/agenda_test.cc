#include "workspace/org/agenda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::workspace::org {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Day On(std::string_view day) { return ParseStamp(day)->day; }

// "day kind[time] title late" of each entry.
std::vector<std::string> AgendaOf(std::string text, std::string_view first, std::string_view last,
                                  std::string_view today = "2026-03-01") {
  const IndexedFile file = IndexEntries("f", "f.org", *ParseOrgFile(std::move(text)));
  std::vector<AgendaEntry> agenda;
  CollectAgenda(file, {On(first), On(last), On(today)}, agenda);
  SortAgenda(agenda);
  std::vector<std::string> out;
  for (const AgendaEntry& entry : agenda) {
    const std::string_view kinds[] = {"S", "D", "E"};
    std::string line = FormatDay(entry.day).substr(5);
    line += fmt::format(" {}", kinds[static_cast<int>(entry.kind)]);
    if (entry.minute) line += fmt::format("{}:{:02}", *entry.minute / 60, *entry.minute % 60);
    line += " " + entry.item.title.substr(0, entry.item.title.find(" <"));
    if (entry.days_late != 0) line += fmt::format(" {:+}", entry.days_late);
    out.push_back(std::move(line));
  }
  return out;
}

TEST(OrgAgenda, ShowsTasksOnTheirDays) {
  EXPECT_THAT(
      AgendaOf("* TODO a\nSCHEDULED: <2026-03-02 Mon 10:00>\n"
               "* TODO b\nDEADLINE: <2026-03-02 Mon>\n* c\nSCHEDULED: <2026-03-02 Mon 9:00>\n"
               "* TODO d\nSCHEDULED: <2026-03-09 Mon>\n* DONE e\nSCHEDULED: <2026-03-02 Mon>\n"
               "* TODO f\nSCHEDULED: [2026-03-02 Mon]\n",
               "2026-03-01", "2026-03-07"),
      ElementsAre("03-02 S9:00 c", "03-02 S10:00 a", "03-02 D b"));
}

TEST(OrgAgenda, TodayShowsWhatIsLateAndWhatComesUp) {
  const std::string text =
      "* TODO late\nSCHEDULED: <2026-02-20 Fri>\n* TODO due\nDEADLINE: <2026-02-28 Sat>\n"
      "* TODO soon\nDEADLINE: <2026-03-15 Sun>\n* TODO later\nDEADLINE: <2026-03-16 Mon>\n"
      "* TODO early\nDEADLINE: <2026-05-01 Fri -3m>\n* TODO brief\nDEADLINE: <2026-03-05 Thu "
      "-2d>\n";
  EXPECT_THAT(
      AgendaOf(text, "2026-03-01", "2026-03-01"),
      ElementsAre("03-01 S late +9", "03-01 D due +1", "03-01 D soon -14", "03-01 D early -61"));
  // A week that does not hold today shows neither; one that does shows a deadline once.
  EXPECT_THAT(AgendaOf(text, "2026-03-02", "2026-03-08"), ElementsAre("03-05 D brief"));
  EXPECT_THAT(AgendaOf(text, "2026-03-01", "2026-03-15"),
              ElementsAre("03-01 S late +9", "03-01 D due +1", "03-01 D early -61", "03-05 D brief",
                          "03-15 D soon"));
  EXPECT_THAT(AgendaOf(text, "2026-02-19", "2026-02-21"), ElementsAre("02-20 S late"));
}

TEST(OrgAgenda, ListsRepeats) {
  EXPECT_THAT(AgendaOf("* TODO w\nSCHEDULED: <2026-03-02 Mon +1w>\n", "2026-03-01", "2026-03-20"),
              ElementsAre("03-02 S w", "03-09 S w", "03-16 S w"));
  EXPECT_THAT(AgendaOf("* TODO old\nSCHEDULED: <2001-01-01 Mon +2d>\n", "2026-03-01", "2026-03-06"),
              ElementsAre("03-01 S old +9190", "03-03 S old", "03-05 S old"));
  EXPECT_THAT(AgendaOf("* m <2025-01-31 Fri +1m>\n", "2026-02-25", "2026-04-02"),
              ElementsAre("03-03 E m", "03-31 E m"));
  EXPECT_THAT(AgendaOf("* y <1960-02-29 Mon +1y>\n", "2026-01-01", "2026-12-31"),
              ElementsAre("03-01 E y"));
  EXPECT_THAT(AgendaOf("* h <2026-03-01 Sun 20:00 +8h>\n", "2026-03-02", "2026-03-02"),
              ElementsAre("03-02 E4:00 h", "03-02 E12:00 h", "03-02 E20:00 h"));
  EXPECT_THAT(AgendaOf("* h <2026-03-01 Sun +8h>\n", "2026-03-02", "2026-03-02"), IsEmpty());
  EXPECT_THAT(AgendaOf("* n <2026-03-01 Sun +0d>\n", "2026-03-01", "2026-03-05"),
              ElementsAre("03-01 E n"));
}

TEST(OrgAgenda, ListsEventsOfTitlesAndTexts) {
  EXPECT_THAT(
      AgendaOf(
          "* a <2026-03-02 Mon 14:00-15:00>\n* DONE b\nText <2026-03-02 Mon> [2026-03-02 Mon]\n"
          "* c\n- item <2026-03-03 Tue>\n| <2026-03-04 Wed> |\n"
          "* d <2026-03-06 Fri>--<2026-03-09 Mon>\n",
          "2026-03-01", "2026-03-07"),
      ElementsAre("03-02 E14:00 a", "03-02 E b", "03-03 E c", "03-04 E c", "03-06 E d",
                  "03-07 E d"));
}

TEST(OrgAgenda, LeavesOutWhatOrgLeavesOut) {
  EXPECT_THAT(AgendaOf("* COMMENT a\n** TODO b\nSCHEDULED: <2026-03-02 Mon>\n"
                       "* c :ARCHIVE:\n** TODO d <2026-03-02 Mon>\n* COMMENTS e <2026-03-02 Mon>\n"
                       "<2026-03-02 Mon>\n* f\n#+begin_src\n<2026-03-02 Mon>\n#+end_src\n",
                       "2026-03-01", "2026-03-07"),
              ElementsAre("03-02 E COMMENTS e", "03-02 E COMMENTS e"));
}

TEST(OrgAgenda, ListsNoMoreRepeatsThanItSays) {
  const auto agenda = AgendaOf("* h <2026-03-01 Sun 00:00 +1h>\n", "2026-03-01", "2027-02-01");
  EXPECT_EQ(agenda.size(), 1U + kMaxRepeats);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "* h <2026-03-01 Sun 00:00 +1h>\n";
  EXPECT_EQ(AgendaOf(many, "2026-03-01", "2027-02-01").size(), kMaxAgendaEntries);
}

}  // namespace
}  // namespace baton::workspace::org
