#include "workspace/web/internal/html_page.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "http/message.h"
#include "http/url.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_walk.h"
#include "workspace/web/internal/main_content.h"
#include "workspace/web/internal/page_markdown.h"

namespace baton::workspace::web::internal {
namespace {

using http::EqualsIgnoreCase;
using workspace::internal::HasHtmlAttribute;
using workspace::internal::HtmlAttribute;
using workspace::internal::HtmlHeadingLevel;
using workspace::internal::HtmlTree;
using workspace::internal::IsOneOfTags;
using workspace::internal::OneLine;
using workspace::internal::WalkNodes;

constexpr std::size_t kMaxFactBytes = 500;
constexpr std::size_t kMaxLinkText = 200;

constexpr std::array kBlocks = {
    GUMBO_TAG_P,        GUMBO_TAG_DIV,     GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE,
    GUMBO_TAG_HEADER,   GUMBO_TAG_FOOTER,  GUMBO_TAG_MAIN,    GUMBO_TAG_ASIDE,
    GUMBO_TAG_FORM,     GUMBO_TAG_FIGURE,  GUMBO_TAG_ADDRESS, GUMBO_TAG_DL,
    GUMBO_TAG_FIELDSET, GUMBO_TAG_DETAILS, GUMBO_TAG_CENTER,  GUMBO_TAG_CAPTION};
constexpr std::array kLines = {GUMBO_TAG_DT, GUMBO_TAG_DD, GUMBO_TAG_SUMMARY, GUMBO_TAG_FIGCAPTION};
constexpr std::array kTableBreakers = {GUMBO_TAG_TABLE, GUMBO_TAG_UL,         GUMBO_TAG_OL,
                                       GUMBO_TAG_PRE,   GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_H1,
                                       GUMBO_TAG_H2,    GUMBO_TAG_H3,         GUMBO_TAG_FORM};

// A table of data: rows of cells and nothing larger in them. Layout is drawn as text. Stops at
// an inner table, so that all of a page's tables are looked through about once.
bool IsDataTable(const GumboNode& table) {
  bool is_plain = true;
  int rows = 0;
  int cells = 0;
  const auto enter = [&](const GumboNode& element) {
    const GumboTag tag = element.v.element.tag;
    if (&element != &table && IsOneOfTags(tag, kTableBreakers)) is_plain = false;
    rows += tag == GUMBO_TAG_TR ? 1 : 0;
    cells += tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH ? 1 : 0;
    return is_plain;
  };
  WalkNodes(table, enter, [](const GumboNode&) {}, [](std::string_view) {});
  return is_plain && rows >= 2 && cells >= 2 * rows;
}

// Draws the elements of a page's content.
class ContentWriter {
 public:
  ContentWriter(const std::string& base, const PageOutline& outline, PageMarkdown& out)
      : base_(base), outline_(outline), out_(out) {}

  bool Enter(const GumboNode& element) {
    if (out_.is_full() || outline_.IsClutter(element)) return false;
    const GumboTag tag = element.v.element.tag;
    if (!EnterSpan(element, tag) && !EnterTable(element, tag)) EnterBlock(element, tag);
    return true;
  }

  void Leave(const GumboNode& element) {
    const GumboTag tag = element.v.element.tag;
    if (!LeaveSpan(tag) && !LeaveTable(tag)) LeaveBlock(tag);
  }

 private:
  static std::string_view MarkOf(GumboTag tag) {
    if (tag == GUMBO_TAG_STRONG || tag == GUMBO_TAG_B) return "**";
    if (tag == GUMBO_TAG_EM || tag == GUMBO_TAG_I) return "*";
    if (tag == GUMBO_TAG_CODE || tag == GUMBO_TAG_KBD || tag == GUMBO_TAG_SAMP) return "`";
    if (tag == GUMBO_TAG_DEL || tag == GUMBO_TAG_S) return "~~";
    return {};
  }

