// Which part of a page its reader came for.
#pragma once

#include <gumbo.h>

#include <cstddef>
#include <unordered_map>

namespace baton::workspace::web::internal {

// What a page's elements hold, and so which of them are content.
//
// Lifetime: within the tree's.
class PageOutline {
 public:
  explicit PageOutline(const GumboNode& root);

  // The element with the content: <main> or the one <article> if the page says so; else the
  // smallest one that holds most of the page's running text; else the body.
  const GumboNode& main_content() const { return *main_content_; }

  // Whether an element is to be left out wherever it stands: scripts, controls, navigation,
  // what is hidden, and what is called a banner, sidebar, … and looks like one.
  bool IsClutter(const GumboNode& element) const;

 private:
  struct Amount {
    std::size_t text = 0;     // characters, in bytes
    std::size_t linked = 0;   // of these, in links
    std::size_t running = 0;  // of these, in sentences rather than labels
  };

  void Measure(const GumboNode& root);
  const GumboNode* FindDeclared(const GumboNode& root) const;
  const GumboNode* FindByText(const GumboNode& body) const;
  Amount AmountOf(const GumboNode& element) const;

  std::unordered_map<const GumboNode*, Amount> amounts_;
  const GumboNode* main_content_;
};

}  // namespace baton::workspace::web::internal
