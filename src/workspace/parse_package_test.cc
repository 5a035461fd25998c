// Formats whose bytes are no text, from the files that the fuzz target replays.
#include <archive.h>
#include <archive_entry.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workspace/importer.h"
#include "workspace/internal/pdf_text.h"
#include "workspace/internal/zip_entries.h"

namespace baton::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A file of the corpus: its name, LF, its bytes.
std::string CorpusFile(const std::string& file) {
  std::ifstream in("tests/corpus/parse_file_fuzz/" + file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<ParsedDocument> ParseCorpus(const std::string& file) {
  const std::string input = CorpusFile(file);
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

std::string Zip(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<char> out(std::size_t{32} << 20U);
  std::size_t used = 0;
  archive* const zip = archive_write_new();
  archive_write_set_format_zip(zip);
  EXPECT_EQ(archive_write_open_memory(zip, out.data(), out.size(), &used), ARCHIVE_OK);
  for (const auto& [name, bytes] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    EXPECT_EQ(archive_write_header(zip, entry), ARCHIVE_OK);
    EXPECT_EQ(archive_write_data(zip, bytes.data(), bytes.size()),
              static_cast<la_ssize_t>(bytes.size()));
    archive_entry_free(entry);
  }
  archive_write_free(zip);
  return {out.data(), used};
}

// A file of these objects, numbered from 1; the first is the catalog.
std::string PdfOf(const std::vector<std::string>& objects) {
  std::string pdf = "%PDF-1.4\n";
  std::string table = fmt::format("xref\n0 {}\n0000000000 65535 f \n", objects.size() + 1);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", pdf.size());
    pdf += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  return fmt::format("{}{}trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", pdf, table,
                     objects.size() + 1, pdf.size());
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

// What a spine that repeats a chapter for ever comes to.
TEST(ParsePackage, ReadsEachChapterOnce) {
  std::string spine;
  for (int i = 0; i < 200'000; ++i) spine += "<itemref idref='a'/>";
  const std::string book =
      Zip({{"META-INF/container.xml",
            "<container><rootfiles><rootfile full-path='b.opf'/></rootfiles></container>"},
           {"b.opf", "<package><manifest><item id='a' href='a.html'/></manifest><spine>" + spine +
                         "</spine></package>"},
           {"a.html", "<p>Once</p>"}});
  const auto document = ParseFile("/notes/a.epub", book);
  ASSERT_TRUE(document) << document.error().ToString();
  EXPECT_EQ(document->content, "Once");
}

TEST(ParsePackage, RefusesMoreElementsThanATreeMayHave) {
  std::string elements = "<w:document>";
  for (int i = 0; i < 4'000'001; ++i) elements += "<a/>";
  const auto document =
      ParseFile("/notes/a.docx", Zip({{"word/document.xml", elements + "</w:document>"}}));
  ASSERT_FALSE(document);
  EXPECT_THAT(document.error().ToString(), HasSubstr("RESOURCE_EXHAUSTED: XML of more than"));
}

// Minutes, if each of a million beginnings of a word looks for its end.
TEST(ParsePackage, DecodesNoMoreOfAHeaderThanItKeeps) {
  std::string subject;
  for (int i = 0; i < 1'000'000; ++i) subject += "=?a";
  const auto document =
      ParseFile("/notes/a.eml", "From: ann@example.org\nSubject: " + subject + "\n\nText\n");
  ASSERT_TRUE(document) << document.error().ToString();
  EXPECT_TRUE(document->title.starts_with("=?a=?a"));
  EXPECT_THAT(document->content, HasSubstr("Text"));
}

// Each form draws the next one twice: a page that takes 2^30 steps.
TEST(ParsePackage, APdfThatDrawsForEverIsGivenUp) {
  constexpr int kForms = 30;
  std::vector<std::string> objects = {
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources"
      " << /XObject << /X 5 0 R >> >> >>",
      "<< /Length 5 >>\nstream\n/X Do\nendstream"};
  for (int next = 6; next < 6 + kForms; ++next) {
    objects.push_back(
        fmt::format("<< /Type /XObject /Subtype /Form /BBox [0 0 300 300] /Length 11 /Resources"
                    " << /XObject << /X {} 0 R >> >> >>\nstream\n/X Do /X Do\nendstream",
                    next));
  }
  objects.emplace_back(
      "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 0 >>\nstream\n\nendstream");
  const auto pdf = internal::ReadPdf(PdfOf(objects), {.cpu = std::chrono::seconds(1)});
  ASSERT_FALSE(pdf);
  EXPECT_EQ(pdf.error().ToString(),
            "RESOURCE_EXHAUSTED: a PDF that takes too much time or memory to read");
}

TEST(ParsePackage, KeepsOfAPdfWhatFits) {
  const std::string file = CorpusFile("pdf");
  const std::string_view bytes = std::string_view(file).substr(file.find('\n') + 1);
  const auto pdf = internal::ReadPdf(bytes, {.text_bytes = 5});
  ASSERT_TRUE(pdf) << pdf.error().ToString();
  EXPECT_EQ(pdf->text, "Hello");
  EXPECT_EQ(pdf->metadata.at("cut"), "0 of 1 pages were read");
  EXPECT_EQ(internal::ReadPdf("%PDF-1.4 broken", {}).error().ToString(),
            "INVALID_ARGUMENT: not a readable PDF");
}

TEST(ParsePackage, SaysWhatIsMissingToReadPdfs) {
  const auto pdf = internal::ReadPdf("%PDF-1.4", {.text_program = "no-such-program"});
  ASSERT_FALSE(pdf);
  EXPECT_THAT(pdf.error().ToString(), HasSubstr("install poppler-utils"));
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
