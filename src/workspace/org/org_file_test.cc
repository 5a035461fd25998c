#include "workspace/org/org_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workspace/testing/org_corpus.h"

namespace baton::workspace::org {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

OrgFile Read(std::string text) {
  Result<OrgFile> file = ParseOrgFile(std::move(text));
  EXPECT_TRUE(file) << file.error().ToString();
  return file ? *std::move(file) : OrgFile();
}

// "level|keyword|priority|title|tags" of each heading.
std::vector<std::string> Headings(const OrgFile& file) {
  std::vector<std::string> out;
  for (const Heading& heading : file.headings) {
    out.push_back(fmt::format("{}|{}|{}|{}|{}", heading.level, file.Text(heading.keyword),
                              file.Text(heading.priority), file.Text(heading.title),
                              file.Text(heading.tags)));
  }
  return out;
}

std::vector<std::string> Texts(const OrgFile& file, const auto& list, auto member) {
  std::vector<std::string> out;
  for (const auto& each : list) out.emplace_back(file.Text(each.*member));
  return out;
}

TEST(OrgFile, RoundTripsTheCorpusByteForByte) {
  int readable = 0;
  for (const auto& [name, bytes] : testing::OrgCorpus()) {
    const Result<OrgFile> file = ParseOrgFile(bytes);
    if (!file) continue;
    SCOPED_TRACE(name);
    testing::CheckOrgStructure(*file);
    EXPECT_EQ(testing::RebuildOrgText(*file), bytes);
    ++readable;
  }
  EXPECT_GE(readable, 15);
}

// Whatever a file is cut down to, it stays readable: half-written constructs are text.
TEST(OrgFile, RoundTripsEveryPrefixOfTheCorpus) {
  for (const auto& [name, bytes] : testing::OrgCorpus()) {
    SCOPED_TRACE(name);
    for (std::size_t size = 0; size < bytes.size(); size += 3) {
      const Result<OrgFile> file = ParseOrgFile(bytes.substr(0, size));
      if (!file) continue;  // cut within a character
      testing::CheckOrgStructure(*file);
      ASSERT_EQ(testing::RebuildOrgText(*file), bytes.substr(0, size)) << size;
    }
  }
}

TEST(OrgFile, RefusesWhatIsNoText) {
  const struct {
    std::string text;
    std::string message;
  } cases[] = {
      {"* a\n* Caf\xe9\n", "byte 9 (line 2) is not UTF-8: save the file as UTF-8"},
      {std::string("a\0b", 3), "byte 1 (line 1) is NUL"},
  };
  for (const auto& each : cases) {
    const Result<OrgFile> file = ParseOrgFile(each.text);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(file.error().message(), HasSubstr(each.message));
  }
  const Result<OrgFile> large = ParseOrgFile(std::string(kMaxOrgFileBytes + 1, 'x'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), Code::kResourceExhausted);
}

TEST(OrgFile, CutsHeadingsIntoTheirParts) {
  const OrgFile file = Read(
      "* TODO [#A] Call :a:b:\n** DONE\n*** Plain\n* TODOnot\n* [#12] Priority\n*no heading\n"
      "* TODO   [#B]\t spaced   :x:  \n* :only:tags:\n* at 10:30:\n* a :b\n* \xc3\xbc "
      ":gr\xc3\xb6\xc3\x9f"
      "e:\n");
  EXPECT_THAT(Headings(file),
              ElementsAre("1|TODO|[#A]|Call|:a:b:", "2|DONE|||", "3|||Plain|", "1|||TODOnot|",
                          "1||[#12]|Priority|", "1|TODO|[#B]|spaced|:x:", "1||||:only:tags:",
                          "1|||at 10:30:|", "1|||a :b|",
                          "1|||\xc3\xbc|:gr\xc3\xb6\xc3\x9f"
                          "e:"));
}

TEST(OrgFile, TakesTheFilesOwnStateWords) {
  const OrgFile file = Read(
      "* IDEA one\n* TODO two\n* SHIPPED three\n#+TODO: IDEA(i) DRAFT | SHIPPED(s!)\n"
      "#+seq_todo: OPEN SHUT\n* SHUT four\n");
  EXPECT_THAT(Texts(file, file.headings, &Heading::keyword),
              ElementsAre("IDEA", "", "SHIPPED", "SHUT"));
  EXPECT_TRUE(file.todo.IsDone("SHIPPED"));
  EXPECT_TRUE(file.todo.IsDone("SHUT"));
  EXPECT_FALSE(file.todo.IsDone("OPEN"));
  EXPECT_FALSE(file.todo.IsDone("DONE"));
}

TEST(OrgFile, NestsHeadings) {
  const OrgFile file = Read("* a\n** b\n**** c\n*** d\n* e\nx\n");
  std::vector<int> parents;
  std::vector<std::string> subtrees;
  for (const Heading& heading : file.headings) {
    parents.push_back(heading.parent);
    subtrees.emplace_back(file.Text(heading.subtree));
  }
  EXPECT_THAT(parents, ElementsAre(-1, 0, 1, 1, -1));
  EXPECT_THAT(subtrees, ElementsAre("* a\n** b\n**** c\n*** d\n", "** b\n**** c\n*** d\n",
                                    "**** c\n", "*** d\n", "* e\nx\n"));
}

TEST(OrgFile, ReadsPlanningAndProperties) {
  const OrgFile file = Read(
      "* TODO a\n  CLOSED: [2026-03-01 Sun] SCHEDULED: <2026-03-02 Mon +1w>\n"
      "  :PROPERTIES:\n  :ID:   x y \n  :Empty:\n  :END:\nbody\n");
  const Heading& heading = file.headings.at(0);
  ASSERT_EQ(heading.planning.size(), 2U);
  EXPECT_EQ(heading.planning[0].kind, PlannedDate::Kind::kClosed);
  EXPECT_EQ(heading.planning[1].kind, PlannedDate::Kind::kScheduled);
  EXPECT_EQ(file.Text(heading.planning[1].stamps.at(0).span), "<2026-03-02 Mon +1w>");
  EXPECT_EQ(file.PropertyOf(heading, "id"), "x y");
  EXPECT_EQ(file.PropertyOf(heading, "EMPTY"), "");
  EXPECT_EQ(file.PropertyOf(heading, "none"), "");
  EXPECT_THAT(std::string(file.Text(heading.head)), ::testing::EndsWith(":END:\n"));
}

TEST(OrgFile, TakesPropertiesOnlyWhereOrgDoes) {
  for (const std::string text :
       {"* a\n\n:PROPERTIES:\n:ID: x\n:END:\n",     // not directly below
        "* a\n:PROPERTIES:\nno property\n:END:\n",  // not only properties
        "* a\n:PROPERTIES:\n:ID: x\n* b\n:END:\n",  // no end in the section
        "* a\n:LOGBOOK:\n:END:\n:PROPERTIES:\n:ID: x\n:END:\n"}) {
    const OrgFile file = Read(text);
    EXPECT_EQ(file.PropertyOf(file.headings.at(0), "ID"), "") << text;
  }
}

TEST(OrgFile, NestsListItems) {
  const OrgFile file = Read(
      "- a\n  - [ ] b\n    more\n  - [X] c\n\n- d :: e\n1. f\n2) [-] g\n\n\n- h\n* i\n - j\n * "
      "k\n");
  std::vector<int> parents;
  for (const ListItem& item : file.items) parents.push_back(item.parent);
  EXPECT_THAT(parents, ElementsAre(-1, 0, 0, -1, -1, -1, -1, -1, -1));
  EXPECT_THAT(Texts(file, file.items, &ListItem::checkbox),
              ElementsAre("", "[ ]", "[X]", "", "", "[-]", "", "", ""));
  EXPECT_THAT(Texts(file, file.items, &ListItem::text),
              ElementsAre("a", "b", "c", "e", "f", "g", "h", "j", "k"));
  EXPECT_EQ(file.Text(file.items[1].span), "  - [ ] b\n    more\n");
  EXPECT_EQ(file.Text(file.items[0].span), "- a\n  - [ ] b\n    more\n  - [X] c\n");
  EXPECT_EQ(file.Text(file.items[3].term), "d");
  EXPECT_EQ(file.items[8].heading, 0);
}

TEST(OrgFile, BlocksHideWhatTheyHold) {
  const OrgFile file = Read(
      "#+begin_src org\n- [ ] no\n:D:\n:END:\n| no |\n#+end_src\n"
      "#+begin_quote\n- [ ] yes\n#+end_quote\n#+begin_src\nno end\n* heading\n#+end_src\n");
  EXPECT_EQ(file.blocks.size(), 2U);
  EXPECT_EQ(file.items.size(), 1U);
  EXPECT_TRUE(file.tables.empty());
  EXPECT_TRUE(file.drawers.empty());
  EXPECT_EQ(file.headings.size(), 1U);
  EXPECT_EQ(file.Text(file.blocks[0].arguments), "org");
  EXPECT_THAT(std::string(file.Text(file.blocks[0].content)), ::testing::StartsWith("- [ ] no\n"));
}

TEST(OrgFile, ReadsTablesAndClocks) {
  const OrgFile file = Read(
      "| a |  b|\n|---+---|\n| c | |\n\n* x\n:LOGBOOK:\n"
      "CLOCK: [2026-03-01 Sun 10:00]--[2026-03-01 Sun 11:30] =>  1:30\n"
      "CLOCK: [2026-03-02 Mon 10:00]\n:END:\n");
  ASSERT_EQ(file.tables.size(), 1U);
  ASSERT_EQ(file.tables[0].rows.size(), 3U);
  EXPECT_TRUE(file.tables[0].rows[1].rule);
  EXPECT_EQ(file.Text(file.tables[0].rows[0].cells.at(1)), "b");
  EXPECT_EQ(file.tables[0].rows[2].cells.size(), 2U);
  ASSERT_EQ(file.clocks.size(), 2U);
  EXPECT_EQ(file.clocks[0].stamps.size(), 2U);
  EXPECT_TRUE(file.clocks[0].stamps[0].opens_range);
  EXPECT_EQ(file.Text(file.clocks[0].duration), "1:30");
  EXPECT_EQ(file.clocks[1].stamps.size(), 1U);
  EXPECT_TRUE(file.stamps.empty());
}

TEST(OrgFile, FindsLinksAndStampsInText) {
  const OrgFile file = Read(
      "* Meet [[id:a][Ada]] <2026-03-01 Sun>--<2026-03-02 Mon>\n"
      "See https://x.example/a, =https://no.example= and <mailto:a@b.c>.\n"
      "Over [[file:b.org][two\nlines]]. [2026-03-03 Tue] ~<2026-03-04 Wed>~\n");
  EXPECT_THAT(Texts(file, file.links, &Link::target),
              ElementsAre("id:a", "https://x.example/a", "mailto:a@b.c", "file:b.org"));
  EXPECT_THAT(Texts(file, file.stamps, &StampAt::span),
              ElementsAre("<2026-03-01 Sun>", "<2026-03-02 Mon>", "[2026-03-03 Tue]"));
  EXPECT_TRUE(file.stamps[0].opens_range);
}

TEST(OrgFile, LineEndsAndPlaces) {
  const OrgFile crlf = Read("* a\r\nb\r\n");
  EXPECT_EQ(crlf.line_end(), "\r\n");
  EXPECT_EQ(crlf.LineText(1), "b");
  EXPECT_EQ(crlf.Text(crlf.headings[0].title), "a");
  const OrgFile file = Read("x\n* a\ny\n* b");
  EXPECT_EQ(file.line_end(), "\n");
  EXPECT_EQ(file.LineAt(0), 0U);
  EXPECT_EQ(file.LineAt(2), 1U);
  EXPECT_EQ(file.HeadingAt(1), -1);
  EXPECT_EQ(file.HeadingAt(6), 0);
  EXPECT_EQ(file.HeadingAt(8), 1);
  const OrgFile marked = Read("\xEF\xBB\xBF* TODO a\n");
  ASSERT_EQ(marked.headings.size(), 1U);
  EXPECT_EQ(marked.Text(marked.headings[0].keyword), "TODO");
}

// Inputs made to be slow: each construct again and again without its end.
TEST(OrgFile, ReadsHostileTextInLinearTime) {
  const auto repeat = [](std::string_view text) {
    std::string out;
    while (out.size() + text.size() < kMaxOrgFileBytes / 4) out += text;
    return out;
  };
  for (const std::string_view text :
       {"#+begin_a\n", ":a:\n", "\\begin{a}\n", "[[a][", " =a", "- a\n", "* a\n", "<2026-01-01 ",
        "#+begin_quote\n- \n", "|", "#+TODO: a b c d e f g h i j\n"}) {
    EXPECT_TRUE(ParseOrgFile(repeat(text))) << text;
  }
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "- x\n";
  EXPECT_TRUE(ParseOrgFile(deep));
}

}  // namespace
}  // namespace baton::workspace::org
