// The text of PDF files, by poppler's programs: a page may take any time and memory, and the
// broken ones that are about end the process that reads them.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::workspace::internal {

struct PdfText {
  std::string text;                             // pages apart by an empty line
  std::string title;                            // one line; may be empty
  std::map<std::string, std::string> metadata;  // "author", "pages", "cut" (why not all is there)
};

struct PdfLimits {
  std::size_t file_bytes = std::size_t{64} << 20U;
  std::size_t text_bytes = std::size_t{16} << 20U;
  int pages = 5000;
  std::chrono::seconds cpu = std::chrono::seconds(60);
  std::string text_program = "pdftotext";  // of poppler-utils, as pdfinfo
};

// kInvalidArgument for what is no PDF, needs a password or holds no text (scans),
// kResourceExhausted for a file that is too large or of which no page can be read within the
// limits, kUnavailable if poppler's programs are not installed. Blocks.
Result<PdfText> ReadPdf(std::string_view bytes, const PdfLimits& limits = {});

}  // namespace baton::workspace::internal
