#include "workspace/edits/internal/new_text.h"

#include "base/utf8.h"
#include "workspace/edits/edit_service.h"

namespace baton::workspace::edits::internal {

Result<std::string> AsNewText(std::string text) {
  if (text.size() > kMaxEditedBytes) {
    return Fail(Code::kResourceExhausted, "a document larger than {} MiB cannot be edited",
                kMaxEditedBytes >> 20U);
  }
  if (text.find('\0') != std::string::npos || !IsValidUtf8(text)) {
    return Fail(Code::kInvalidArgument, "the new text is not valid UTF-8 without NUL");
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends_with_lf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!ends_with_lf) text[kept++] = text[i];
  }
  text.resize(kept);
  return text;
}

}  // namespace baton::workspace::edits::internal
