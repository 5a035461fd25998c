// Walking over a parsed HTML page.
#pragma once

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace baton::workspace::internal {

inline bool IsHtmlText(const GumboNode& node) {
  return node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE ||
         node.type == GUMBO_NODE_CDATA;
}

inline bool IsHtmlElement(const GumboNode& node) {
  return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
}

inline bool HasHtmlAttribute(const GumboNode& element, const char* name) {
  return gumbo_get_attribute(&element.v.element.attributes, name) != nullptr;
}

// Empty if there is none.
inline std::string_view HtmlAttribute(const GumboNode& element, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&element.v.element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

// 1 to 6 for h1 to h6, else 0.
inline int HtmlHeadingLevel(GumboTag tag) {
  return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? tag - GUMBO_TAG_H1 + 1 : 0;
}

template <std::size_t Size>
bool IsOneOfTags(GumboTag tag, const std::array<GumboTag, Size>& tags) {
  return std::ranges::find(tags, tag) != tags.end();
}

// Visits `root` and what is under it in document order, without recursion: pages may nest
// without limit. `enter(element)` says whether to go into an element; `leave(element)` follows
// each that was entered; `on_text(text)` sees text and white space.
template <typename Enter, typename Leave, typename OnText>
void WalkNodes(const GumboNode& root, Enter enter, Leave leave, OnText on_text) {
  struct Frame {
    const GumboNode* element;
    unsigned int next_child;
  };
  if (!enter(root)) return;
  std::vector<Frame> path = {{&root, 0}};
  while (!path.empty()) {
    Frame& frame = path.back();
    const GumboVector& children = frame.element->v.element.children;
    if (frame.next_child == children.length) {
      leave(*frame.element);
      path.pop_back();
      continue;
    }
    const auto* child = static_cast<const GumboNode*>(children.data[frame.next_child++]);
    if (IsHtmlText(*child)) {
      on_text(std::string_view(child->v.text.text));
    } else if (IsHtmlElement(*child) && enter(*child)) {
      path.push_back({child, 0});
    }
  }
}

}  // namespace baton::workspace::internal
