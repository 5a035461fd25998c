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

TEST(TextEditTest, FindsTextWithoutOffsetsOnlyWhereItIsOnce) {
  Operation named = Instead("two", "x");
  EXPECT_EQ(Edit("one two", {named}), "one x");
  EXPECT_THAT(Edit("one two two", {named}), HasSubstr("'two' occurs 2 times: say which"));
  named.occurrence_index = 1;
  EXPECT_EQ(Edit("one two two", {named}), "one two x");
  named.occurrence_index = 2;
  EXPECT_THAT(Edit("one two two", {named}), HasSubstr("there is no occurrence 2"));
  named.occurrence_index.reset();
  named.left_context = "b ";
  EXPECT_EQ(Edit("a two b two", {named}), "a two b x");
  named.right_context = "!";
  EXPECT_THAT(Edit("a two b two", {named}), HasSubstr("is not in the document"));
  named.pre_hash = "0";
  EXPECT_THAT(Edit("a two", {named}), HasSubstr("pre_hash is not that of original_text"));
}

TEST(TextEditTest, FindsTextThatHasMovedOnlyByWhatStandsAroundIt) {
  Operation moved = At(2, 5, "x", PreHash(u"cat"));
  moved.original_text = "cat";
  EXPECT_EQ(Edit("A cat. B cat.", {moved}), "A x. B cat.");
  EXPECT_THAT(Edit("A dog. B cat.", {moved}), HasSubstr("the text at 2 to 5 is not what it was"));
  moved.occurrence_index = 0;
  EXPECT_THAT(Edit("A dog. B cat.", {moved}), HasSubstr("ABORTED")) << "counted in another text";
  moved.occurrence_index.reset();
  moved.right_context = ". B";
  EXPECT_EQ(Edit("So: A cat. B cat.", {moved}), "So: A x. B cat.");
  EXPECT_THAT(Edit("A dog. B cat.", {moved}), HasSubstr("ABORTED"));
}

TEST(TextEditTest, RememberedPlacesAreFoundAgainOrKnownToBeGone) {
  const std::u16string seen = ToUtf16("😀 A cat. B cat.");
  std::vector<Operation> operations = {Instead("cat", "x")};
  operations[0].occurrence_index = 0;
  const auto places = ResolveOperations(seen, operations);
  ASSERT_TRUE(places);
  RememberPlaces(seen, *places, operations);
  EXPECT_EQ(operations[0].begin, 5);
  EXPECT_EQ(operations[0].seen_left, "😀 A ");
  EXPECT_EQ(operations[0].seen_right, ". B cat.");
  EXPECT_EQ(Edit("😀 A cat. But cats!", operations), "😀 A x. But cats!") << "it has not moved";
  EXPECT_EQ(Edit("Cats: 😀 A cat. B cat.", operations), "Cats: 😀 A x. B cat.");
  EXPECT_THAT(Edit("😀 A dog. B cat.", operations), HasSubstr("ABORTED"));

  const std::u16string lines = ToUtf16("one\ntwo\nthree");
  operations = {Instead("two", "2")};
  RememberPlaces(lines, *ResolveOperations(lines, operations), operations);
  EXPECT_EQ(operations[0].seen_left, "\n");
  EXPECT_EQ(operations[0].seen_right, "\n");
  EXPECT_EQ(Edit("zero\n1\ntwo\n3", operations), "zero\n1\n2\n3");
}

TEST(TextEditTest, TakesTimeInProportionToTheText) {
  const std::string text(3'000'000, 'a');
  Operation wanted = Instead(std::string(1'000'000, 'a') + "b", "x");
  EXPECT_THAT(Edit(text, {wanted}), HasSubstr("is not in the document"));
  wanted.left_context = std::string(kMaxContextUnits + 1, 'a');
  EXPECT_THAT(Edit(text, {wanted}), HasSubstr("a context has more than 2000 characters"));
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
  EXPECT_THAT(Edit(text, {After("more", "x")}), HasSubstr("'more' is not"));
  EXPECT_THAT(Edit("```\n# A\n```\n", {After("# A", "x")}), HasSubstr("'# A' is not"));
  EXPECT_THAT(Edit("---\n# A\nb: c\n---\ntext\n", {After("# A", "x")}), HasSubstr("'# A' is not"));
  EXPECT_EQ(Edit("😀\n\nA\n===\nend\n", {After("A", "x")}), "😀\n\nA\n===\nx\nend\n");
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
