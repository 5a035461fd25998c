#include "workspace/web/internal/pdf_page.h"

#include <utility>

#include "workspace/internal/pdf_text.h"

namespace baton::workspace::web::internal {

Status ReadPdfPage(Page& page, std::string_view bytes) {
  auto pdf = workspace::internal::ReadPdf(bytes, {.file_bytes = kMaxPdfBytes,
                                                  .text_bytes = kMaxMarkdownBytes,
                                                  .pages = kMaxPdfPages,
                                                  .cpu = std::chrono::seconds(20)});
  if (!pdf) return std::move(pdf).error();
  page.markdown = std::move(pdf->text);
  page.title = std::move(pdf->title);
  page.metadata.merge(pdf->metadata);
  return {};
}

}  // namespace baton::workspace::web::internal
