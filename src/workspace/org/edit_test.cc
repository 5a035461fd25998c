#include "workspace/org/edit.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workspace/testing/org_corpus.h"

namespace baton::workspace::org {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const LocalMinute kNow = ParseStamp("2026-03-01 12:00")->begin();

IndexedFile Indexed(std::string text) {
  Result<OrgFile> file = ParseOrgFile(std::move(text));
  EXPECT_TRUE(file) << file.error().ToString();
  return IndexEntries("org_1", "inbox.org", file ? *std::move(file) : OrgFile());
}

// The entry whose first line holds `words`.
const Entry& Named(const IndexedFile& file, std::string_view words) {
  for (const Entry& entry : file.entries) {
    if (DescribeEntry(file, entry).line_text.find(words) != std::string::npos) return entry;
  }
  ADD_FAILURE() << "no entry '" << words << "'";
  return file.entries.front();
}

std::string Text(const Result<Edited>& edited) {
  return edited ? edited->text : edited.error().ToString();
}

std::string Toggled(std::string text, std::string_view words) {
  const IndexedFile file = Indexed(std::move(text));
  return Text(ToggleEntry(file.org, Named(file, words), kNow));
}

TEST(OrgToggle, FollowsTheSequence) {
  EXPECT_EQ(Toggled("* TODO a\n", "a"), "* DONE a\n");
  EXPECT_EQ(Toggled("* DONE a", "a"), "* TODO a");
  EXPECT_EQ(Toggled("* WAITING  [#A]  a  :x:\r\nb\r\n", "a"), "* DONE  [#A]  a  :x:\r\nb\r\n");
  EXPECT_EQ(Toggled("* TODO", "TODO"), "* DONE");
  EXPECT_EQ(Toggled("#+TODO: A B | C D\n#+TODO: X | Y\n* B a\n", "B a"),
            "#+TODO: A B | C D\n#+TODO: X | Y\n* C a\n");
  EXPECT_EQ(Toggled("#+TODO: A B | C D\n#+TODO: X | Y\n* Y a\n", "Y a"),
            "#+TODO: A B | C D\n#+TODO: X | Y\n* X a\n");
}

TEST(OrgToggle, NeedsAStateOrABox) {
  EXPECT_THAT(Toggled("* Plain\n", "Plain"), HasSubstr("FAILED_PRECONDITION: 'Plain' is no task"));
  EXPECT_THAT(Toggled("- plain\n", "plain"), HasSubstr("'plain' has no checkbox"));
  EXPECT_THAT(Toggled("- [-] p\n  - [ ] q\n", "p"), HasSubstr("follows from those below"));
}

TEST(OrgToggle, MovesARepeatedTaskOn) {
  EXPECT_EQ(Toggled("* NEXT Water\nSCHEDULED: <2026-02-28 Sat .+2d> DEADLINE: <2026-03-01 Sun>\n"
                    "Also <2026-02-01 Sun +1w> and <2026-02-01 Sun>.\n* b <2026-01-01 Thu +1d>\n",
                    "Water"),
            "* TODO Water\nSCHEDULED: <2026-03-03 Tue .+2d> DEADLINE: <2026-03-01 Sun>\n"
            ":PROPERTIES:\n:LAST_REPEAT: [2026-03-01 Sun 12:00]\n:END:\n"
            "Also <2026-02-08 Sun +1w> and <2026-02-01 Sun>.\n* b <2026-01-01 Thu +1d>\n");
  EXPECT_EQ(Toggled("* TODO a\n  DEADLINE: <2026-02-01 So ++1m>\n  :PROPERTIES:\n"
                    "  :last_repeat: [2026-02-01 Sun 9:00]\n  :ID: x\n  :END:\n",
                    "TODO a"),
            "* TODO a\n  DEADLINE: <2026-04-01 Wed ++1m>\n  :PROPERTIES:\n"
            "  :last_repeat: [2026-03-01 Sun 12:00]\n  :ID: x\n  :END:\n");
  EXPECT_EQ(Toggled("* TODO a\nSCHEDULED: <2026-02-01 Sun +1w>", "TODO a"),
            "* TODO a\nSCHEDULED: <2026-02-08 Sun +1w>\n:PROPERTIES:\n"
            ":LAST_REPEAT: [2026-03-01 Sun 12:00]\n:END:");
  EXPECT_THAT(Toggled("* TODO a\nSCHEDULED: <2026-02-01 Sun +1h>\n", "TODO a"),
              HasSubstr("repeats by the hour but has no time"));
}

TEST(OrgToggle, LogsWhenTheFileAsksForIt) {
  const std::string log = "#+STARTUP: overview logdone\n";
  EXPECT_EQ(Toggled(log + "* TODO a\n", "a"), log + "* DONE a\nCLOSED: [2026-03-01 Sun 12:00]\n");
  EXPECT_EQ(Toggled(log + "* TODO a\nSCHEDULED: <2026-02-01 Sun> \n", "TODO a"),
            log + "* DONE a\nSCHEDULED: <2026-02-01 Sun> CLOSED: [2026-03-01 Sun 12:00] \n");
  EXPECT_EQ(Toggled("* DONE a\nCLOSED: [2026-02-28 Sat]\nx\n", "DONE a"), "* TODO a\nx\n");
  EXPECT_EQ(Toggled("* DONE a\n CLOSED: [2026-02-28 Sat] DEADLINE: <2026-03-01 Sun>\n", "DONE a"),
            "* TODO a\n DEADLINE: <2026-03-01 Sun>\n");
  EXPECT_EQ(Toggled("* DONE a\nDEADLINE: <2026-03-01 Sun> CLOSED: [2026-02-28 Sat]\n", "DONE a"),
            "* TODO a\nDEADLINE: <2026-03-01 Sun>\n");
}

TEST(OrgToggle, KeepsTextOnThePlanningLine) {
  EXPECT_EQ(Toggled("* DONE Call\nCLOSED: [2026-03-01 Sun 10:00] she said no, ask Bob\n", "Call"),
            "* TODO Call\nshe said no, ask Bob\n");
  EXPECT_EQ(Toggled("* DONE a\r\n  CLOSED: [2026-03-01 Sun] x <2026-03-02 Mon>\r\n", "DONE a"),
            "* TODO a\r\n  x <2026-03-02 Mon>\r\n");
  EXPECT_EQ(Toggled("* DONE a\nCLOSED: late [2026-03-01 Sun] x\n", "DONE a"), "* TODO a\nlate x\n");
  EXPECT_EQ(Toggled("* DONE a\nCLOSED: [2026-03-01 Sun] * x\n", "DONE a"), "* TODO a\n * x\n");
  EXPECT_EQ(
      Toggled("* DONE a\nSCHEDULED: <2026-03-01 Sun> y CLOSED: [2026-03-01 Sun] x\n", "DONE a"),
      "* TODO a\nSCHEDULED: <2026-03-01 Sun> y x\n");
  EXPECT_EQ(Toggled("* DONE a\nCLOSED: [2026-03-01 Sun]--[2026-03-02 Mon] \r\nx", "DONE a"),
            "* TODO a\nx");
  EXPECT_EQ(Toggled("* DONE a\nCLOSED:", "DONE a"), "* TODO a\n");
}

TEST(OrgToggle, BoxesAndCountersAboveFollow) {
  EXPECT_EQ(Toggled("* TODO a [0/2] [0%]\n- [ ] b\n  - [ ] c\n  - [X] d\n- [ ] e\n", "c"),
            "* TODO a [1/2] [50%]\n- [X] b\n  - [X] c\n  - [X] d\n- [ ] e\n");
  EXPECT_EQ(Toggled("- [ ] b [/]\n  - [ ] c\n  - [ ] d\n", "c"),
            "- [-] b [1/2]\n  - [X] c\n  - [ ] d\n");
  EXPECT_EQ(Toggled("- [X] b\n  - [x] c\n", "c"), "- [ ] b\n  - [ ] c\n");
  EXPECT_EQ(Toggled("* a [/]\n** TODO b\n** DONE c\n** d\n", "TODO b"),
            "* a [2/2]\n** DONE b\n** DONE c\n** d\n");
  EXPECT_EQ(Toggled("* a [1/9] [x]\n- [ ] b\n", "b"), "* a [1/1] [x]\n- [X] b\n");
}

std::string Titled(std::string text, std::string_view words, std::string_view title) {
  const IndexedFile file = Indexed(std::move(text));
  return Text(SetEntryTitle(file.org, Named(file, words), title));
}

TEST(OrgTitle, ChangesTheTitleOnly) {
  EXPECT_EQ(Titled("* TODO [#A]  old one   :x:  \nb\n", "old", " new "),
            "* TODO [#A]  new   :x:  \nb\n");
  EXPECT_EQ(Titled("- [X]  old  :x:\n  more\n", "old", "new"), "- [X]  new  :x:\n  more\n");
  EXPECT_EQ(Titled("* TODO", "TODO", "new"), "* TODO new");
  EXPECT_EQ(Titled("* TODO :x:\n", "TODO", "new"), "* TODO new :x:\n");
  EXPECT_EQ(Titled("- [ ]\n", "- [ ]", "new"), "- [ ] new\n");
  EXPECT_EQ(Titled("* TODO a\r\n", "a", "\xc3\xbc"), "* TODO \xc3\xbc\r\n");
}

TEST(OrgTitle, AListItemKeepsItsDate) {
  EXPECT_EQ(Titled("- [ ] Buy milk <2026-03-01 Sun> :x:\n", "milk", "Buy oat milk"),
            "- [ ] Buy oat milk <2026-03-01 Sun> :x:\n");
  EXPECT_EQ(Titled("- a <2026-03-01 Sun>--<2026-03-02 Mon> b\n", "a", "c [2026-01-01]"),
            "- c [2026-01-01] <2026-03-01 Sun>--<2026-03-02 Mon>\n");
  EXPECT_EQ(Titled("- a <2026-03-01 Sun>\n", "a", "b <2026-03-05 Thu> c"),
            "- b <2026-03-05 Thu> c\n");
  EXPECT_THAT(Titled("- a <2026-03-01 Sun>\n", "a", "[ ] b"), HasSubstr("more than a title"));
}

TEST(OrgTitle, RefusesWhatIsNoTitle) {
  for (const std::string_view title : {"", "  ", "a\nb", "a\r* b", "a :tag:", "[#A] a"}) {
    EXPECT_THAT(Titled("* TODO a\n", "a", title), HasSubstr("INVALID_ARGUMENT")) << title;
  }
  EXPECT_THAT(Titled("* plain\n", "plain", "DONE b"), HasSubstr("more than a title"));
  EXPECT_EQ(Titled("* TODO a\n", "a", "DONE b"), "* TODO DONE b\n");
  EXPECT_THAT(Titled("- plain\n", "plain", "[ ] b"), HasSubstr("more than a title"));
}

std::string Scheduled(std::string text, std::string_view words, std::string_view stamp) {
  const IndexedFile file = Indexed(std::move(text));
  return Text(ScheduleEntry(file.org, Named(file, words), *ParseStamp(stamp)));
}

TEST(OrgSchedule, SetsThePlanningLine) {
  EXPECT_EQ(Scheduled("* TODO a\nb\n", "a", "2026-03-05"),
            "* TODO a\nSCHEDULED: <2026-03-05 Thu>\nb\n");
  EXPECT_EQ(Scheduled("* TODO a", "a", "2026-03-05 +1w"),
            "* TODO a\nSCHEDULED: <2026-03-05 Thu +1w>");
  EXPECT_EQ(Scheduled("* a\n  DEADLINE: <2026-03-06 Fri>\n", "a", "2026-03-05 10:00"),
            "* a\n  DEADLINE: <2026-03-06 Fri> SCHEDULED: <2026-03-05 Thu 10:00>\n");
  EXPECT_EQ(
      Scheduled("* a\nSCHEDULED: <2026-01-01 Thu>--<2026-01-02 Fri> CLOSED: [2026-01-01 Thu]\n",
                "* a", "2026-03-05"),
      "* a\nSCHEDULED: <2026-03-05 Thu> CLOSED: [2026-01-01 Thu]\n");
  EXPECT_EQ(Scheduled("* a\nSCHEDULED:\n", "a", "2026-03-05"),
            "* a\nSCHEDULED: <2026-03-05 Thu>\n");
  EXPECT_EQ(Scheduled("* a\r\n  :PROPERTIES:\r\n  :ID: x\r\n  :END:\r\n", "a", "[2026-03-05]"),
            "* a\r\n  SCHEDULED: <2026-03-05 Thu>\r\n  :PROPERTIES:\r\n  :ID: x\r\n  :END:\r\n");
}

TEST(OrgSchedule, KeepsTextOnThePlanningLine) {
  EXPECT_EQ(Scheduled("* a\nSCHEDULED: <2026-03-01 Sun> only after lunch <2026-03-05 Thu>\n", "* a",
                      "2026-03-07"),
            "* a\nSCHEDULED: <2026-03-07 Sat> only after lunch <2026-03-05 Thu>\n");
}

TEST(OrgSchedule, RepeaterAndWarningGoOn) {
  EXPECT_EQ(Scheduled("* a\nSCHEDULED: <2026-03-01 So 10:00 .+1w/2w --2d>\n", "* a", "2026-03-05"),
            "* a\nSCHEDULED: <2026-03-05 Thu .+1w/2w --2d>\n");
  EXPECT_EQ(Scheduled("* a\nSCHEDULED: <2026-03-01 Sun +1w -2d>\n", "* a", "2026-03-05 9:00 +1m"),
            "* a\nSCHEDULED: <2026-03-05 Thu 09:00 +1m -2d>\n");
  EXPECT_EQ(Scheduled("* a\nSCHEDULED: <2026-03-01 Sun +1w>\n", "* a", "2026-03-05 +0d -1d"),
            "* a\nSCHEDULED: <2026-03-05 Thu +0d -1d>\n");
  EXPECT_EQ(Scheduled("- [ ] a <2026-03-01 Sun +1w>\n", "a", "2026-03-05"),
            "- [ ] a <2026-03-05 Thu +1w>\n");
}

TEST(OrgSchedule, DatesListItemsInTheirText) {
  EXPECT_EQ(Scheduled("- [ ] a\n", "a", "2026-03-05"), "- [ ] a <2026-03-05 Thu>\n");
  EXPECT_EQ(Scheduled("- [ ] a :x:\n", "a", "2026-03-05"), "- [ ] a <2026-03-05 Thu> :x:\n");
  EXPECT_EQ(Scheduled("- [ ] a <2026-01-01 Thu> b\n", "a", "2026-03-05"),
            "- [ ] a <2026-03-05 Thu> b\n");
  EXPECT_EQ(Scheduled("-\n", "-", "2026-03-05"), "- <2026-03-05 Thu>\n");
}

std::string Tagged(std::string text, std::string_view words, std::vector<std::string> tags) {
  const IndexedFile file = Indexed(std::move(text));
  return Text(TagEntry(file.org, Named(file, words), tags));
}

TEST(OrgTags, AddsToThoseThatAreThere) {
  EXPECT_EQ(Tagged("* TODO a\n", "a", {"x", "y"}), "* TODO a :x:y:\n");
  EXPECT_EQ(Tagged("* TODO a      :x:\n", "a", {"y", ":x:"}), "* TODO a      :x:y:\n");
  EXPECT_EQ(Tagged("* TODO a  :x: \n", "a", {"x"}), "* TODO a  :x: \n");
  EXPECT_EQ(Tagged("* TODO a  \n", "a", {"x"}), "* TODO a :x:  \n");
  EXPECT_EQ(Tagged("*  ", "*", {"x"}), "* :x:  ");
  EXPECT_EQ(Tagged("- [ ] a\n", "a", {"follow-up"}), "- [ ] a :follow_up:\n");
  EXPECT_EQ(Tagged("- [ ] a :x:\n", "a",
                   {"gr\xc3\xb6\xc3\x9f"
                    "e"}),
            "- [ ] a :x:gr\xc3\xb6\xc3\x9f"
            "e:\n");
  EXPECT_THAT(Tagged("* a\n", "a", {"a:b"}), HasSubstr("'a:b' is no tag"));
  EXPECT_THAT(Tagged("* a\n", "a", {"!"}), HasSubstr("is no tag"));
  EXPECT_THAT(Tagged("* a\n", "a", {""}), HasSubstr("is no tag"));
  EXPECT_THAT(Tagged("* a\n", "a", {}), HasSubstr("no tags"));
}

std::string Added(std::string text, const NewEntry& entry) {
  return Text(AddEntry(Indexed(std::move(text)).org, entry, "org_X", kNow));
}

TEST(OrgAdd, WritesEachKind) {
  const std::string created = ":CREATED: [2026-03-01 Sun 12:00]\n";
  EXPECT_EQ(Added("", {.text = "Call"}),
            "* TODO Call\n:PROPERTIES:\n:ID: org_X\n" + created + ":END:\n");
  EXPECT_EQ(
      Added(
          "* a",
          {.text = "Call", .schedule = "2026-03-05", .repeater = ".+1w", .tags = {"x", "x", "y"}}),
      "* a\n* TODO Call :x:y:\nSCHEDULED: <2026-03-05 Thu .+1w>\n:PROPERTIES:\n:ID: org_X\n" +
          created.substr(0, created.size() - 1) + "\n:END:");
  EXPECT_EQ(Added("", {.kind = "event", .text = "Meet", .schedule = "2026-03-05 10:00"}),
            "* Meet\n:PROPERTIES:\n:ID: org_X\n" + created + ":END:\n<2026-03-05 Thu 10:00>\n");
  EXPECT_EQ(Added("", {.kind = "contact", .text = "Ada", .properties = {{"EMAIL", " a@b "}}}),
            "* Ada\n:PROPERTIES:\n:ID: org_X\n" + created + ":EMAIL: a@b\n:END:\n");
  EXPECT_EQ(Added("#+TODO: OPEN | SHUT\n", {.text = "a"}).substr(20, 8), "* OPEN a");
}

TEST(OrgAdd, PutsBoxesBeforeTheFirstHeading) {
  const NewEntry box{.kind = "checkbox", .text = "b", .schedule = "2026-03-05", .tags = {"x"}};
  const std::string line = "- [ ] b <2026-03-05 Thu> :x:\n";
  EXPECT_EQ(Added("", box), line);
  EXPECT_EQ(Added("* a\n", box), line + "* a\n");
  EXPECT_EQ(Added("#+TITLE: t\n\n* a\n", box), "#+TITLE: t\n" + line + "\n* a\n");
  EXPECT_EQ(Added("- [ ] a\n  more\n\n* h\n", box), "- [ ] a\n  more\n" + line + "\n* h\n");
  EXPECT_EQ(Added("- a", box), "- a\n- [ ] b <2026-03-05 Thu> :x:");
  EXPECT_EQ(Added("\xEF\xBB\xBF", box), "\xEF\xBB\xBF" + line);
}

TEST(OrgAdd, FurtherLinesCannotBecomeHeadings) {
  const std::string text = Added("", {.text = "\n a \n* b\n\n#+begin_src\n:END:\n\n"});
  EXPECT_THAT(text, ::testing::EndsWith(":END:\n  * b\n\n  #+begin_src\n  :END:\n"));
  const IndexedFile file = Indexed(text);
  EXPECT_EQ(file.org.headings.size(), 1U);
  EXPECT_EQ(DescribeEntry(file, file.entries.front()).title, "a");
}

TEST(OrgAdd, SaysWhatDoesNotFit) {
  EXPECT_THAT(Added("", {.text = " \n"}), HasSubstr("the text is empty"));
  EXPECT_THAT(Added("", {.kind = "note", .text = "a"}), HasSubstr("there are todo, checkbox"));
  EXPECT_THAT(Added("", {.text = "a", .schedule = "soon"}),
              HasSubstr("'soon' is no org timestamp"));
  EXPECT_THAT(Added("", {.text = "a", .repeater = "+1w"}), HasSubstr("needs a schedule"));
  EXPECT_THAT(Added("", {.text = "a", .schedule = "2026-03-05", .repeater = "weekly"}),
              HasSubstr("'weekly' is no org repeater"));
  EXPECT_THAT(Added("", {.text = "a", .tags = {"a:b"}}), HasSubstr("is no tag"));
  EXPECT_THAT(Added("", {.text = "a", .properties = {{"id", "x"}}}), HasSubstr("'id' cannot be"));
  EXPECT_THAT(Added("", {.text = "a", .properties = {{"K", "x\n:END:"}}}),
              HasSubstr("several lines"));
  EXPECT_THAT(Added("", {.kind = "checkbox", .text = "a", .properties = {{"K", "v"}}}),
              HasSubstr("a checkbox has no properties"));
}

TEST(OrgAppend, KeepsLinesApart) {
  const auto appended = [](std::string to, std::string_view text) {
    return AppendText(Indexed(std::move(to)).org, text).text;
  };
  EXPECT_EQ(appended("", "* a"), "* a\n");
  EXPECT_EQ(appended("x", "* a\n"), "x\n* a\n");
  EXPECT_EQ(appended("x\r\n", "* a\nb"), "x\r\n* a\r\nb\r\n");
  EXPECT_EQ(appended("x\r\ny", "a"), "x\r\ny\r\na\r\n");
}

TEST(OrgArchive, MovesWhatIsDone) {
  const IndexedFile inbox = Indexed(
      "- [X] boxed\n  more\n- [ ] open box\n- [X] half\n  - [ ] open\n* Inbox\n- [X] in container\n"
      "** DONE Nested [1/1]\n- [X] its step\n*** deeper\n* TODO Open\n- [X] step\n* DONE Big\n"
      "** TODO Small\n* DONE Last");
  const OrgFile archive = *ParseOrgFile("* old\n");
  const Archived archived = ArchiveDone(inbox.org, "inbox.org", archive, kNow);
  EXPECT_EQ(archived.count, 4);
  EXPECT_EQ(archived.inbox,
            "- [ ] open box\n- [X] half\n  - [ ] open\n* Inbox\n* TODO Open\n- [X] step\n"
            "* DONE Big\n** TODO Small\n");
  EXPECT_EQ(archived.archive,
            "- [X] boxed\n  more\n- [X] in container\n* old\n"
            "* DONE Nested [1/1]\n:PROPERTIES:\n:ARCHIVE_TIME: 2026-03-01 Sun 12:00\n"
            ":ARCHIVE_FILE: inbox.org\n:ARCHIVE_OLPATH: Inbox\n:ARCHIVE_TODO: DONE\n:END:\n"
            "- [X] its step\n** deeper\n"
            "* DONE Last\n:PROPERTIES:\n:ARCHIVE_TIME: 2026-03-01 Sun 12:00\n"
            ":ARCHIVE_FILE: inbox.org\n:ARCHIVE_TODO: DONE\n:END:\n");
  const Archived again = ArchiveDone(*ParseOrgFile(archived.inbox), "inbox.org", archive, kNow);
  EXPECT_EQ(again.count, 0);
  EXPECT_EQ(again.inbox, archived.inbox);
  EXPECT_EQ(again.archive, "* old\n");
}

TEST(OrgArchive, BeginsAnArchive) {
  const IndexedFile inbox = Indexed("* DONE a\r\nx\r\n");
  const Archived archived = ArchiveDone(inbox.org, "i", *ParseOrgFile(""), kNow);
  EXPECT_THAT(archived.archive, ::testing::StartsWith("# -*- mode: org -*-\n\n* DONE a\n"));
  EXPECT_EQ(archived.inbox, "");
}

TEST(OrgRefile, AdaptsLevels) {
  const IndexedFile from = Indexed("* a\n** TODO b\ntext\n*** c\n* d");
  const IndexedFile to = Indexed("* x\r\n** y\r\n* z");
  const auto under = RefileEntry(from.org, Named(from, "b"), to.org, &Named(to, "y"));
  ASSERT_TRUE(under);
  EXPECT_EQ(under->source, "* a\n* d");
  EXPECT_EQ(under->target, "* x\r\n** y\r\n*** TODO b\r\ntext\r\n**** c\r\n* z");
  EXPECT_EQ(under->target.substr(under->at, 10), "*** TODO b");
  const auto top = RefileEntry(from.org, Named(from, "b"), to.org, nullptr);
  ASSERT_TRUE(top);
  EXPECT_EQ(top->target, "* x\r\n** y\r\n* z\r\n* TODO b\r\ntext\r\n** c\r\n");
  EXPECT_EQ(top->target.substr(top->at, 8), "* TODO b");
}

TEST(OrgRefile, WithinOneFile) {
  const IndexedFile file = Indexed("* a\n** b\n* c\n** d");
  const auto moved = [&](std::string_view what, std::string_view under) {
    const auto refiled = RefileEntry(file.org, Named(file, what), file.org,
                                     under.empty() ? nullptr : &Named(file, under));
    if (!refiled) return refiled.error().ToString();
    EXPECT_EQ(refiled->source, refiled->target);
    EXPECT_EQ(refiled->target[refiled->at], '*');
    return refiled->target;
  };
  EXPECT_EQ(moved("b", "c"), "* a\n* c\n** d\n** b\n");
  EXPECT_EQ(moved("* c", "* a"), "* a\n** b\n** c\n*** d\n");
  EXPECT_EQ(moved("d", ""), "* a\n** b\n* c\n* d\n");
  EXPECT_EQ(moved("d", "* c"), "* a\n** b\n* c\n** d\n");
  EXPECT_THAT(moved("* a", "b"), HasSubstr("'a' cannot be moved below itself"));
  EXPECT_THAT(moved("* a", "* a"), HasSubstr("below itself"));
}

TEST(OrgEntry, IdsStayWhereTitlesDo) {
  const IndexedFile before = Indexed("* TODO a\n** x\n* b\n** x\n** x\n- [ ] y\n- [ ] y\n");
  const IndexedFile after = Indexed(
      "new\n* b :t:\nSCHEDULED: <2026-03-01 Sun>\n** DONE x\n** x\n- [X] y\n- [ ] y\n* a\n** x\n");
  std::vector<std::string> ids;
  for (const Entry& entry : before.entries) {
    ids.push_back(entry.id);
    ASSERT_NE(after.Find(entry.id), nullptr) << entry.id;
    EXPECT_EQ(DescribeEntry(after, *after.Find(entry.id)).title,
              DescribeEntry(before, entry).title);
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  EXPECT_EQ(Indexed("* a\n:PROPERTIES:\n:ID: own\n:END:\n").entries.at(0).id, "own");
}

TEST(OrgEntry, VersionsChangeWithWhatAnEditRewrites) {
  const auto version = [](std::string text) {
    return Indexed(std::move(text)).entries.at(0).version;
  };
  const std::string base = "* TODO a\n:PROPERTIES:\n:ID: x\n:END:\nbody\n";
  EXPECT_EQ(version(base), version(base + "** child\n"));
  EXPECT_EQ(version(base), version("* TODO a\n:PROPERTIES:\n:ID: x\n:END:\nother\n"));
  EXPECT_NE(version(base), version("* DONE a\n:PROPERTIES:\n:ID: x\n:END:\nbody\n"));
  EXPECT_NE(version(base), version("* TODO a \n:PROPERTIES:\n:ID: x\n:END:\nbody\n"));
  EXPECT_EQ(version("- a\n  - b\n"), version("- a\n  - [X] c\n"));
  EXPECT_NE(version("- a\n  more\n"), version("- a\n  less\n"));
}

TEST(OrgEntry, DescribesWhatPeopleSee) {
  const IndexedFile file = Indexed(
      "* Home\n** TODO [#B] a :x:y:\nDEADLINE: <2026-03-01 Sun>--<2026-03-02 Mon>\n:PROPERTIES:\n"
      ":CREATED: [2026-01-01 Thu]\n:END:\n\ntext\n\n- [x] b <2026-03-03 Tue> :z:\n  more\n"
      "* Meet <2026-03-04 Wed>\n* Ada\n:PROPERTIES:\n:PHONE: 1\n:END:\n");
  const Item task = DescribeEntry(file, Named(file, "a :x"));
  EXPECT_EQ(task.kind, "todo");
  EXPECT_EQ(task.title, "a");
  EXPECT_EQ(task.priority, "B");
  EXPECT_THAT(task.tags, ElementsAre("x", "y"));
  EXPECT_EQ(task.deadline, "<2026-03-01 Sun>--<2026-03-02 Mon>");
  EXPECT_EQ(task.created, "[2026-01-01 Thu]");
  EXPECT_THAT(task.above, ElementsAre("Home"));
  EXPECT_EQ(task.content, "text\n\n- [x] b <2026-03-03 Tue> :z:\n  more");
  const Item box = DescribeEntry(file, Named(file, "[x] b"));
  EXPECT_EQ(box.kind, "checkbox");
  EXPECT_TRUE(box.done);
  EXPECT_EQ(box.title, "b <2026-03-03 Tue>");
  EXPECT_EQ(box.scheduled, "<2026-03-03 Tue>");
  EXPECT_THAT(box.tags, ElementsAre("z"));
  EXPECT_EQ(box.content, "  more");
  EXPECT_THAT(box.above, ElementsAre("Home", "a"));
  EXPECT_EQ(DescribeEntry(file, Named(file, "Meet")).kind, "event");
  EXPECT_EQ(DescribeEntry(file, Named(file, "Ada")).kind, "contact");
  EXPECT_EQ(DescribeEntry(file, Named(file, "Home")).kind, "plain");
}

// Where an edit may write: its entry, and the lines it is nested in.
void ExpectOnlyNear(const IndexedFile& file, const Entry& entry, const std::string& text) {
  const bool heading = entry.kind == Entry::Kind::kHeading;
  const Span own = heading ? file.org.headings[static_cast<std::size_t>(entry.index)].section
                           : file.org.items[static_cast<std::size_t>(entry.index)].span;
  const std::string& before = file.org.text;
  const auto [a, b] = std::ranges::mismatch(before, text);
  const auto prefix = static_cast<std::size_t>(a - before.begin());
  EXPECT_TRUE(text.ends_with(std::string_view(before).substr(own.end)));
  if (prefix >= own.begin) return;
  const std::string_view line =
      file.org.LineText(file.org.LineAt(static_cast<std::uint32_t>(prefix)));
  EXPECT_NE(line.find('['), std::string_view::npos) << "changed far away: " << line;
}

TEST(OrgEdit, EveryEditOfTheCorpusStaysNearItsEntry) {
  int edits = 0;
  for (const auto& [name, bytes] : testing::OrgCorpus()) {
    Result<OrgFile> parsed = ParseOrgFile(bytes);
    if (!parsed) continue;
    const IndexedFile file = IndexEntries("org_1", name, *std::move(parsed));
    for (const Entry& entry : file.entries) {
      SCOPED_TRACE(name + ": " + DescribeEntry(file, entry).line_text);
      for (const Result<Edited>& edited :
           {ToggleEntry(file.org, entry, kNow), SetEntryTitle(file.org, entry, "new title"),
            ScheduleEntry(file.org, entry, *ParseStamp("2026-03-05")),
            TagEntry(file.org, entry, {"fresh"})}) {
        if (!edited) continue;
        ++edits;
        const IndexedFile after = Indexed(edited->text);
        testing::CheckOrgStructure(after.org);
        EXPECT_EQ(after.entries.size(), file.entries.size());
        EXPECT_EQ(after.AtLine(after.org.LineAt(edited->at)) == nullptr, false);
        ExpectOnlyNear(file, entry, edited->text);
      }
    }
  }
  EXPECT_GT(edits, 300);
}

TEST(OrgEdit, TogglingTwiceGivesTheSameBytes) {
  int toggled = 0;
  for (const auto& [name, bytes] : testing::OrgCorpus()) {
    Result<OrgFile> parsed = ParseOrgFile(bytes);
    if (!parsed) continue;
    const IndexedFile file = IndexEntries("org_1", name, *std::move(parsed));
    for (const Entry& entry : file.entries) {
      const Item item = DescribeEntry(file, entry);
      const bool partly = item.line_text.find("[-]") != std::string::npos;
      const bool plain_state = !partly && (item.state == "TODO" || item.state == "DONE");
      if (!plain_state || bytes.find("logdone") != std::string::npos) continue;
      const auto once = ToggleEntry(file.org, entry, kNow);
      if (!once) continue;
      SCOPED_TRACE(name + ": " + item.line_text);
      const IndexedFile after = Indexed(once->text);
      const Entry* again = after.Find(entry.id);
      ASSERT_NE(again, nullptr);
      EXPECT_NE(again->version, entry.version);
      const auto twice = ToggleEntry(after.org, *again, kNow);
      ASSERT_TRUE(twice);
      EXPECT_EQ(twice->text, bytes);
      ++toggled;
    }
  }
  EXPECT_GT(toggled, 15);
}

}  // namespace
}  // namespace baton::workspace::org
