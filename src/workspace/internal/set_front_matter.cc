#include "workspace/internal/set_front_matter.h"

#include <fmt/format.h>

#include "workspace/internal/blocks.h"
#include "workspace/internal/front_matter.h"

namespace baton::workspace::internal {
namespace {

bool BelongsToFieldAbove(std::string_view line) {
  return !line.empty() && (line.front() == ' ' || line.front() == '\t' || line.front() == '-');
}

}  // namespace

std::string SetFrontMatterField(std::string_view content, std::string_view key,
                                std::string_view yaml) {
  const std::size_t body = ReadFrontMatter(content).body_begin;
  const std::string line = fmt::format("{}: {}\n", key, yaml);
  if (body == 0) return fmt::format("---\n{}---\n\n{}", line, content);
  const std::string field = fmt::format("{}:", key);
  std::string head;
  bool done = false;
  bool skipping = false;
  LineReader lines(content.substr(0, body));
  for (bool first = true; lines.Next(); first = false) {
    const std::string_view text = lines.line();
    const bool closes = !first && (Trim(text) == "---" || Trim(text) == "...");
    skipping = skipping && !closes && BelongsToFieldAbove(text);
    if (skipping) continue;
    if (!first && !done && (closes || text.starts_with(field))) {
      head += line;
      done = true;
      skipping = !closes;
      if (!closes) continue;
    }
    head += text;
    head += '\n';
  }
  return head + std::string(content.substr(body));
}

std::string YamlText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20U ? ' ' : c;
  }
  return quoted + '"';
}

}  // namespace baton::workspace::internal
