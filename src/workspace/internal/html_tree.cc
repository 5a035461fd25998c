#include "workspace/internal/html_tree.h"

#include <algorithm>

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{256} << 10U;

}  // namespace

HtmlTree::HtmlTree(std::string_view html, std::size_t max_memory) : max_memory_(max_memory) {
  root_ = Parse(html);
}

void* HtmlTree::Allocate(void* self, std::size_t size) {
  auto& tree = *static_cast<HtmlTree*>(self);
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (size > tree.left_) {
    const std::size_t region = std::max(size, kRegionBytes);
    // Gumbo does not check for null: the only way out of it is over its stack frames, which
    // are C and own nothing but arena memory.
    if (region > tree.max_memory_ - tree.taken_) std::longjmp(tree.out_of_memory_, 1);
    tree.regions_.push_back(std::make_unique_for_overwrite<std::byte[]>(region));
    tree.taken_ += region;
    tree.free_ = tree.regions_.back().get();
    tree.left_ = region;
  }
  void* const memory = tree.free_;
  tree.free_ += size;
  tree.left_ -= size;
  return memory;
}

const GumboNode* HtmlTree::Parse(std::string_view html) {
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = &HtmlTree::Allocate;
  options.deallocator = [](void*, void*) {};
  options.userdata = this;
  options.max_errors = 0;
  if (setjmp(out_of_memory_) != 0) return nullptr;
  return gumbo_parse_with_options(&options, html.data(), html.size())->root;
}

}  // namespace baton::workspace::internal