  bool EnterSpan(const GumboNode& element, GumboTag tag) {
    if (const std::string_view mark = MarkOf(tag); !mark.empty()) {
      out_.BeginSpan(std::string(mark));
      return true;
    }
    if (tag == GUMBO_TAG_A) {
      const std::string_view link = HtmlAttribute(element, "href");
      const bool leads_on = !link.empty() && !link.starts_with('#');
      const auto url = leads_on ? http::ResolveUrl(base_, link) : Result<std::string>("");
      links_.push_back(url.value_or(""));
      out_.BeginSpan(links_.back().empty() ? "" : "[");
      return true;
    }
    if (tag == GUMBO_TAG_IMG) {
      const std::string alt = OneLine(HtmlAttribute(element, "alt"), kMaxLinkText);
      // Without words a picture tells a model nothing.
      if (!alt.empty()) {
        out_.Image(alt, http::ResolveUrl(base_, HtmlAttribute(element, "src")).value_or(""));
      }
      return true;
    }
    return false;
  }

  bool LeaveSpan(GumboTag tag) {
    if (const std::string_view mark = MarkOf(tag); !mark.empty()) {
      out_.EndSpan(mark);
    } else if (tag == GUMBO_TAG_A) {
      out_.EndSpan(links_.back().empty() ? "" : "](" + links_.back() + ")");
      links_.pop_back();
    } else {
      return tag == GUMBO_TAG_IMG;
    }
    return true;
  }

  bool EnterTable(const GumboNode& element, GumboTag tag) {
    const bool drawn = !tables_.empty() && tables_.back();
    if (tag == GUMBO_TAG_TABLE) {
      tables_.push_back(!drawn && IsDataTable(element));
      tables_.back() ? out_.BeginTable() : out_.BreakParagraph();
    } else if (tag == GUMBO_TAG_TR) {
      drawn ? out_.BeginRow() : out_.BreakParagraph();
    } else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
      drawn ? out_.BeginCell() : out_.BreakLine();
    } else {
      return false;
    }
    return true;
  }

  bool LeaveTable(GumboTag tag) {
    const bool drawn = !tables_.empty() && tables_.back();
    if (tag == GUMBO_TAG_TABLE) {
      drawn ? out_.EndTable() : out_.BreakParagraph();
      tables_.pop_back();
    } else if (tag == GUMBO_TAG_TR) {
      drawn ? out_.EndRow() : out_.BreakParagraph();
    } else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
      drawn ? out_.EndCell() : out_.BreakLine();
    } else {
      return false;
    }
    return true;
  }

  void EnterBlock(const GumboNode& element, GumboTag tag) {
    if (const int level = HtmlHeadingLevel(tag); level > 0) {
      out_.BeginHeading(level);
    } else if (tag == GUMBO_TAG_PRE) {
      out_.BeginCode();
    } else if (tag == GUMBO_TAG_BLOCKQUOTE) {
      out_.BeginQuote();
    } else if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL) {
      out_.BeginList(tag == GUMBO_TAG_OL, FirstNumber(element));
    } else if (tag == GUMBO_TAG_LI) {
      out_.BeginItem();
    } else if (tag == GUMBO_TAG_HR) {
      out_.Rule();
    } else if (tag == GUMBO_TAG_BR || IsOneOfTags(tag, kLines)) {
      out_.BreakLine();
    } else if (IsOneOfTags(tag, kBlocks)) {
      out_.BreakParagraph();
    }
  }

  void LeaveBlock(GumboTag tag) {
    if (HtmlHeadingLevel(tag) > 0) {
      out_.EndHeading();
    } else if (tag == GUMBO_TAG_PRE) {
      out_.EndCode();
    } else if (tag == GUMBO_TAG_BLOCKQUOTE) {
      out_.EndQuote();
    } else if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL) {
      out_.EndList();
    } else if (tag == GUMBO_TAG_LI) {
      out_.EndItem();
    } else if (IsOneOfTags(tag, kLines)) {
      out_.BreakLine();
    } else if (IsOneOfTags(tag, kBlocks)) {
      out_.BreakParagraph();
    }
  }

  static int FirstNumber(const GumboNode& list) {
    constexpr int kMost = 100'000;
    const std::string_view text = HtmlAttribute(list, "start");
    int first = 1;
    std::from_chars(text.data(), text.data() + text.size(), first);
    return std::clamp(first, 0, kMost);
  }

  const std::string& base_;
  const PageOutline& outline_;
  PageMarkdown& out_;
  std::vector<std::string> links_;  // of the open <a>; empty for one that leads nowhere
  std::vector<bool> tables_;        // the open ones: whether it is drawn as a table
};

