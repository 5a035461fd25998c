// A parsed HTML page, and the memory it takes.
#pragma once

#include <gumbo.h>

#include <chrono>
#include <csetjmp>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace baton::workspace::internal {

// Gumbo's tree in an arena. Its own destructor recurses once a level and would overflow the
// stack on a page nested a million deep; an arena is dropped whole. It also sets limits: Gumbo
// takes any amount of memory for a small page of misnested formatting elements, and time that is
// the square of the depth. All texts in it are valid UTF-8 if `html` is.
//
// Lifetime: the nodes live as long as the tree; `html` too, for raw text in them.
// Threads:  one thread.
class HtmlTree {
 public:
  struct Limits {
    std::size_t memory = std::size_t{512} << 20U;             // bytes
    std::chrono::nanoseconds cpu = std::chrono::seconds(10);  // of this thread
  };

  HtmlTree(std::string_view html, const Limits& limits);
  HtmlTree(const HtmlTree&) = delete;
  HtmlTree& operator=(const HtmlTree&) = delete;

  // Null if the page takes more than it may.
  const GumboNode* root() const { return root_; }

 private:
  static void* Allocate(void* self, std::size_t size);
  void AddRegion(std::size_t size);
  GumboNode* Parse(std::string_view html);
  void MendTexts();
  void Mend(const char*& text);

  const Limits limits_;
  const std::chrono::nanoseconds started_;  // in CPU time of the thread
  std::size_t allocations_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> regions_;
  std::byte* free_ = nullptr;  // the rest of the last region
  std::size_t left_ = 0;
  std::size_t taken_ = 0;
  std::jmp_buf beyond_limits_;
  GumboNode* root_ = nullptr;
  std::deque<std::string> mended_;  // texts of nodes
};

}  // namespace baton::workspace::internal
