// Formats whose bytes are no text, from the files that the fuzz target replays.
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workspace/importer.h"
#include "workspace/internal/zip_entries.h"

namespace baton::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A file of the corpus: its name, LF, its bytes.
Result<ParsedDocument> ParseCorpus(const std::string& file) {
  std::ifstream in("tests/corpus/parse_file_fuzz/" + file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  const std::string input((std::istreambuf_iterator<char>(in)), {});
  const std::size_t line = input.find('\n');
  return ParseFile("/notes/" + input.substr(0, line), input.substr(line + 1));
}

ParsedDocument PackageOf(const std::string& file) {
  auto document = ParseCorpus(file);
  EXPECT_TRUE(document) << file << ": " << document.error().ToString();
  return document.value_or(ParsedDocument());
}

std::string WhyNot(const std::string& file) {
  const auto document = ParseCorpus(file);
  return document ? "a document" : document.error().ToString();
}

TEST(ParsePackage, ReadsWordDocuments) {
  const ParsedDocument document = PackageOf("docx");
  EXPECT_EQ(document.title, "The plan");
  EXPECT_EQ(document.metadata.at("author"), "Ann");
  EXPECT_EQ(document.content,
            "# Aims\n\nFirst aim & more.\n\n- item\n\nA | B\n\n1 | 2\n\nAfter the table.");
  EXPECT_EQ(document.chunks.at(0).heading, "Aims");
}

TEST(ParsePackage, ReadsBooksInTheOrderOfTheSpine) {
  const ParsedDocument document = PackageOf("epub");
  EXPECT_EQ(document.title, "A Book");
  EXPECT_EQ(document.metadata.at("author"), "Bo");
  EXPECT_EQ(document.content, "# One\n\nThe first chapter.\n\n# Two\n\nThe second chapter.");
}

TEST(ParsePackage, ReadsPdfs) {
  const ParsedDocument document = PackageOf("pdf");
  EXPECT_EQ(document.content, "Hello from a PDF");
  EXPECT_EQ(document.content_type, "application/pdf");
  EXPECT_EQ(document.metadata.at("pages"), "1");
}

TEST(ParsePackage, ReadsTheDocumentsInAnArchiveAndNoArchiveInIt) {
  const ParsedDocument document = PackageOf("zip");
  EXPECT_THAT(document.content, HasSubstr("# a/notes.md\n\n# Notes\n\nAbout badgers."));
  EXPECT_THAT(document.content, HasSubstr("# b.txt\n\nPlain words"));
  EXPECT_THAT(document.content, HasSubstr("After the table."));
  EXPECT_THAT(document.content, Not(HasSubstr("deep")));
  EXPECT_EQ(document.metadata.at("files"), "3");
}

TEST(ParsePackage, ReadsTheWordsOfAMail) {
  const ParsedDocument document = PackageOf("eml");
  EXPECT_EQ(document.title, "Grüße to you");
  EXPECT_EQ(document.metadata.at("from"), "Ann Müller <ann@example.org>");
  EXPECT_THAT(document.content, HasSubstr("The café is open."));
  EXPECT_THAT(document.content, HasSubstr("Attached: plan.pdf"));
  EXPECT_THAT(document.content, Not(HasSubstr("HTML")));
}

TEST(ParsePackage, ReadsSubtitlesAndTables) {
  EXPECT_EQ(PackageOf("srt").content, "[00:00:01] Hello there\n\n[00:01:02] General fox");
  const ParsedDocument table = PackageOf("csv");
  EXPECT_EQ(table.content_type, "text/csv");
  EXPECT_EQ(table.content, "name,town\n\"Ann, M.\",Bonn\nBob,Köln\n");
}

TEST(ParsePackage, RefusesWhatIsBrokenOrUnpacksToTooMuch) {
  EXPECT_THAT(WhyNot("docx_bomb"),
              HasSubstr("RESOURCE_EXHAUSTED: a ZIP file that unpacks to too much"));
  EXPECT_THAT(WhyNot("docx_cut"), HasSubstr("INVALID_ARGUMENT"));
  EXPECT_THAT(WhyNot("docx_deep"), HasSubstr("a broken Word document"));
  EXPECT_THAT(WhyNot("no_zip"), HasSubstr("ZIP file"));
  EXPECT_TRUE(ParseCorpus("eml_nested"));
}

TEST(ParsePackage, LimitsCountWhatIsUnpacked) {
  std::ifstream in("tests/corpus/parse_file_fuzz/zip", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  bytes.erase(0, bytes.find('\n') + 1);
  const auto all = [](std::string_view) { return true; };
  const auto entries = internal::ReadZip(bytes, all);
  ASSERT_TRUE(entries) << entries.error().ToString();
  EXPECT_EQ(entries->size(), 5U);
  EXPECT_EQ(internal::ReadZip(bytes, all, {.entries = 4}).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(internal::ReadZip(bytes, all, {.entry_bytes = 10}).error().code(),
            Code::kResourceExhausted);
  EXPECT_EQ(internal::ReadZip(bytes, all, {.total_bytes = 100}).error().code(),
            Code::kResourceExhausted);
}

}  // namespace
}  // namespace baton::workspace