// What the head says, and where the links lead.
class PageFacts {
 public:
  explicit PageFacts(Page& page) : page_(page), base_(page.url) {}

  const std::string& base() const { return base_; }

  bool Enter(const GumboNode& element) {
    const GumboTag tag = element.v.element.tag;
    if (tag == GUMBO_TAG_BASE) Base(HtmlAttribute(element, "href"));
    if (tag == GUMBO_TAG_META) Meta(element);
    if (tag == GUMBO_TAG_LINK && EqualsIgnoreCase(HtmlAttribute(element, "rel"), "canonical")) {
      Fact("canonical", http::ResolveUrl(base_, HtmlAttribute(element, "href")).value_or(""));
    }
    if (tag == GUMBO_TAG_HTML) Fact("language", HtmlAttribute(element, "lang"));
    if (tag == GUMBO_TAG_TIME) Fact("published", HtmlAttribute(element, "datetime"));
    if (tag == GUMBO_TAG_IMG) AddImage(HtmlAttribute(element, "src"));
    if (tag == GUMBO_TAG_A || tag == GUMBO_TAG_AREA) OpenLink(element);
    in_title_ = in_title_ || tag == GUMBO_TAG_TITLE;
    in_heading_ = in_heading_ || tag == GUMBO_TAG_H1;
    return tag != GUMBO_TAG_SCRIPT && tag != GUMBO_TAG_STYLE && tag != GUMBO_TAG_TEMPLATE &&
           tag != GUMBO_TAG_SVG;
  }

  void Leave(const GumboNode& element) {
    const GumboTag tag = element.v.element.tag;
    if (tag == GUMBO_TAG_A || tag == GUMBO_TAG_AREA) CloseLink();
    if (tag == GUMBO_TAG_TITLE) in_title_ = false;
    if (tag == GUMBO_TAG_H1) {
      in_heading_ = false;
      heading_done_ = heading_done_ || !heading_.empty();
    }
  }

  void Text(std::string_view text) {
    if (in_title_ && title_.size() < kMaxFactBytes) title_ += text;
    if (in_heading_ && !heading_done_ && heading_.size() < kMaxFactBytes) heading_ += text;
    if (link_ && link_->text.size() < kMaxLinkText) link_->text += text;
  }

  // The title of <title> carries the site's name; the page's own comes first.
  void Finish() {
    for (const std::string& text : {shared_title_, title_, heading_}) {
      if (page_.title.empty()) page_.title = OneLine(text, kMaxFactBytes);
    }
  }

 private:
  void Fact(std::string_view key, std::string_view value) {
    std::string text = OneLine(value, kMaxFactBytes);
    if (!text.empty()) page_.metadata.try_emplace(std::string(key), std::move(text));
  }

  void Base(std::string_view href) {
    if (std::exchange(has_base_, true)) return;  // the first one counts
    base_ = http::ResolveUrl(page_.url, href).value_or(page_.url);
  }

