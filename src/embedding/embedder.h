// Texts as vectors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"

namespace baton::embedding {

// Turns texts into vectors whose angle tells how much they are alike.
//
// Threads: safe; a call lives on the executor of its caller.
// Errors:  as the model behind it reports them; one text fails all of them.
class Embedder {
 public:
  virtual ~Embedder() = default;

  // Of the model and its version: only vectors of the same name are compared.
  virtual std::string_view name() const = 0;
  virtual std::size_t dimensions() const = 0;

  // A vector for each text, in order, each of dimensions() finite numbers. All zeros for a text
  // that says nothing: it is like no other.
  virtual async::Task<Result<std::vector<std::vector<float>>>> Embed(
      std::vector<std::string> texts) = 0;
};

}  // namespace baton::embedding
