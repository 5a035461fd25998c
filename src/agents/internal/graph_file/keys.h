// The keys that a map of a graph file may have.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "agents/internal/graph_file/yaml_part.h"

namespace baton::agents {

struct Key {
  std::string_view name;
  bool required = false;
  std::function<void(const YamlPart& part)> read;
};

// Calls `read` for each key that is there, in the order of `keys`. Unknown keys and those that
// are missing are mistakes.
void ReadKeys(YamlReader& yaml, const YamlPart& map, const std::vector<Key>& keys);

// A small letter, then small letters, digits and '_', at most 64.
bool IsGraphName(std::string_view text);

}  // namespace baton::agents