  void Meta(const GumboNode& meta) {
    struct Known {
      std::string_view name;
      std::string_view key;
    };
    constexpr std::array kKnown = {Known{"description", "description"},
                                   Known{"og:description", "description"},
                                   Known{"author", "author"},
                                   Known{"article:author", "author"},
                                   Known{"article:published_time", "published"},
                                   Known{"date", "published"},
                                   Known{"og:site_name", "site_name"}};
    std::string_view name = HtmlAttribute(meta, "name");
    if (name.empty()) name = HtmlAttribute(meta, "property");
    const std::string_view content = HtmlAttribute(meta, "content");
    for (const Known& known : kKnown) {
      if (EqualsIgnoreCase(name, known.name)) Fact(known.key, content);
    }
    if (EqualsIgnoreCase(name, "og:title") && shared_title_.empty()) {
      shared_title_ = content.substr(0, kMaxFactBytes);
    }
    if (EqualsIgnoreCase(name, "robots") || EqualsIgnoreCase(name, "baton")) {
      page_.nofollow = page_.nofollow || content.find("nofollow") != std::string_view::npos ||
                       EqualsIgnoreCase(content, "none");
    }
  }

  bool HasRoomFor(std::string_view url) const {
    return url_bytes_ + url.size() <= kMaxPageUrlBytes;
  }

  void AddImage(std::string_view source) {
    if (source.empty() || page_.images.size() >= kMaxPageLinks) return;
    const auto url = http::ResolveUrl(base_, source);
    if (url && HasRoomFor(*url) && seen_images_.insert(*url).second) {
      url_bytes_ += url->size();
      page_.images.push_back(*url);
    }
  }

  void OpenLink(const GumboNode& element) {
    const std::string_view href = HtmlAttribute(element, "href");
    if (href.empty() || href.starts_with('#')) return;
    auto url = http::ResolveUrl(base_, href);
    if (!url) return;
    const bool nofollow = HtmlAttribute(element, "rel").find("nofollow") != std::string_view::npos;
    link_ = PageLink{*std::move(url), std::string(HtmlAttribute(element, "title")), nofollow};
  }

  void CloseLink() {
    if (!link_) return;
    link_->text = OneLine(link_->text, kMaxLinkText);
    const bool is_new = page_.links.size() < kMaxPageLinks && HasRoomFor(link_->url) &&
                        seen_links_.insert(link_->url).second;
    if (is_new) {
      url_bytes_ += link_->url.size();
      page_.links.push_back(*std::move(link_));
    }
    link_.reset();
  }

  Page& page_;
  std::string base_;
  std::string title_;
  std::string shared_title_;  // og:title: without the site's name
  std::string heading_;       // the first h1
  bool has_base_ = false;
  bool in_title_ = false;
  bool in_heading_ = false;
  bool heading_done_ = false;
  std::optional<PageLink> link_;
  std::set<std::string> seen_links_;
  std::set<std::string> seen_images_;
  std::size_t url_bytes_ = 0;  // of the page's links and images
};

}  // namespace

Status ReadHtmlPage(Page& page, const HtmlTree::Limits& limits) {
  if (page.html.size() > kMaxHtmlPageBytes) {
    return Fail(Code::kResourceExhausted, "HTML larger than {} MiB", kMaxHtmlPageBytes >> 20U);
  }
  const HtmlTree tree(page.html, limits);
  if (tree.root() == nullptr) {
    return Fail(Code::kResourceExhausted, "HTML that takes more than {} s or {} MiB to read",
                std::chrono::duration_cast<std::chrono::seconds>(limits.cpu).count(),
                limits.memory >> 20U);
  }
  PageFacts facts(page);
  WalkNodes(
      *tree.root(), [&](const GumboNode& element) { return facts.Enter(element); },
      [&](const GumboNode& element) { facts.Leave(element); },
      [&](std::string_view text) { facts.Text(text); });
  facts.Finish();
  const PageOutline outline(*tree.root());
  PageMarkdown out(kMaxMarkdownBytes);
  ContentWriter writer(facts.base(), outline, out);
  WalkNodes(
      outline.main_content(), [&](const GumboNode& element) { return writer.Enter(element); },
      [&](const GumboNode& element) { writer.Leave(element); },
      [&](std::string_view text) { out.Text(text); });
  if (out.is_full()) page.metadata["cut"] = "the text is longer than 1 MiB";
  page.markdown = std::move(out).Take();
  return {};
}

}  // namespace baton::workspace::web::internal
