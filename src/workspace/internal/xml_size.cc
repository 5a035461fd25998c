#include "workspace/internal/xml_size.h"

#include <algorithm>

namespace baton::workspace::internal {

Status CheckXmlSize(std::string_view xml) {
  constexpr std::ptrdiff_t kMostMarks = 4'000'000;
  if (std::ranges::count(xml, '<') > kMostMarks || std::ranges::count(xml, '=') > kMostMarks) {
    return Fail(Code::kResourceExhausted, "XML of more than {} elements or attributes", kMostMarks);
  }
  return {};
}

}  // namespace baton::workspace::internal
