#include <zlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/unistr.h>

#include "base/utf8.h"
#include "workspace/importer.h"
#include "workspace/internal/html_text.h"

namespace baton::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

ParsedDocument Parsed(const std::string& name, std::string_view bytes) {
  Result<ParsedDocument> document = ParseFile("/notes/" + name, bytes);
  EXPECT_TRUE(document) << name << ": " << (document ? "" : document.error().ToString());
  return document ? *std::move(document) : ParsedDocument();
}

Status ParseError(const std::string& name, std::string_view bytes) {
  const Result<ParsedDocument> document = ParseFile("/notes/" + name, bytes);
  return document ? Status() : document.error();
}

// What a browser means by the offsets of a chunk.
std::string SliceUtf16(const std::string& text, std::int64_t begin, std::int64_t end) {
  std::string slice;
  icu::UnicodeString::fromUTF8(text)
      .tempSubStringBetween(static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end))
      .toUTF8String(slice);
  return slice;
}

void ExpectOffsetsFit(const ParsedDocument& document) {
  std::int64_t last_end = 0;
  for (const Chunk& chunk : document.chunks) {
    EXPECT_GE(chunk.begin, last_end);
    EXPECT_LE(chunk.end - chunk.begin, 1200);
    EXPECT_EQ(SliceUtf16(document.content, chunk.begin, chunk.end), chunk.content);
    last_end = chunk.end;
  }
}

std::vector<std::string> HeadingsOf(const ParsedDocument& document) {
  std::vector<std::string> headings;
  for (const Chunk& chunk : document.chunks) headings.push_back(chunk.heading);
  return headings;
}

std::string GzipOf(std::string_view text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(ParseFile, TakesTheTitleFromFrontMatterThenHeadingThenFileName) {
  EXPECT_EQ(Parsed("a.md", "---\ntitle: Deep Work\n---\n# Other\ntext").title, "Deep Work");
  EXPECT_EQ(Parsed("a.md", "intro\n\n## The `first` [one](x.md) ##\ntext").title, "The first one");
  EXPECT_EQ(Parsed("a.md", "Underlined\n==========\ntext").title, "Underlined");
  EXPECT_EQ(Parsed("my-notes.md", "just text").title, "my-notes");
  EXPECT_EQ(Parsed("README.Debian", "just text").title, "README.Debian");
  EXPECT_EQ(Parsed("a.org", "#+TITLE: Garden\n* Beds\ntext").title, "Garden");
  EXPECT_EQ(Parsed("a.org", "* TODO [#A] Buy seeds :shop:\ntext").title, "Buy seeds");
  EXPECT_EQ(Parsed("a.html", "<title>Tab</title><h2>Big <b>words</b></h2><p>x").title, "Big words");
  EXPECT_EQ(Parsed("a.html", "<title>Tab</title><p>x").title, "Tab");
}

TEST(ParseFile, KeepsFrontMatterAsMetadataAndOutOfTheChunks) {
  const ParsedDocument document =
      Parsed("a.md", "---\ntags: [red, green]\nauthor: Ann\ndeep: {a: 1}\n---\nBody text.\n");
  EXPECT_THAT(document.metadata, ElementsAre(Pair("author", "Ann"), Pair("encoding", "UTF-8"),
                                             Pair("tags", "red, green")));
  ASSERT_EQ(document.chunks.size(), 1U);
  EXPECT_EQ(document.chunks[0].content, "Body text.");
  ExpectOffsetsFit(document);
}

TEST(ParseFile, TakesRulesAroundTextForText) {
  for (const std::string text : {"---\nnot: [closed\n---\nbody", "---\n\n---\nbody", "---\nx"}) {
    EXPECT_THAT(Parsed("a.md", text).metadata, ElementsAre(Pair("encoding", "UTF-8"))) << text;
  }
}

TEST(ParseFile, PutsChunksUnderTheirHeadings) {
  const ParsedDocument document = Parsed("a.md",
                                         "before\n\n# Install\n\n## Linux\nUse apt.\n\n## macOS\n"
                                         "Use brew.\n# Use\nRun it.\n");
  EXPECT_THAT(HeadingsOf(document), ElementsAre("", "Install > Linux", "Install > macOS", "Use"));
  EXPECT_EQ(document.chunks[1].content, "# Install\n\n## Linux\nUse apt.");
  ExpectOffsetsFit(document);
}

TEST(ParseFile, SeesNoHeadingsInCode) {
  EXPECT_THAT(HeadingsOf(Parsed("a.md", "# A\n```sh\n# a comment\n\n~~~\n```\n# B\nx")),
              ElementsAre("A", "B"));
  EXPECT_THAT(HeadingsOf(Parsed("a.org", "* A\n#+BEGIN_SRC org\n\n#+TITLE: no\n#+END_SRC\ntext")),
              ElementsAre("A"));
  EXPECT_THAT(HeadingsOf(Parsed("a.html", "<h1>A</h1><pre># no\n</pre><p># neither</p>")),
              ElementsAre("A"));
}

TEST(ParseFile, ReadsUnderlinedHeadingsOfPlainText) {
  const ParsedDocument document =
      Parsed("README", "=====\nTitle\n=====\n\nSome text.\n\nPart\n----\nMore.\n\n-----\nx\n");
  EXPECT_EQ(document.title, "Title");
  EXPECT_THAT(HeadingsOf(document), ElementsAre("Title", "Title > Part"));
  ExpectOffsetsFit(document);
}

TEST(ParseFile, CutsLongTextAtEndsOfSentencesAndLosesNothing) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "Sentence \U0001F600 number " + std::to_string(i) + ". ";
  const ParsedDocument document = Parsed("a.txt", text);
  ExpectOffsetsFit(document);
  ASSERT_GT(document.chunks.size(), 5U);
  std::string joined;
  for (const Chunk& chunk : document.chunks) {
    EXPECT_THAT(chunk.content, ::testing::EndsWith("."));
    if (&chunk != &document.chunks.back()) EXPECT_GE(chunk.end - chunk.begin, 600);
    joined += chunk.content + ' ';
  }
  EXPECT_EQ(joined, text);
}

