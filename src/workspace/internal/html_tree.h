// A parsed HTML page, and the memory it takes.
#pragma once

#include <gumbo.h>

#include <csetjmp>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace baton::workspace::internal {

// Gumbo's tree in an arena. Its own destructor recurses once a level and would overflow the
// stack on a page nested a million deep; an arena is dropped whole. It also sets a limit:
// a small page of misnested formatting elements can ask for any amount of memory.
//
// Lifetime: the nodes live as long as the tree; `html` too, for raw text in them.
// Threads:  one thread.
class HtmlTree {
 public:
  HtmlTree(std::string_view html, std::size_t max_memory);
  HtmlTree(const HtmlTree&) = delete;
  HtmlTree& operator=(const HtmlTree&) = delete;

  // Null if the page takes more than the memory allowed.
  const GumboNode* root() const { return root_; }

 private:
  static void* Allocate(void* self, std::size_t size);
  const GumboNode* Parse(std::string_view html);

  const std::size_t max_memory_;
  std::vector<std::unique_ptr<std::byte[]>> regions_;
  std::byte* free_ = nullptr;  // the rest of the last region
  std::size_t left_ = 0;
  std::size_t taken_ = 0;
  std::jmp_buf out_of_memory_;
  const GumboNode* root_ = nullptr;
};

}  // namespace baton::workspace::internal
