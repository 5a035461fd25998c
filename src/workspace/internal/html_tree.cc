#include "workspace/internal/html_tree.h"

#include <time.h>

#include <algorithm>

#include "base/utf8.h"
#include "workspace/internal/html_walk.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{256} << 10U;
constexpr std::size_t kAllocationsPerLook = 64;  // at the time

std::chrono::nanoseconds ThreadCpuTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

HtmlTree::HtmlTree(std::string_view html, const Limits& limits)
    : limits_(limits), started_(ThreadCpuTime()) {
  root_ = Parse(html);
  if (root_ != nullptr && html.find("&#") != std::string_view::npos) MendTexts();
}

// Gumbo does not check for null: the only way out of it is over its stack frames, which are C
// and own nothing but arena memory.
void* HtmlTree::Allocate(void* self, std::size_t size) {
  auto& tree = *static_cast<HtmlTree*>(self);
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (++tree.allocations_ % kAllocationsPerLook == 0 &&
      ThreadCpuTime() - tree.started_ > tree.limits_.cpu) {
    std::longjmp(tree.beyond_limits_, 1);
  }
  if (size > tree.left_) {
    if (std::max(size, kRegionBytes) > tree.limits_.memory - tree.taken_) {
      std::longjmp(tree.beyond_limits_, 1);
    }
    tree.AddRegion(std::max(size, kRegionBytes));
  }
  void* const memory = tree.free_;
  tree.free_ += size;
  tree.left_ -= size;
  return memory;
}

void HtmlTree::AddRegion(std::size_t size) {
  regions_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  taken_ += size;
  free_ = regions_.back().get();
  left_ = size;
}

GumboNode* HtmlTree::Parse(std::string_view html) {
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = &HtmlTree::Allocate;
  options.deallocator = [](void*, void*) {};
  options.userdata = this;
  options.max_errors = 0;
  if (setjmp(beyond_limits_) != 0) return nullptr;
  return gumbo_parse_with_options(&options, html.data(), html.size())->root;
}

// Of a reference whose number overflows, such as "&#x8001ffff;", Gumbo 0.10 makes bytes that are
// no UTF-8.
void HtmlTree::MendTexts() {
  std::vector<GumboNode*> nodes = {root_};
  while (!nodes.empty()) {
    GumboNode& node = *nodes.back();
    nodes.pop_back();
    if (IsHtmlText(node)) Mend(node.v.text.text);
    if (!IsHtmlElement(node)) continue;
    const GumboVector& attributes = node.v.element.attributes;
    for (unsigned int i = 0; i < attributes.length; ++i) {
      Mend(static_cast<GumboAttribute*>(attributes.data[i])->value);
    }
    const GumboVector& children = node.v.element.children;
    for (unsigned int i = 0; i < children.length; ++i) {
      nodes.push_back(static_cast<GumboNode*>(children.data[i]));
    }
  }
}

void HtmlTree::Mend(const char*& text) {
  if (!IsValidUtf8(text)) text = mended_.emplace_back(ReplaceInvalidUtf8(text)).c_str();
}

}  // namespace baton::workspace::internal
