#include "workspace/web/internal/main_content.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/internal/html_walk.h"

namespace baton::workspace::web::internal {
namespace {

using workspace::internal::HasHtmlAttribute;
using workspace::internal::HtmlAttribute;
using workspace::internal::IsOneOfTags;
using workspace::internal::WalkNodes;

constexpr std::array kNeverContent = {
    GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,  GUMBO_TAG_TEMPLATE, GUMBO_TAG_HEAD,     GUMBO_TAG_IFRAME,
    GUMBO_TAG_OBJECT, GUMBO_TAG_EMBED,  GUMBO_TAG_SVG,      GUMBO_TAG_NOSCRIPT, GUMBO_TAG_NAV,
    GUMBO_TAG_BUTTON, GUMBO_TAG_SELECT, GUMBO_TAG_INPUT,    GUMBO_TAG_TEXTAREA, GUMBO_TAG_AUDIO,
    GUMBO_TAG_CANVAS, GUMBO_TAG_MAP,    GUMBO_TAG_VIDEO,    GUMBO_TAG_ASIDE,    GUMBO_TAG_FOOTER};
// The search goes into these only: a single long paragraph is not the content.
constexpr std::array kContainers = {GUMBO_TAG_DIV,  GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE,
                                    GUMBO_TAG_MAIN, GUMBO_TAG_TABLE,   GUMBO_TAG_TBODY,
                                    GUMBO_TAG_TR,   GUMBO_TAG_TD,      GUMBO_TAG_CENTER,
                                    GUMBO_TAG_FORM, GUMBO_TAG_BODY,    GUMBO_TAG_HTML};
// In class and id, between what is no letter.
constexpr std::array<std::string_view, 24> kClutterWords = {
    "ad",      "ads",        "advert",     "advertisement", "banner", "breadcrumb",
    "cookie",  "cookies",    "consent",    "menu",          "modal",  "nav",
    "navbar",  "navigation", "newsletter", "pagination",    "popup",  "promo",
    "related", "share",      "sharing",    "sidebar",       "social", "sponsor"};
constexpr std::array<std::string_view, 6> kClutterRoles = {"navigation",    "banner", "contentinfo",
                                                           "complementary", "search", "dialog"};

// A text node shorter than this is a label.
constexpr std::size_t kSentenceBytes = 25;
// Less running text than this says nothing about where the content is.
constexpr std::size_t kMinRunningBytes = 150;

std::size_t VisibleLength(std::string_view text) {
  std::size_t length = 0;
  bool in_blank = true;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank || !in_blank) ++length;
    in_blank = blank;
  }
  return length;
}

bool HasClutterWord(std::string_view names) {
  std::size_t begin = 0;
  while (begin < names.size()) {
    std::size_t end = begin;
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    while (end < names.size() && is_letter(names[end])) ++end;
    std::string word(names.substr(begin, end - begin));
    std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    if (std::ranges::find(kClutterWords, word) != kClutterWords.end()) return true;
    begin = end + 1;
  }
  return false;
}

bool IsHidden(const GumboNode& element) {
  if (HasHtmlAttribute(element, "hidden")) return true;
  if (HtmlAttribute(element, "aria-hidden") == "true") return true;
  const std::string_view style = HtmlAttribute(element, "style");
  return style.find("display:none") != std::string_view::npos ||
         style.find("display: none") != std::string_view::npos;
}

bool IsWithinArticle(const GumboNode& element) {
  // Articles are near: looking all the way up would make deep pages quadratic.
  constexpr int kLevels = 8;
  const GumboNode* node = element.parent;
  for (int i = 0; i < kLevels && node != nullptr && node->type == GUMBO_NODE_ELEMENT; ++i) {
    if (node->v.element.tag == GUMBO_TAG_ARTICLE) return true;
    node = node->parent;
  }
  return false;
}

}  // namespace

PageOutline::PageOutline(const GumboNode& root) : main_content_(&root) {
  Measure(root);
  if (const GumboNode* declared = FindDeclared(root)) {
    main_content_ = declared;
  } else if (const GumboNode* found = FindByText(root)) {
    main_content_ = found;
  }
}

PageOutline::Amount PageOutline::AmountOf(const GumboNode& element) const {
  const auto found = amounts_.find(&element);
  return found == amounts_.end() ? Amount{} : found->second;
}

