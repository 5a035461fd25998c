#include "agents/internal/edit_plan.h"

#include <gtest/gtest.h>

#include "base/utf16.h"

namespace baton::agents {
namespace {

constexpr std::string_view kSheet =
    "---\ntype: character\n---\n# Ann 😀\n\nAge: 33\n\nTall. Tall.\n";

json::Array Plan(std::initializer_list<json::Object> operations) {
  json::Array list;
  for (const json::Object& operation : operations) {
    json::Object whole{{"op", "replace"}, {"original_text", ""}, {"text", ""}, {"note", ""}};
    for (const auto& member : operation) whole[member.key()] = member.value();
    list.push_back(std::move(whole));
  }
  return list;
}

OpenDocument Sheet() { return {.is_editable = true, .text = std::string(kSheet)}; }

// What the document is after the edits, applied as a browser does: from the last to the first,
// by UTF-16 offsets.
std::string Applied(const std::string& text, const json::Array& operations) {
  std::string result = text;
  for (auto operation = operations.rbegin(); operation != operations.rend(); ++operation) {
    const std::size_t start = ByteOfUtf16(text, json::GetInt(*operation, "start")).value();
    const std::size_t end = ByteOfUtf16(text, json::GetInt(*operation, "end")).value();
    EXPECT_EQ(json::GetString(*operation, "original_text"), text.substr(start, end - start));
    EXPECT_EQ(json::GetString(*operation, "pre_hash"), HashUtf16(text.substr(start, end - start)));
    result.replace(start, end - start, json::GetString(*operation, "text"));
  }
  return result;
}

TEST(ResolveEdits, CountsInUtf16BehindAnEmoji) {
  const ResolvedEdits edits = ResolveEdits(
      Sheet(), Plan({{{"original_text", "Age: 33"}, {"text", "Age: 34"}, {"note", "older"}}}));
  EXPECT_TRUE(edits.problems.empty());
  ASSERT_EQ(edits.operations.size(), 1U);
  const json::Value& operation = edits.operations[0];
  EXPECT_EQ(json::GetString(operation, "op_type"), "replace_range");
  EXPECT_EQ(json::GetInt(operation, "start"), 34);
  EXPECT_EQ(json::GetInt(operation, "end"), 41);
  EXPECT_EQ(json::GetString(operation, "note"), "older");
  EXPECT_EQ(Applied(std::string(kSheet), edits.operations),
            "---\ntype: character\n---\n# Ann 😀\n\nAge: 34\n\nTall. Tall.\n");
}

TEST(ResolveEdits, PutsATextBelowAHeadingAndAtTheEndInTheirOrder) {
  const ResolvedEdits edits = ResolveEdits(
      Sheet(),
      Plan({{{"op", "append"}, {"text", "The end."}},
            {{"op", "insert_after"}, {"original_text", "# Ann 😀"}, {"text", "\nA spy.\n"}},
            {{"op", "delete"}, {"original_text", " Tall.\n"}}}));
  EXPECT_TRUE(edits.problems.empty());
  ASSERT_EQ(edits.operations.size(), 3U);
  EXPECT_EQ(json::GetString(edits.operations[0], "op_type"), "insert_after_heading");
  EXPECT_EQ(json::GetString(edits.operations[1], "op_type"), "delete_range");
  EXPECT_EQ(Applied(std::string(kSheet), edits.operations),
            "---\ntype: character\n---\n# Ann 😀\n\nA spy.\n\nAge: 33\n\nTall.\nThe end.\n");
}

TEST(ResolveEdits, RefusesAPlaceThatIsNotThereOnce) {
  const auto problem = [](json::Object operation) {
    const ResolvedEdits edits = ResolveEdits(Sheet(), Plan({std::move(operation)}));
    return edits.problems.size() == 1 ? edits.problems[0] : "";
  };
  EXPECT_EQ(problem({{"original_text", "Age: 35"}, {"text", "x"}}),
            "«Age: 35» does not occur in the document");
  EXPECT_EQ(problem({{"original_text", "age: 33"}, {"text", "x"}}),
            "«age: 33» does not occur in the document");
  EXPECT_EQ(problem({{"original_text", "Tall."}, {"text", "x"}}),
            "«Tall.» occurs more than once in the document");
  EXPECT_EQ(problem({{"text", "x"}}), "an operation does not quote its place");
  EXPECT_EQ(problem({{"op", "replace_selection"}, {"text", "x"}}),
            "nothing is selected in the document");
  EXPECT_EQ(problem({{"op", "insert_at_cursor"}, {"text", "x"}}),
            "it is not known where the cursor stands");
  EXPECT_EQ(problem({{"original_text", "type: character"}, {"text", "type: fiction"}}),
            "«type: character» is in the front matter, which stays as it is");
}

TEST(ResolveEdits, RefusesOperationsThatOverlap) {
  const ResolvedEdits edits =
      ResolveEdits(Sheet(), Plan({{{"original_text", "Age: 33"}, {"text", "Age: 34"}},
                                  {{"original_text", "33\n"}, {"text", "35\n"}}}));
  ASSERT_EQ(edits.problems.size(), 1U);
  EXPECT_EQ(edits.problems[0], "two changes concern the same words, «33 »");
}

TEST(ResolveEdits, LooksIntoTheSelectionFirst) {
  OpenDocument sheet = Sheet();
  sheet.selection_start = 49;  // the second "Tall."
  sheet.selection_end = 54;
  const ResolvedEdits edits =
      ResolveEdits(sheet, Plan({{{"original_text", "Tall."}, {"text", "Small."}}}));
  EXPECT_TRUE(edits.problems.empty());
  EXPECT_EQ(Applied(sheet.text, edits.operations),
            "---\ntype: character\n---\n# Ann 😀\n\nAge: 33\n\nTall. Small.\n");
  const ResolvedEdits whole =
      ResolveEdits(sheet, Plan({{{"op", "replace_selection"}, {"text", "Big."}}}));
  EXPECT_EQ(Applied(sheet.text, whole.operations),
            "---\ntype: character\n---\n# Ann 😀\n\nAge: 33\n\nTall. Big.\n");
}

TEST(ResolveEdits, WritesAtTheCursorAndLeavesOutWhatChangesNothing) {
  OpenDocument sheet = Sheet();
  sheet.cursor = 41;
  const ResolvedEdits edits =
      ResolveEdits(sheet, Plan({{{"original_text", "Age: 33"}, {"text", "Age: 33"}},
                                {{"op", "insert_at_cursor"}, {"text", " or so"}}}));
  ASSERT_EQ(edits.operations.size(), 1U);
  EXPECT_EQ(json::GetInt(edits.operations[0], "start"), json::GetInt(edits.operations[0], "end"));
  EXPECT_EQ(Applied(sheet.text, edits.operations),
            "---\ntype: character\n---\n# Ann 😀\n\nAge: 33 or so\n\nTall. Tall.\n");
}

TEST(ResolveEdits, ShowsWhatStandsAroundAnInsertion) {
  OpenDocument sheet{.is_editable = true, .text = "Ä😀 one two"};
  sheet.cursor = 4;
  const auto at_cursor = Plan({{{"op", "insert_at_cursor"}, {"text", "new "}}});
  const ResolvedEdits edits = ResolveEdits(sheet, at_cursor);
  ASSERT_EQ(edits.operations.size(), 1U);
  EXPECT_EQ(json::GetString(edits.operations[0], "left_context"), "Ä😀 ");
  EXPECT_EQ(json::GetString(edits.operations[0], "right_context"), "one two");
  std::string emojis;
  for (int i = 0; i < 50; ++i) emojis += "😀";
  sheet.text = emojis + "|" + emojis;
  sheet.cursor = 100;
  const ResolvedEdits cut = ResolveEdits(sheet, at_cursor);
  ASSERT_EQ(cut.operations.size(), 1U);
  EXPECT_EQ(json::GetString(cut.operations[0], "left_context"), emojis.substr(0, 160));
  EXPECT_EQ(json::GetString(cut.operations[0], "right_context"), "|" + emojis.substr(0, 156));
}

TEST(ResolveEdits, AnchorsAtTheHeadingsWholeLine) {
  const OpenDocument notes{.is_editable = true,
                           .text = "## Notes\n\na\n\n## Notes\n\nb\n\n## The end\n"};
  const ResolvedEdits edits = ResolveEdits(
      notes, Plan({{{"op", "insert_after"}, {"original_text", "a\n\n## Notes"}, {"text", "x"}},
                   {{"op", "insert_after"}, {"original_text", "end"}, {"text", "y"}}}));
  ASSERT_EQ(edits.operations.size(), 2U);
  EXPECT_EQ(json::GetString(edits.operations[0], "op_type"), "insert_after_heading");
  EXPECT_EQ(json::GetString(edits.operations[0], "anchor_text"), "## Notes");
  EXPECT_EQ(json::GetInt(edits.operations[0], "occurrence_index", -1), 1);
  EXPECT_EQ(json::GetString(edits.operations[1], "anchor_text"), "## The end");
  EXPECT_EQ(json::GetInt(edits.operations[1], "occurrence_index", -1), -1);
}

TEST(DescribePlace, ShowsWhatIsSelectedOrAroundTheCursor) {
  OpenDocument document{.is_editable = true, .text = "Ä😀 one two"};
  EXPECT_EQ(DescribePlace(document), "");
  document.cursor = 4;
  EXPECT_EQ(DescribePlace(document), "The cursor stands between «Ä😀 » and «one two».");
  document.selection_start = 4;
  document.selection_end = 7;
  EXPECT_EQ(DescribePlace(document), "The user has selected this part of it: «one».");
  document.selection_end = 2;
  document.cursor = 2;
  EXPECT_EQ(DescribePlace(document), "") << "offsets that do not fit the text";
}

}  // namespace
}  // namespace baton::agents
