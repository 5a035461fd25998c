#include "workspace/internal/front_matter.h"

#include <exception>

#include <yaml-cpp/yaml.h>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxFrontMatterBytes = std::size_t{64} << 10U;
constexpr std::size_t kMaxFields = 32;
constexpr std::size_t kMaxFieldBytes = 500;

std::string FieldValue(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  std::string list;
  if (!node.IsSequence()) return list;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar()) continue;
    if (!list.empty()) list += ", ";
    list += item.Scalar();
    if (list.size() > kMaxFieldBytes) break;
  }
  return list;
}

// Throws YAML::Exception.
std::map<std::string, std::string> ReadFields(const std::string& yaml) {
  std::map<std::string, std::string> fields;
  const YAML::Node root = YAML::Load(yaml);
  if (!root.IsMap()) return fields;
  for (const auto& entry : root) {
    if (fields.size() >= kMaxFields) break;
    if (!entry.first.IsScalar()) continue;
    // YAML may spell bytes that are no UTF-8, and control characters, as escapes.
    std::string value = OneLine(ReplaceInvalidUtf8(FieldValue(entry.second)), kMaxFieldBytes);
    std::erase_if(value, [](unsigned char c) { return c < 0x20; });
    std::string key = OneLine(ReplaceInvalidUtf8(entry.first.Scalar()), kMaxFieldBytes);
    std::erase_if(key, [](unsigned char c) { return c < 0x20; });
    if (!value.empty() && !key.empty()) fields.try_emplace(std::move(key), std::move(value));
  }
  return fields;
}

}  // namespace

FrontMatter ReadFrontMatter(std::string_view content) {
  FrontMatter found;
  LineReader lines(content.substr(0, kMaxFrontMatterBytes));
  if (!lines.Next() || Trim(lines.line()) != "---") return found;
  const std::size_t yaml_begin = lines.end() + 1;
  while (lines.Next()) {
    const std::string_view line = Trim(lines.line());
    if (line != "---" && line != "...") continue;
    try {
      found.fields =
          ReadFields(std::string(content.substr(yaml_begin, lines.begin() - yaml_begin)));
    } catch (const std::exception&) {
      return found;  // two rules around ordinary text look the same
    }
    if (!found.fields.empty()) found.body_begin = std::min(lines.end() + 1, content.size());
    return found;
  }
  return found;
}

}  // namespace baton::workspace::internal
