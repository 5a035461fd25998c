#include "workspace/web/page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "workspace/web/internal/html_page.h"

namespace baton::workspace::web {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Page Read(std::string_view html, std::string_view type = "text/html; charset=utf-8") {
  auto page = ReadPage("https://example.org/a/b", type, html);
  EXPECT_TRUE(page) << page.error().ToString();
  return page ? *std::move(page) : Page();
}

std::string MarkdownOf(std::string_view body) {
  return Read("<html><body>" + std::string(body) + "</body></html>").markdown;
}

struct MarkdownCase {
  const char* html;
  const char* markdown;
};

TEST(PageMarkdown, DrawsEachElement) {
  constexpr MarkdownCase kCases[] = {
      {"<h1>One</h1><p>Two\n  three</p><p>Four</p>", "# One\n\nTwo three\n\nFour"},
      {"<p>a <b>bold</b> and <em> soft </em>word</p>", "a **bold** and *soft* word"},
      {"<p>x<b></b><i> </i>y</p>", "x y"},
      {"<p><a href='../c?d=1#e'>link</a>, <a href='#top'>top</a></p>",
       "[link](https://example.org/c?d=1), top"},
      {"<a href='javascript:x()'>text</a> <a href='/y'></a>", "text"},
      {"<a href=/n><h2>News</h2><p>of today</p></a>", "[News of today](https://example.org/n)"},
      {"<ul><li>one<li>two<ol start=3><li><p>three</p><p>more</p></li><li>four</ol></ul>",
       "- one\n- two\n  3. three\n\n     more\n  4. four"},
      {"<p>x</p><ul><li></li><li>a</li></ul><p>y</p>", "x\n\n- a\n\ny"},
      {"<blockquote><p>q1</p><ul><li>i</li></ul></blockquote><p>after</p>",
       "> q1\n>\n> - i\n\nafter"},
      {"<pre>\n  a\n   b `c`\n</pre>x", "```\n  a\n   b `c`\n```\n\nx"},
      {"<blockquote><pre>a\n```\nb</pre></blockquote>", "> ````\n> a\n> ```\n> b\n> ````"},
      {"<p><code>f(x)</code> is <del>old</del></p>", "`f(x)` is ~~old~~"},
      {"<table><tr><th>A<th>B|C<tr><td>1<td><a href=/2>2</a><tr><td>3<td></table>",
       "| A | B\\|C |\n| --- | --- |\n| 1 | [2](https://example.org/2) |\n| 3 | |"},
      {"<table><tr><td><h2>Layout</h2><p>text</p></table>", "## Layout\n\ntext"},
      {"a<br>b<hr>c", "a\nb\n\n---\n\nc"},
      {"<img src=/p.png alt='A [cat]'><img src=/q.png>", "![A  cat ](https://example.org/p.png)"},
      {"<p># not a heading</p><p>- not an item</p><p>-5 degrees</p><p>&gt; x</p>",
       "\\# not a heading\n\n\\- not an item\n\n-5 degrees\n\n\\> x"},
      {"<dl><dt>term<dd>meaning</dl>", "term\nmeaning"},
      {"<p>5 &lt; 6 &amp; 7</p>", "5 < 6 & 7"},
      {"<script>x()</script><style>y</style><p hidden>z</p><p style='display:none'>w</p>v", "v"},
  };
  for (const MarkdownCase& c : kCases) EXPECT_EQ(MarkdownOf(c.html), c.markdown) << c.html;
}

std::string Sentences(const std::string& word, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "This is a sentence about " + word + ". ";
  return text;
}

TEST(Page, AReferenceToNoCharacterIsStillText) {
  for (const char* reference : {"&#x8001ffff;", "&#x80000000;", "&#x110000;", "&#xD800;"}) {
    const Page page =
        Read(fmt::format("<p title='{0}'>one{0}two <a href='/{0}'>{0}</a>", reference));
    EXPECT_TRUE(IsValidUtf8(page.markdown)) << reference;
    EXPECT_THAT(page.markdown, HasSubstr("one")) << reference;
    for (const PageLink& link : page.links) EXPECT_TRUE(IsValidUtf8(link.text)) << reference;
  }
}

TEST(Page, KeepsTheContentAndLeavesTheRest) {
  const std::string html =
      "<html lang=en><head><title>Tomatoes | Garden Site</title>"
      "<meta property='og:title' content='Tomatoes'>"
      "<meta name=description content='How to grow them'>"
      "<meta name=author content=Ann></head><body>"
      "<nav><a href=/>Home</a><a href=/shop>Shop</a></nav>"
      "<div id=cookie-banner>We use cookies. <a href=/privacy>More</a></div>"
      "<div class=layout><div class=sidebar><a href=/1>Other things</a> <a href=/2>More</a></div>"
      "<div class=text><h1>Growing tomatoes</h1><p>" +
      Sentences("tomatoes", 10) + "</p><p>" + Sentences("water", 10) +
      "</p></div></div>"
      "<footer>Copyright <a href=/imprint>Imprint</a></footer></body></html>";
  const Page page = Read(html);
  EXPECT_EQ(page.title, "Tomatoes");
  EXPECT_THAT(page.markdown, HasSubstr("# Growing tomatoes\n\nThis is"));
  EXPECT_THAT(page.markdown, HasSubstr("about water"));
  for (const char* clutter : {"cookies", "Home", "Other things", "Imprint"}) {
    EXPECT_THAT(page.markdown, Not(HasSubstr(clutter)));
  }
  EXPECT_EQ(page.metadata.at("description"), "How to grow them");
  EXPECT_EQ(page.metadata.at("author"), "Ann");
  EXPECT_EQ(page.metadata.at("language"), "en");
  EXPECT_EQ(page.metadata.at("charset"), "UTF-8");
  EXPECT_EQ(page.links.size(), 6U) << "links of the whole page";
  EXPECT_EQ(page.html, html);
}

TEST(Page, TheContentMayBeDeclaredOrBeEverything) {
  const std::string other = "<div><p>" + Sentences("other", 4) + "</p></div>";
  const Page declared = Read("<body>" + other + "<main><h1>T</h1><p>" + Sentences("it", 8) +
                             "</p><aside>by the way</aside></main></body>");
  EXPECT_THAT(declared.markdown, HasSubstr("# T"));
  EXPECT_THAT(declared.markdown, Not(HasSubstr("other")));
  EXPECT_THAT(declared.markdown, Not(HasSubstr("by the way")));
  const Page article = Read("<body><article><p>" + Sentences("it", 8) +
                            "</p><footer>by Ann</footer></article>" + other + "</body>");
  EXPECT_THAT(article.markdown, HasSubstr("by Ann"));
  EXPECT_THAT(article.markdown, Not(HasSubstr("other")));
  EXPECT_EQ(MarkdownOf("<div>short</div><div>page</div>"), "short\n\npage");
  EXPECT_THAT(MarkdownOf("<div class=menu>" + Sentences("soup", 9) + "</div>"), HasSubstr("soup"))
      << "a name alone is no reason";
}

TEST(Page, GathersLinksAndImagesOnce) {
  const Page page = Read(
      "<base href='/deep/er/'><a href=x>First</a><a href=x#part>Again</a>"
      "<a href='mailto:a@b'>Mail</a><a href='//other.example/y' rel='nofollow'> Y  z</a>"
      "<a href=/q title=Titled><img src=i.png></a><img src=i.png><img src='data:image/png;x'>");
  ASSERT_EQ(page.links.size(), 3U);
  EXPECT_EQ(page.links[0].url, "https://example.org/deep/er/x");
  EXPECT_EQ(page.links[0].text, "First");
  EXPECT_EQ(page.links[1].url, "https://other.example/y");
  EXPECT_EQ(page.links[1].text, "Y z");
  EXPECT_TRUE(page.links[1].nofollow);
  EXPECT_EQ(page.links[2].text, "Titled");
  EXPECT_THAT(page.images, ElementsAre("https://example.org/deep/er/i.png"));
  EXPECT_FALSE(page.nofollow);
  EXPECT_TRUE(Read("<meta name=ROBOTS content='noindex, nofollow'>x").nofollow);
}

TEST(Page, ALongBaseMakesNoMountainOfUrls) {
  std::string html = "<base href='http://e.example/" + std::string(8000, 'x') + "/'><p>Text</p>";
  for (int i = 0; i < 1000; ++i) html += fmt::format("<a href=l{0}>{0}</a><img src=i{0}>", i);
  const auto page = ReadPage("http://e.example/", "text/html", html);
  ASSERT_TRUE(page) << page.error().ToString();
  std::size_t bytes = 0;
  for (const PageLink& link : page->links) bytes += link.url.size();
  for (const std::string& image : page->images) bytes += image.size();
  EXPECT_LE(bytes, kMaxPageUrlBytes);
  EXPECT_GT(page->links.size() + page->images.size(), 100U);
}

TEST(Page, TextIsKeptAsItIs) {
  EXPECT_EQ(Read("{\"a\": 1}\n", "application/json").markdown, "{\"a\": 1}\n");
  EXPECT_EQ(Read("# Title\n", "text/markdown").markdown, "# Title\n");
  EXPECT_EQ(Read("\xE4", "text/plain; charset=latin1").markdown, "ä");
  EXPECT_EQ(Read("<!DOCTYPE html><p>x", "").markdown, "x");
  const Page page = Read(std::string(kMaxMarkdownBytes + 1, 'x'), "text/plain");
  EXPECT_EQ(page.markdown.size(), kMaxMarkdownBytes);
  EXPECT_EQ(page.metadata.at("cut"), "the text is longer than 1 MiB");
}

TEST(Page, SaysWhatHasNoText) {
  const auto refusal = [](std::string_view type, std::string_view bytes) {
    const auto page = ReadPage("https://example.org/", type, bytes);
    return page ? "read" : page.error().ToString();
  };
  EXPECT_EQ(refusal("image/png", "\x89PNG"), "INVALID_ARGUMENT: no text: image/png");
  EXPECT_EQ(refusal("", std::string_view("\0\1\2", 3)),
            "INVALID_ARGUMENT: no text: unknown content");
  EXPECT_EQ(refusal("application/pdf", "nonsense"), "INVALID_ARGUMENT: not a readable PDF");
  EXPECT_THAT(refusal("text/html", std::string(kMaxHtmlPageBytes + 1, 'x')),
              HasSubstr("RESOURCE_EXHAUSTED: HTML larger than 8 MiB"));
}

std::string Repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Page, DeepPagesAreReadAndHostileOnesEndInTime) {
  EXPECT_EQ(MarkdownOf(Repeat("<div>", 3000) + "x"), "x");
  EXPECT_THAT(MarkdownOf(Repeat("<span><b>", 200) + "x"), HasSubstr("x"));
  const std::string quotes = MarkdownOf(Repeat("<blockquote><ul><li>x", 2000));
  EXPECT_LE(quotes.size(), 2000U * 40) << "each line repeats a bounded prefix";
  Page page;
  page.url = "https://example.org/";
  page.html = Repeat("<div>", 200'000);
  const Status refused = internal::ReadHtmlPage(
      page, {.memory = std::size_t{256} << 20U, .cpu = std::chrono::milliseconds(100)});
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
}

// A PDF of one page, written by hand: its text, title and author.
std::string SmallPdf(const std::string& text) {
  const std::string stream = "BT /F1 24 Tf 72 720 Td (" + text + ") Tj ET";
  const std::string objects[] = {
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
      " /Resources << /Font << /F1 5 0 R >> >> >>",
      "<< /Length " + std::to_string(stream.size()) + " >>\nstream\n" + stream + "\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
      "<< /Title (A title) /Author (Ann) >>"};
  std::string pdf = "%PDF-1.4\n";
  std::vector<std::size_t> offsets;
  for (const std::string& object : objects) {
    offsets.push_back(pdf.size());
    pdf += std::to_string(offsets.size()) + " 0 obj\n" + object + "\nendobj\n";
  }
  const std::size_t table = pdf.size();
  pdf += "xref\n0 7\n0000000000 65535 f \n";
  for (const std::size_t offset : offsets) {
    std::string digits = std::to_string(offset);
    pdf += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
  }
  return pdf + "trailer\n<< /Size 7 /Root 1 0 R /Info 6 0 R >>\nstartxref\n" +
         std::to_string(table) + "\n%%EOF\n";
}

TEST(Page, ReadsThePdfsText) {
  const Page page = Read(SmallPdf("Annual report"), "application/pdf");
  EXPECT_EQ(page.markdown, "Annual report");
  EXPECT_EQ(page.title, "A title");
  EXPECT_EQ(page.metadata.at("author"), "Ann");
  EXPECT_EQ(page.metadata.at("pages"), "1");
  const auto scan = ReadPage("https://example.org/", "application/octet-stream", SmallPdf(""));
  ASSERT_FALSE(scan);
  EXPECT_EQ(scan.error().message(), "a PDF without text (a scan?)");
}

}  // namespace
}  // namespace baton::workspace::web
