// Cutting a document into the pieces that are found and cited.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "workspace/document_store.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {

// All in UTF-16 code units. A piece this size is a few paragraphs: enough to be understood by
// itself, and ten of them fit a small model's context.
struct ChunkSizes {
  std::size_t enough = 800;  // a chunk this long takes no further paragraph that leads above `most`
  std::size_t most = 1200;   // never exceeded
};

// Chunks of whole blocks; a new heading begins a new chunk, a block above the limit is cut at
// ends of sentences, else of lines, else of words. No overlap, and only white space (and
// ruling lines) falls between chunks. `blocks` are of `content`, in order.
std::vector<Chunk> CutIntoChunks(std::string_view content, const std::vector<Block>& blocks,
                                 const ChunkSizes& sizes = {});

}  // namespace baton::workspace::internal
