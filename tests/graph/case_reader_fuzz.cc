// Any bytes are a case or a reason why not, and a graph that compiles can be drawn.
#include <cstddef>
#include <cstdint>

#include "case_reader.h"
#include "graph/draw_mermaid.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read =
      baton::probe::ReadCase({reinterpret_cast<const char*>(data), size}, /*suspending=*/false);
  if (read && read->graph) static_cast<void>(baton::graph::DrawMermaid(**read->graph));
  return 0;
}
