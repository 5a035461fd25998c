#include "workspace/internal/html_text.h"

#include <algorithm>
#include <array>

#include "workspace/internal/blocks.h"
#include "workspace/internal/html_tree.h"
#include "workspace/internal/html_walk.h"
#include "workspace/internal/markdown_writer.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxMetaBytes = 500;
constexpr std::size_t kMaxTitleText = 1000;

constexpr std::array kUnseenTags = {GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,  GUMBO_TAG_TEMPLATE,
                                    GUMBO_TAG_HEAD,   GUMBO_TAG_IFRAME, GUMBO_TAG_OBJECT,
                                    GUMBO_TAG_SVG,    GUMBO_TAG_NAV,    GUMBO_TAG_NOSCRIPT};
constexpr std::array kParagraphTags = {
    GUMBO_TAG_P,       GUMBO_TAG_DIV,        GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE,
    GUMBO_TAG_UL,      GUMBO_TAG_OL,         GUMBO_TAG_DL,      GUMBO_TAG_TABLE,
    GUMBO_TAG_FORM,    GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_HEADER,  GUMBO_TAG_FOOTER,
    GUMBO_TAG_MAIN,    GUMBO_TAG_ASIDE,      GUMBO_TAG_FIGURE,  GUMBO_TAG_ADDRESS,
    GUMBO_TAG_CAPTION, GUMBO_TAG_HR,         GUMBO_TAG_DETAILS, GUMBO_TAG_FIELDSET};
constexpr std::array kLineTags = {GUMBO_TAG_TR,      GUMBO_TAG_DT,     GUMBO_TAG_DD,
                                  GUMBO_TAG_SUMMARY, GUMBO_TAG_OPTION, GUMBO_TAG_FIGCAPTION};

bool IsUnseen(const GumboNode& element) {
  return IsOneOfTags(element.v.element.tag, kUnseenTags) || HasHtmlAttribute(element, "hidden");
}

void EnterElement(const GumboNode& node, MarkdownWriter& writer) {
  const GumboTag tag = node.v.element.tag;
  if (const int level = HtmlHeadingLevel(tag); level > 0) {
    writer.BeginHeading(level);
  } else if (tag == GUMBO_TAG_PRE) {
    writer.BeginCode();
  } else if (tag == GUMBO_TAG_LI) {
    writer.BeginItem();
  } else if (tag == GUMBO_TAG_BR) {
    writer.BreakLine();
  } else if (tag == GUMBO_TAG_IMG) {
    writer.Text(HtmlAttribute(node, "alt"));
  } else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
    writer.Text(" ");  // cells side by side are not one word
  } else if (IsOneOfTags(tag, kLineTags)) {
    writer.BreakLine();
  } else if (IsOneOfTags(tag, kParagraphTags)) {
    writer.BreakParagraph();
  }
}

void LeaveElement(const GumboNode& node, MarkdownWriter& writer) {
  const GumboTag tag = node.v.element.tag;
  if (HtmlHeadingLevel(tag) > 0) {
    writer.EndHeading();
  } else if (tag == GUMBO_TAG_PRE) {
    writer.EndCode();
  } else if (tag == GUMBO_TAG_LI || IsOneOfTags(tag, kLineTags)) {
    writer.BreakLine();
  } else if (IsOneOfTags(tag, kParagraphTags)) {
    writer.BreakParagraph();
  }
}

void ReadMeta(const GumboNode& meta, std::map<std::string, std::string>& metadata) {
  const std::string_view name = HtmlAttribute(meta, "name");
  for (const std::string_view known : {"description", "author", "keywords"}) {
    std::string value = OneLine(HtmlAttribute(meta, "content"), kMaxMetaBytes);
    if (name == known && !value.empty()) metadata.try_emplace(std::string(known), std::move(value));
  }
}

void ReadHead(const GumboNode& root, HtmlText& page) {
  bool in_title = false;
  const auto enter = [&](const GumboNode& element) {
    const GumboTag tag = element.v.element.tag;
    if (tag == GUMBO_TAG_META) ReadMeta(element, page.metadata);
    if (tag == GUMBO_TAG_TITLE) in_title = page.title.empty();
    return tag == GUMBO_TAG_HTML || tag == GUMBO_TAG_HEAD || tag == GUMBO_TAG_TITLE;
  };
  const auto leave = [&](const GumboNode&) { in_title = false; };
  const auto on_text = [&](std::string_view text) {
    if (in_title && page.title.size() < kMaxTitleText) page.title += text;
  };
  WalkNodes(root, enter, leave, on_text);
}

}  // namespace

Result<HtmlText> ReadHtml(std::string_view html, const HtmlTree::Limits& limits) {
  if (html.size() > kMaxHtmlBytes) {
    return Fail(Code::kResourceExhausted, "HTML larger than {} MiB", kMaxHtmlBytes >> 20U);
  }
  const HtmlTree tree(html, limits);
  if (tree.root() == nullptr) {
    return Fail(Code::kResourceExhausted, "HTML that takes more than {} s or {} MiB to read",
                std::chrono::duration_cast<std::chrono::seconds>(limits.cpu).count(),
                limits.memory >> 20U);
  }
  HtmlText page;
  ReadHead(*tree.root(), page);
  MarkdownWriter writer;
  const auto enter = [&](const GumboNode& element) {
    if (IsUnseen(element)) return false;
    EnterElement(element, writer);
    return true;
  };
  WalkNodes(
      *tree.root(), enter, [&](const GumboNode& element) { LeaveElement(element, writer); },
      [&](std::string_view text) { writer.Text(text); });
  page.text = std::move(writer).Take();
  return page;
}

std::string_view DeclaredHtmlEncoding(std::string_view bytes) {
  constexpr std::size_t kPrescan = 1024;  // where HTML wants the declaration to be
  const std::string_view head = bytes.substr(0, kPrescan);
  const std::size_t key = head.find("charset=");
  if (key == std::string_view::npos) return {};
  std::string_view value = head.substr(key + 8);
  if (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
  constexpr std::string_view kNameCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:.";
  return value.substr(0, std::min(value.find_first_not_of(kNameCharacters), value.size()));
}

}  // namespace baton::workspace::internal
