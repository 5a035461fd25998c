// Any bytes as a graph file: a graph that compiles, runs and can be drawn, or mistakes with their
// places.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agents/graph_file.h"
#include "base/check.h"
#include "graph/draw_mermaid.h"

namespace {

// Every subgraph is the file itself, so that nesting is tried too.
baton::agents::GraphFileOptions SubgraphsOf(std::string_view text) {
  return {.read = [text](const std::filesystem::path&) -> baton::Result<std::string> {
    return std::string(text);
  }};
}

// "FILE:LINE:COLUMN: …" on every line.
void CheckPlaces(std::string_view mistakes) {
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  while (!mistakes.empty()) {
    const std::string_view line = mistakes.substr(0, mistakes.find('\n'));
    mistakes.remove_prefix(std::min(line.size() + 1, mistakes.size()));
    bool placed = false;
    for (std::size_t at = line.find(':'); at != std::string_view::npos;
         at = line.find(':', at + 1)) {
      const std::size_t second = line.find(':', at + 1);
      const std::size_t third =
          second == std::string_view::npos ? second : line.find(':', second + 1);
      if (third == std::string_view::npos) break;
      placed = placed || (digits(line.substr(at + 1, second - at - 1)) &&
                          digits(line.substr(second + 1, third - second - 1)));
    }
    BATON_CHECK(placed, "a mistake without a place");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = baton::agents::ParseGraphFile(text, "fuzz.yaml", SubgraphsOf(text));
  if (!file) {
    CheckPlaces(file.error().message());
    return 0;
  }
  BATON_CHECK(!file->name.empty() && file->graph != nullptr, "a file without a graph");
  const std::string drawing = baton::graph::DrawMermaid(*file->graph, {.expand_subgraphs = true});
  BATON_CHECK(drawing.ends_with("classDef last fill:#bfb6fc\n"), "a drawing without an end");
  return 0;
}
