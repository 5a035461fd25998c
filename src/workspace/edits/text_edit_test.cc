#include "workspace/edits/text_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::workspace::edits {
namespace {

using ::testing::HasSubstr;

// What `operations` make of `content`, or why not.
std::string Edit(std::string_view content, const std::vector<Operation>& operations) {
  const std::u16string text = ToUtf16(content);
  auto places = ResolveOperations(text, operations);
  return places ? ToUtf8(Replace(text, *places)) : places.error().ToString();
}

Operation At(std::int64_t begin, std::int64_t end, std::string text, std::string pre_hash) {
  return {.begin = begin, .end = end, .text = std::move(text), .pre_hash = std::move(pre_hash)};
}

Operation Instead(std::string original, std::string text) {
  return {.text = std::move(text), .original_text = std::move(original)};
}

Operation After(std::string heading, std::string text) {
  return {.kind = OperationKind::kInsertAfterHeading,
          .text = std::move(text),
          .anchor_text = std::move(heading)};
}

// Computed apart from this code; in a browser: for each i, h = (h * 31 + s.charCodeAt(i)) >>> 0.
TEST(TextEditTest, HashesUtf16CodeUnitsAsTheContractSays) {
  EXPECT_EQ(PreHash(u""), "0");
  EXPECT_EQ(PreHash(u"a"), "61");
  EXPECT_EQ(PreHash(u"hello"), "5e918d2");
  EXPECT_EQ(PreHash(u"😀"), "1b0d63");
  EXPECT_EQ(PreHash(u"The quick brown fox jumps over the lazy dog"), "dbacdd53");
}

TEST(TextEditTest, CountsAsBrowsersDo) {
  // "😀" is two units, "é" one.
  EXPECT_EQ(Edit("😀é one", {At(4, 7, "two", PreHash(u"one"))}), "😀é two");
  EXPECT_THAT(Edit("😀 one", {At(1, 2, "x", PreHash(std::u16string_view(u"😀").substr(1)))}),
              HasSubstr("splits a character"));
}

TEST(TextEditTest, RefusesWhatWasMadeForAnotherText) {
  EXPECT_THAT(Edit("one two", {At(0, 3, "x", PreHash(u"two"))}),
              HasSubstr("ABORTED: operation 0: the text at 0 to 3 is not what it was"));
  EXPECT_THAT(Edit("one", {At(0, 9, "x", "61")}), HasSubstr("ABORTED"));
  EXPECT_THAT(Edit("one", {At(2, 1, "x", "0")}), HasSubstr("ABORTED"));
  EXPECT_THAT(Edit("one", {At(-1, 1, "x", "0")}), HasSubstr("ABORTED"));
  EXPECT_THAT(Edit("one", {At(0, 3, "x", "")}), HasSubstr("neither pre_hash nor original_text"));
  EXPECT_THAT(Edit("one", {Instead("two", "x")}), HasSubstr("ABORTED: operation 0: 'two' is not"));
  EXPECT_EQ(Edit("", {At(0, 0, "first", "")}), "first");
}

TEST(TextEditTest, FindsTextThatHasMovedOnlyWhereItIsOnce) {
  Operation moved = At(0, 3, "x", PreHash(u"two"));
  moved.original_text = "two";
  EXPECT_EQ(Edit("one two", {moved}), "one x");
  EXPECT_THAT(Edit("one two two", {moved}), HasSubstr("'two' occurs 2 times: say which"));
  moved.occurrence_index = 1;
  EXPECT_EQ(Edit("one two two", {moved}), "one two x");
  moved.occurrence_index = 2;
  EXPECT_THAT(Edit("one two two", {moved}), HasSubstr("there is no occurrence 2"));
  moved.occurrence_index.reset();
  moved.left_context = "b ";
  EXPECT_EQ(Edit("a two b two", {moved}), "a two b x");
  moved.right_context = "!";
  EXPECT_THAT(Edit("a two b two", {moved}), HasSubstr("is not in the document"));
  moved.pre_hash = "0";
  EXPECT_THAT(Edit("a two", {moved}), HasSubstr("pre_hash is not that of original_text"));
}

TEST(TextEditTest, ContextsGuardAnInsertion) {
  Operation insertion = At(4, 4, "new ", "0");
  insertion.left_context = "one ";
  EXPECT_EQ(Edit("one two", {insertion}), "one new two");
  EXPECT_THAT(Edit("ONE two", {insertion}), HasSubstr("ABORTED"));
}

TEST(TextEditTest, AnInsertionWithoutContextIsRefused) {
  Operation insertion = At(4, 4, "new ", "0");
  EXPECT_THAT(Edit("one two", {insertion}),
              HasSubstr("INVALID_ARGUMENT: operation 0: an insertion needs left_context"));
  insertion.left_context = "";
  insertion.right_context = "";
  EXPECT_THAT(Edit("one two", {insertion}), HasSubstr("an insertion needs left_context"));
  insertion.right_context = "two";
  EXPECT_EQ(Edit("one two", {insertion}), "one new two");
}

TEST(TextEditTest, AnEmptyContextGuardsNothing) {
  Operation replacement = At(0, 3, "x", "");
  replacement.left_context = "";
  EXPECT_THAT(Edit("one two", {replacement}), HasSubstr("neither pre_hash nor original_text"));
  replacement.right_context = " two";
  EXPECT_EQ(Edit("one two", {replacement}), "x two");
}

TEST(TextEditTest, ContextsSayWhichOfTheSameHeadings) {
  Operation below = After("# A", "x");
  below.right_context = "\ntwo";
  EXPECT_EQ(Edit("# A\none\n# A\ntwo\n", {below}), "# A\none\n# A\nx\ntwo\n");
  below.right_context = "\nthree";
  EXPECT_THAT(Edit("# A\none\n# A\ntwo\n", {below}), HasSubstr("ABORTED"));
}

TEST(TextEditTest, InsertsAfterExactlyTheHeadingThatIsMeant) {
  const std::string text = "# A\ntext\n## B  \nmore\n# A\nend\n## C";
  EXPECT_EQ(Edit(text, {After("## B", "new")}), "# A\ntext\n## B  \nnew\nmore\n# A\nend\n## C");
  EXPECT_EQ(Edit(text, {After("## C", "new\n")}), text + "\nnew\n");
  EXPECT_THAT(Edit(text, {After("# A", "x")}), HasSubstr("occurs 2 times"));
  EXPECT_THAT(Edit(text, {After("# B", "x")}), HasSubstr("ABORTED"));
  EXPECT_THAT(Edit(text, {After("", "x")}), HasSubstr("anchor_text does not say"));
}

TEST(TextEditTest, SeveralOperationsReferToTheTextBeforeAllOfThem) {
  Operation cut = At(4, 8, "ignored", PreHash(u"two "));
  cut.kind = OperationKind::kDeleteRange;
  EXPECT_EQ(Edit("one two three", {Instead("three", "3"), cut, Instead("one", "first")}),
            "first 3");
  EXPECT_THAT(Edit("one two", {Instead("one t", "x"), Instead("two", "y")}),
              HasSubstr("operations 0 and 1 overlap"));
  EXPECT_THAT(Edit("one two", {Instead("one", "x"), Instead("three", "y")}),
              HasSubstr("operation 1: 'three'"));
  Operation a = At(3, 3, "A", "0");
  a.left_context = "one";
  Operation b = At(3, 3, "B", "0");
  b.right_context = " two";
  EXPECT_EQ(Edit("one two", {a, b}), "oneAB two");
}

}  // namespace
}  // namespace baton::workspace::edits