TEST(ParseFile, CutsTextWithoutBlanksBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "\U0001F600";
  const ParsedDocument document = Parsed("a.txt", text);
  ExpectOffsetsFit(document);
  EXPECT_EQ(document.chunks.size(), 5U);
}

TEST(ParseFile, GathersParagraphsUpToTheSizeOfAChunk) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += std::string(199, 'a' + i % 26) + "\n\n";
  const ParsedDocument document = Parsed("a.txt", text);
  ExpectOffsetsFit(document);
  ASSERT_EQ(document.chunks.size(), 8U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_GE(document.chunks[i].content.size(), 800U);
}

TEST(ParseFile, DetectsTheEncoding) {
  const std::pair<std::string, std::string> cases[] = {
      {"na\xC3\xAFve", "UTF-8"},
      {"\xEF\xBB\xBFna\xC3\xAFve", "UTF-8"},
      {"na\xEFve", "windows-1252"},
      {std::string("\xFF\xFEn\0a\0\xEF\0v\0e\0", 12), "UTF-16LE"},
      {std::string("\xFE\xFF\0n\0a\0\xEF\0v\0e", 12), "UTF-16BE"},
  };
  for (const auto& [bytes, encoding] : cases) {
    const ParsedDocument document = Parsed("a.txt", bytes);
    EXPECT_EQ(document.content, "na\xC3\xAFve") << encoding;
    EXPECT_EQ(document.metadata.at("encoding"), encoding);
  }
  EXPECT_EQ(Parsed("a.txt", "\x93quoted\x94 \x80").content, "\u201Cquoted\u201D \u20AC");
  EXPECT_EQ(Parsed("a.html", "<meta charset=koi8-r><p>\xCD\xC9\xD2").content, "\u043C\u0438\u0440");
}

TEST(ParseFile, KeepsUtf8WithAFewOldBytes) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "M\u00FCller, ";
  const ParsedDocument document = Parsed("changelog", text + "M\xFCller");
  EXPECT_EQ(document.content, text + "M\uFFFDller");
}

TEST(ParseFile, UnifiesLineEndsAndDropsControlCharacters) {
  EXPECT_EQ(Parsed("a.txt", "a\r\nb\rc\fd").content, "a\nb\nc\nd");
  std::string text(200, 'x');
  EXPECT_EQ(Parsed("a.txt", text + "\x1B\x07").content, text);
  EXPECT_EQ(Parsed("a.txt", "N\bNA\bAM\bME\bE").content, "NAME");
}

