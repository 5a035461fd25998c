#include "workspace/org/internal/splice.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace baton::workspace::org::internal {

void Splices::Replace(Span span, std::string text) {
  // What is inserted where something is replaced goes before it.
  const auto order = [](Span each) { return std::pair(each.begin, !each.empty()); };
  const auto place = std::ranges::upper_bound(splices_, order(span), {},
                                              [&](const Splice& each) { return order(each.span); });
  splices_.insert(place, {span, std::move(text)});
}

void Splices::InsertLines(std::uint32_t at, const std::vector<std::string>& lines) {
  const std::string line_end(file_.line_end());
  const bool own_line = BeginsLine(file_, at);
  std::string text;
  for (const std::string& line : lines) text += own_line ? line + line_end : line_end + line;
  Insert(at, std::move(text));
}

std::string Splices::Apply() const {
  std::string out;
  std::uint32_t at = 0;
  for (const Splice& splice : splices_) {
    BATON_CHECK(splice.span.begin >= at, "splices overlap");
    out += file_.Text({at, splice.span.begin});
    out += splice.text;
    at = splice.span.end;
  }
  out += file_.Text({at, static_cast<std::uint32_t>(file_.text.size())});
  return out;
}

std::uint32_t Splices::Moved(std::uint32_t at) const {
  std::int64_t moved = at;
  for (const Splice& splice : splices_) {
    if (splice.span.end > at || splice.span.begin >= at) break;
    moved += static_cast<std::int64_t>(splice.text.size()) - (splice.span.end - splice.span.begin);
  }
  return static_cast<std::uint32_t>(moved);
}

bool BeginsLine(const OrgFile& file, std::uint32_t at) {
  if (at == 0 || file.lines.empty()) return true;
  return file.text[at - 1] == '\n' || at == file.lines.front().span.begin;
}

std::string WithLineEnds(std::string_view text, std::string_view line_end) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) return out.append(text.substr(at));
    std::string_view line = text.substr(at, newline - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.append(line).append(line_end);
    at = newline + 1;
  }
  return out;
}

}  // namespace baton::workspace::org::internal
