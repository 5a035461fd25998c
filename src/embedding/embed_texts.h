// Asking an embedder, and checking what it says.
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "embedding/embedder.h"

namespace baton::embedding {

// A vector of length 1 for each text, in order; empty for a text that says nothing. At most 8 KiB
// of each text are read. The embedder's errors with its name; kInternal if it yields too few
// vectors, or some that are not as it promises.
async::Task<Result<std::vector<std::vector<float>>>> EmbedTexts(Embedder& embedder,
                                                                std::vector<std::string> texts);

}  // namespace baton::embedding
