// The text of PDF files, by poppler.
#pragma once

#include <string_view>

#include "base/status.h"
#include "workspace/web/page.h"

namespace baton::workspace::web::internal {

inline constexpr std::size_t kMaxPdfBytes = std::size_t{32} << 20U;
inline constexpr int kMaxPdfPages = 300;

// Fills title, markdown (pages apart by an empty line) and metadata of `page`. Pages beyond
// kMaxPdfPages, or after 20 s of CPU, are left out; "cut" says so. kInvalidArgument for what is
// no PDF, needs a password or holds no text (scans).
Status ReadPdfPage(Page& page, std::string_view bytes);

}  // namespace baton::workspace::web::internal
