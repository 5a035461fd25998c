// What a text has to be to become a document.
#pragma once

#include <string>

#include "base/status.h"

namespace baton::workspace::edits::internal {

// `text` as documents hold it, with LF at its lines' ends. kResourceExhausted above
// kMaxEditedBytes, kInvalidArgument for what is not UTF-8 or holds NUL. Takes one pass over all
// of it: not for an executor's thread.
Result<std::string> AsNewText(std::string text);

}  // namespace baton::workspace::edits::internal
