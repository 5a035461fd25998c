#include "workspace/internal/pdf_text.h"

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

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxPdfTitle = 500;

std::chrono::nanoseconds CpuTimeOfThread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string PdfToUtf8(const poppler::ustring& text) {
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

Result<PdfText> ReadPdf(std::string_view bytes, const PdfLimits& limits) {
  if (bytes.size() > limits.file_bytes) {
    return Fail(Code::kResourceExhausted, "a PDF larger than {} MiB", limits.file_bytes >> 20U);
  }
  const std::unique_ptr<poppler::document> pdf = LoadPdf(bytes);
  if (pdf == nullptr) return Fail(Code::kInvalidArgument, "not a readable PDF");
  if (pdf->is_locked()) return Fail(Code::kInvalidArgument, "a PDF that needs a password");
  PdfText found;
  const auto began = CpuTimeOfThread();
  const int pages = pdf->pages();
  int read = 0;
  while (read < std::min(pages, limits.pages) && found.text.size() < limits.text_bytes &&
         CpuTimeOfThread() - began < limits.cpu) {
    const std::unique_ptr<poppler::page> one(pdf->create_page(read++));
    if (one == nullptr) continue;
    const std::string text = PdfToUtf8(one->text());
    if (Trim(text).empty()) continue;
    if (!found.text.empty()) found.text += "\n\n";
    found.text += Trim(text);
  }
  if (found.text.empty()) return Fail(Code::kInvalidArgument, "a PDF without text (a scan?)");
  found.text.resize(Utf8Prefix(found.text, limits.text_bytes).size());
  found.title = OneLine(PdfToUtf8(pdf->get_title()), kMaxPdfTitle);
  if (std::string author = OneLine(PdfToUtf8(pdf->get_author()), kMaxPdfTitle); !author.empty()) {
    found.metadata["author"] = std::move(author);
  }
  found.metadata["pages"] = std::to_string(pages);
  if (read < pages) found.metadata["cut"] = fmt::format("{} of {} pages were read", read, pages);
  return found;
}

}  // namespace baton::workspace::internal
