#include "agents/internal/graph_file/keys.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/nearest_name.h"

namespace baton::agents {

void ReadKeys(YamlReader& yaml, const YamlPart& map, const std::vector<Key>& keys) {
  if (!map.value.IsMap()) {
    yaml.Members(map);  // says that it is none
    return;
  }
  std::vector<std::string_view> names;
  names.reserve(keys.size());
  for (const Key& key : keys) names.push_back(key.name);
  const std::vector<YamlPart> members = yaml.Members(map);
  for (const YamlPart& member : members) {
    if (std::ranges::find(names, member.key) != names.end()) continue;
    yaml.Mistake(member.key_place, fmt::format("unknown key '{}': {}", member.key,
                                               SuggestName(member.key, "the keys are", names)));
  }
  for (const Key& key : keys) {
    const auto member = std::ranges::find(members, key.name, &YamlPart::key);
    if (member != members.end()) {
      key.read(*member);
    } else if (key.required) {
      yaml.Mistake(map.key_place, fmt::format("'{}' needs a key '{}'", map.key, key.name));
    }
  }
}

bool IsGraphName(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kLongest && text[0] >= 'a' && text[0] <= 'z' &&
         std::ranges::all_of(text, fits);
}

}  // namespace baton::agents
