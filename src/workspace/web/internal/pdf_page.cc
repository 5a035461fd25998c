#include "workspace/web/internal/pdf_page.h"

#include <poppler-document.h>
#include <poppler-global.h>
#include <poppler-page.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::web::internal {
namespace {

using workspace::internal::OneLine;
using workspace::internal::Trim;

constexpr std::size_t kMaxPdfTitle = 500;
constexpr std::chrono::seconds kPdfTime(20);

std::chrono::nanoseconds CpuTimeOfThread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string ToText(const poppler::ustring& text) {
  const poppler::byte_array bytes = text.to_utf8();
  std::string out(bytes.begin(), bytes.end());
  std::erase_if(out, [](char c) { return c == '\0' || c == '\f'; });
  return IsValidUtf8(out) ? out : ReplaceInvalidUtf8(out);
}

// poppler's remarks on broken files are of no use to an operator.
void DropRemark(const std::string&, void*) {}

std::unique_ptr<poppler::document> LoadPdf(std::string_view bytes) {
  static const bool quiet = [] {
    poppler::set_debug_error_function(DropRemark, nullptr);
    return true;
  }();
  static_cast<void>(quiet);
  return std::unique_ptr<poppler::document>(
      poppler::document::load_from_raw_data(bytes.data(), static_cast<int>(bytes.size())));
}

}  // namespace

Status ReadPdfPage(Page& page, std::string_view bytes) {
  if (bytes.size() > kMaxPdfBytes) {
    return Fail(Code::kResourceExhausted, "a PDF larger than {} MiB", kMaxPdfBytes >> 20U);
  }
  const std::unique_ptr<poppler::document> pdf = LoadPdf(bytes);
  if (pdf == nullptr) return Fail(Code::kInvalidArgument, "not a readable PDF");
  if (pdf->is_locked()) return Fail(Code::kInvalidArgument, "a PDF that needs a password");
  const auto began = CpuTimeOfThread();
  const int pages = pdf->pages();
  int read = 0;
  while (read < std::min(pages, kMaxPdfPages) && page.markdown.size() < kMaxMarkdownBytes &&
         CpuTimeOfThread() - began < kPdfTime) {
    const std::unique_ptr<poppler::page> one(pdf->create_page(read++));
    if (one == nullptr) continue;
    const std::string text = ToText(one->text());
    if (Trim(text).empty()) continue;
    if (!page.markdown.empty()) page.markdown += "\n\n";
    page.markdown += Trim(text);
  }
  if (page.markdown.empty()) {
    return Fail(Code::kInvalidArgument, "a PDF without text (a scan?)");
  }
  page.markdown.resize(Utf8Prefix(page.markdown, kMaxMarkdownBytes).size());
  page.title = OneLine(ToText(pdf->get_title()), kMaxPdfTitle);
  if (std::string author = OneLine(ToText(pdf->get_author()), kMaxPdfTitle); !author.empty()) {
    page.metadata["author"] = std::move(author);
  }
  page.metadata["pages"] = std::to_string(pages);
  if (read < pages) page.metadata["cut"] = fmt::format("{} of {} pages were read", read, pages);
  return {};
}

}  // namespace baton::workspace::web::internal
