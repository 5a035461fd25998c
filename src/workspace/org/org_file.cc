#include "workspace/org/org_file.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "workspace/org/internal/element_parser.h"
#include "workspace/org/internal/line_syntax.h"

namespace baton::workspace::org {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Status CheckText(std::string_view text) {
  if (text.size() > kMaxOrgFileBytes) {
    return Fail(Code::kResourceExhausted, "org file: {} bytes, the limit is {}", text.size(),
                kMaxOrgFileBytes);
  }
  const std::size_t bad = std::min(FindInvalidUtf8(text), text.find('\0'));
  if (bad == std::string_view::npos) return {};
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
  return Fail(Code::kInvalidArgument, "org file: byte {} (line {}) is {}: save the file as UTF-8",
              bad, line, text[bad] == '\0' ? "NUL" : "not UTF-8");
}

std::vector<Line> SplitLines(std::string_view text) {
  std::vector<Line> lines;
  lines.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  std::size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  while (begin < text.size()) {
    const std::size_t newline = text.find('\n', begin);
    const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    lines.push_back({.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}});
    begin = end;
  }
  return lines;
}

// Lines of state words count wherever they stand, so they are read before the headings are.
void ReadTodoKeywords(OrgFile& file) {
  for (std::size_t line = 0; line < file.lines.size(); ++line) {
    const std::string_view text = file.LineText(line);
    if (text.find("#+") == std::string_view::npos) continue;
    const auto keyword = internal::ReadKeywordLine(text);
    if (!keyword) continue;
    const std::string key =
        internal::LowerCase(text.substr(keyword->key.begin, keyword->key.end - keyword->key.begin));
    if (key != "todo" && key != "seq_todo" && key != "typ_todo") continue;
    file.todo.AddSequence(
        text.substr(keyword->value.begin, keyword->value.end - keyword->value.begin));
  }
}

}  // namespace

std::string_view OrgFile::line_end() const {
  if (lines.empty()) return "\n";
  return Text(lines.front().span).ends_with("\r\n") ? "\r\n" : "\n";
}

std::string_view OrgFile::LineText(std::size_t line) const {
  std::string_view out = Text(lines[line].span);
  if (out.ends_with('\n')) out.remove_suffix(1);
  if (out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

std::size_t OrgFile::LineAt(std::uint32_t offset) const {
  const auto behind =
      std::ranges::upper_bound(lines, offset, {}, [](const Line& line) { return line.span.begin; });
  return behind == lines.begin() ? 0 : static_cast<std::size_t>(behind - lines.begin()) - 1;
}

int OrgFile::HeadingAt(std::uint32_t offset) const {
  const auto behind = std::ranges::upper_bound(
      headings, offset, {}, [](const Heading& heading) { return heading.section.begin; });
  return static_cast<int>(behind - headings.begin()) - 1;
}

std::string_view OrgFile::PropertyOf(const Heading& heading, std::string_view key) const {
  if (heading.properties < 0) return {};
  for (const Property& property :
       drawers[static_cast<std::size_t>(heading.properties)].properties) {
    if (internal::EqualsIgnoringCase(Text(property.key), key)) return Text(property.value);
  }
  return {};
}

Result<OrgFile> ParseOrgFile(std::string text) {
  BATON_TRY(CheckText(text));
  OrgFile file;
  file.text = std::move(text);
  file.lines = SplitLines(file.text);
  ReadTodoKeywords(file);
  internal::ElementParser(file).Run();
  return file;
}

}  // namespace baton::workspace::org
