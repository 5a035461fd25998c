#include "workspace/internal/pdf_text.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/limited_program.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxPdfTitle = 500;
constexpr std::size_t kMaxPdfInfo = std::size_t{1} << 20U;
// By the clock, of the CPU time: where the machine is busy.
constexpr int kPdfPatience = 3;

Result<ProgramOutcome> RunPoppler(std::vector<std::string> command, std::string_view pdf,
                                  std::chrono::seconds cpu, std::size_t output) {
  auto outcome =
      RunLimited(command, pdf, {.cpu = cpu, .time = kPdfPatience * cpu, .output = output});
  if (outcome || outcome.error().code() != Code::kUnavailable) return outcome;
  return Fail(Code::kUnavailable,
              "PDFs cannot be read here, there is no program '{}': install poppler-utils",
              command.front());
}

std::string CleanPdfText(std::string text) {
  std::erase(text, '\0');
  return IsValidUtf8(text) ? std::move(text) : ReplaceInvalidUtf8(text);
}

// What pdfinfo says of a field, "Title:           A report"; one line.
std::string PdfField(std::string_view info, std::string_view name) {
  LineReader lines(info);
  while (lines.Next()) {
    if (lines.line().starts_with(name)) {
      return OneLine(CleanPdfText(std::string(lines.line().substr(name.size()))), kMaxPdfTitle);
    }
  }
  return {};
}

// Every page that was read to its end ends with a form feed; how many there are.
int AppendPages(std::string_view pages, PdfText& found) {
  int read = 0;
  while (!pages.empty()) {
    const std::size_t end = std::min(pages.find('\f'), pages.size());
    if (end < pages.size()) ++read;
    const std::string_view page = Trim(pages.substr(0, end));
    pages.remove_prefix(std::min(end + 1, pages.size()));
    if (page.empty()) continue;
    if (!found.text.empty()) found.text += "\n\n";
    found.text += page;
  }
  return read;
}

}  // namespace

Result<PdfText> ReadPdf(std::string_view bytes, const PdfLimits& limits) {
  if (bytes.size() > limits.file_bytes) {
    return Fail(Code::kResourceExhausted, "a PDF larger than {} MiB", limits.file_bytes >> 20U);
  }
  const auto text = RunPoppler({limits.text_program, "-q", "-enc", "UTF-8", "-eol", "unix", "-l",
                                std::to_string(limits.pages), "-", "-"},
                               bytes, limits.cpu, limits.text_bytes);
  if (!text) return Fail(text.error());
  const auto info = RunPoppler({"pdfinfo", "-enc", "UTF-8", "-"}, bytes, limits.cpu, kMaxPdfInfo);
  if (!info) return Fail(info.error());
  if (info->errors.find("Incorrect password") != std::string::npos) {
    return Fail(Code::kInvalidArgument, "a PDF that needs a password");
  }
  if (info->exit_code > 0) return Fail(Code::kInvalidArgument, "not a readable PDF");
  PdfText found;
  const int read = AppendPages(CleanPdfText(text->output), found);
  const std::string count = PdfField(info->output, "Pages:");
  int pages = 0;
  std::from_chars(count.data(), count.data() + count.size(), pages);
  const bool gave_up = info->exit_code != 0 || (text->exit_code != 0 && pages > 0);
  if (found.text.empty() && gave_up) {
    return Fail(Code::kResourceExhausted, "a PDF that takes too much time or memory to read");
  }
  if (found.text.empty()) return Fail(Code::kInvalidArgument, "a PDF without text (a scan?)");
  found.text.resize(Utf8Prefix(found.text, limits.text_bytes).size());
  found.title = PdfField(info->output, "Title:");
  if (std::string author = PdfField(info->output, "Author:"); !author.empty()) {
    found.metadata["author"] = std::move(author);
  }
  found.metadata["pages"] = std::to_string(pages);
  if (read < pages) found.metadata["cut"] = fmt::format("{} of {} pages were read", read, pages);
  return found;
}

}  // namespace baton::workspace::internal