void PageOutline::Measure(const GumboNode& root) {
  std::vector<Amount> open;
  std::size_t links = 0;
  const auto enter = [&](const GumboNode& element) {
    const GumboTag tag = element.v.element.tag;
    if (IsOneOfTags(tag, kNeverContent) || IsHidden(element)) return false;
    links += tag == GUMBO_TAG_A ? 1 : 0;
    open.emplace_back();
    return true;
  };
  const auto leave = [&](const GumboNode& element) {
    links -= element.v.element.tag == GUMBO_TAG_A ? 1 : 0;
    const Amount amount = open.back();
    open.pop_back();
    amounts_.emplace(&element, amount);
    if (open.empty() || IsClutter(element)) return;
    open.back().text += amount.text;
    open.back().linked += amount.linked;
    open.back().running += amount.running;
  };
  const auto on_text = [&](std::string_view text) {
    const std::size_t length = VisibleLength(text);
    open.back().text += length;
    if (links > 0) open.back().linked += length;
    if (links == 0 && length >= kSentenceBytes) open.back().running += length;
  };
  WalkNodes(root, enter, leave, on_text);
}

bool PageOutline::IsClutter(const GumboNode& element) const {
  const GumboTag tag = element.v.element.tag;
  if (IsOneOfTags(tag, kNeverContent)) {
    // An article's own notes are part of it.
    const bool may_be_content = tag == GUMBO_TAG_ASIDE || tag == GUMBO_TAG_FOOTER;
    return !(may_be_content && IsWithinArticle(element));
  }
  if (IsHidden(element)) return true;
  if (tag == GUMBO_TAG_BODY || tag == GUMBO_TAG_HTML || tag == GUMBO_TAG_MAIN ||
      tag == GUMBO_TAG_ARTICLE) {
    return false;
  }
  if (std::ranges::find(kClutterRoles, HtmlAttribute(element, "role")) != kClutterRoles.end()) {
    return true;
  }
  if (!HasClutterWord(HtmlAttribute(element, "class")) &&
      !HasClutterWord(HtmlAttribute(element, "id"))) {
    return false;
  }
  // A name alone proves nothing ("menu" of a restaurant).
  constexpr std::size_t kShort = 200;
  const Amount amount = AmountOf(element);
  return amount.linked * 3 > amount.text || amount.text < kShort;
}

const GumboNode* PageOutline::FindDeclared(const GumboNode& root) const {
  std::vector<const GumboNode*> mains;
  std::vector<const GumboNode*> articles;
  const auto enter = [&](const GumboNode& element) {
    if (!amounts_.contains(&element)) return false;
    const GumboTag tag = element.v.element.tag;
    if (tag == GUMBO_TAG_MAIN || HtmlAttribute(element, "role") == "main") {
      mains.push_back(&element);
    }
    if (tag == GUMBO_TAG_ARTICLE) articles.push_back(&element);
    return tag != GUMBO_TAG_ARTICLE;  // articles within it are comments
  };
  WalkNodes(root, enter, [](const GumboNode&) {}, [](std::string_view) {});
  const std::size_t all = AmountOf(root).text;
  if (articles.size() == 1 && AmountOf(*articles[0]).text * 3 > all) return articles[0];
  if (mains.size() == 1 && AmountOf(*mains[0]).text * 5 > all) return mains[0];
  return nullptr;
}

const GumboNode* PageOutline::FindByText(const GumboNode& body) const {
  const std::size_t enough = AmountOf(body).running * 7 / 10;
  if (AmountOf(body).running < kMinRunningBytes) return nullptr;
  const GumboNode* best = &body;
  while (true) {
    const GumboVector& children = best->v.element.children;
    const GumboNode* next = nullptr;
    for (unsigned int i = 0; i < children.length && next == nullptr; ++i) {
      const auto* child = static_cast<const GumboNode*>(children.data[i]);
      if (child->type != GUMBO_NODE_ELEMENT) continue;
      if (!IsOneOfTags(child->v.element.tag, kContainers) || IsClutter(*child)) continue;
      if (AmountOf(*child).running >= enough) next = child;
    }
    if (next == nullptr) return best;
    best = next;
  }
}

}  // namespace baton::workspace::web::internal