TEST(ParseFile, RefusesWhatIsNoTextWithTheReason) {
  EXPECT_EQ(ParseError("a.txt", std::string("a\0b", 3)).message(), "binary file");
  EXPECT_EQ(ParseError("a.txt", "\x01\x02\x03\x04 abc").message(), "binary file");
  EXPECT_EQ(ParseError("LICENSE", "\x89PNG\r\n\x1A\n\x01\x02").message(), "binary file");
  EXPECT_EQ(ParseError("a.cpp", "int x;").message(), "no known document format ('.cpp')");
  EXPECT_EQ(ParseError("a.tar.gz", GzipOf("x")).message(), "no known document format ('.tar')");
  EXPECT_EQ(ParseError("a.txt", " \n\n").message(), "no text in it");
  EXPECT_EQ(ParseError("", "x").code(), Code::kOk);
  EXPECT_EQ(ParseError("\xFF.txt", "x").message(), "its name is not UTF-8");
  EXPECT_EQ(ParseError(std::string(3000, 'n'), "x").code(), Code::kInvalidArgument);
}

TEST(ParseFile, RefusesWhatIsTooLarge) {
  EXPECT_EQ(ParseError("a.txt", std::string(kMaxFileBytes + 1, 'x')).code(),
            Code::kResourceExhausted);
  EXPECT_EQ(ParseError("a.html", std::string((16U << 20U) + 1, 'x')).code(),
            Code::kResourceExhausted);
}

TEST(ParseFile, ReadsGzipByTheNameWithoutIt) {
  const ParsedDocument document = Parsed("NEWS.md.gz", GzipOf("# Version 2\nFaster."));
  EXPECT_EQ(document.content_type, "text/markdown");
  EXPECT_EQ(document.title, "Version 2");
  EXPECT_EQ(document.path, "/notes/NEWS.md.gz");
  EXPECT_EQ(document.metadata.at("compression"), "gzip");
  EXPECT_EQ(Parsed("changelog.gz", GzipOf("one, ") + GzipOf("two")).content, "one, two");
}

TEST(ParseFile, RefusesDamagedAndExplodingGzip) {
  const std::string good = GzipOf("some text that is long enough to be cut off somewhere");
  for (std::size_t size = 0; size < good.size() - 8; ++size) {
    EXPECT_EQ(ParseError("a.txt.gz", good.substr(0, size)).code(), Code::kInvalidArgument) << size;
  }
  const std::string bomb = GzipOf(std::string(kMaxFileBytes + 1, 'x'));
  EXPECT_EQ(ParseError("a.txt.gz", bomb).code(), Code::kResourceExhausted);
}

TEST(ParseFile, ReadsHtmlAsItsReadableText) {
  const ParsedDocument document = Parsed("page.html", R"(<!doctype html><html><head>
      <title>T</title><meta name="description" content="A page."><style>p{}</style></head><body>
      <nav>Home</nav><script>evil()</script><h1>Tea</h1><p>Boil  <b>water</b>,<br>wait.</p>
      <ul><li>green<li>black</ul><pre>  x = 1
y</pre><table><tr><td>a<td>b</table><p hidden>secret</p></body></html>)");
  EXPECT_EQ(document.content,
            "# Tea\n\nBoil water,\nwait.\n\n- green\n- black\n\n```\n  x = 1\ny\n```\n\na b");
  EXPECT_EQ(document.content_type, "text/html");
  EXPECT_EQ(document.metadata.at("description"), "A page.");
  ExpectOffsetsFit(document);
}

TEST(ParseFile, SurvivesHtmlNestedWithoutEnd) {
  std::string deep;
  for (int i = 0; i < 8'000; ++i) deep += "<div>";
  EXPECT_EQ(Parsed("a.html", deep + "core").content, "core");
}

TEST(ReadHtml, RefusesWhatTakesTooMuchMemoryOrTime) {
  std::string page = "<p>";  // each further paragraph reopens the formatting of this one
  for (int i = 0; i < 500; ++i) page += "<b id=" + std::to_string(i) + ">";
  for (int i = 0; i < 500; ++i) page += "<p>x";
  EXPECT_TRUE(internal::ReadHtml(page));
  EXPECT_EQ(internal::ReadHtml(page, {.memory = 8U << 20U}).error().code(),
            Code::kResourceExhausted);
  EXPECT_EQ(internal::ReadHtml(page, {.cpu = {}}).error().code(), Code::kResourceExhausted);
}

TEST(ParseFile, GivesEqualHashesToEqualBytesOnly) {
  EXPECT_EQ(Parsed("a.txt", "one").source_hash, Parsed("b.txt", "one").source_hash);
  EXPECT_EQ(Parsed("a.txt", "one").source_hash, SourceHash("one"));
  EXPECT_NE(Parsed("a.txt", "one").source_hash, Parsed("a.txt", "two").source_hash);
}

}  // namespace
}  // namespace baton::workspace
