// Org files (orgmode.org/worg/org-syntax.html): headings and file keywords.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {

struct OrgOutline {
  std::vector<Block> blocks;
  std::map<std::string, std::string> keywords;  // "#+TITLE: x" as {"title", "x"}
};

// Headings lose their TODO keyword, priority and tags; what stands between #+BEGIN_… and
// #+END_… is one block.
OrgOutline ReadOrg(std::string_view content);

}  // namespace baton::workspace::internal
