// Nearest vectors without comparing them all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace baton::workspace::vectors::internal {

struct Neighbour {
  std::uint32_t row = 0;
  float cosine = 0;
};

// A navigable small world (Malkov, Yashunin 2016) over vectors of length 1 that somebody else
// holds: it keeps pointers only. It misses a few of the nearest; more effort misses fewer.
// The library behind it, hnswlib 0.6.2, is included in vector_graph.cc alone.
//
// Lifetime: the vectors outlive it, where they are.
// Threads:  const methods may run at once; others alone.
// Errors:   kResourceExhausted where memory is; the graph is to be dropped then.
class VectorGraph {
 public:
  static Result<std::unique_ptr<VectorGraph>> Create(std::size_t dimensions, std::size_t capacity);
  ~VectorGraph();
  VectorGraph(const VectorGraph&) = delete;
  VectorGraph& operator=(const VectorGraph&) = delete;

  // `row` is not in it yet.
  Status Add(std::uint32_t row, const float* vector);
  // Keeps it from being found; it still leads to others, so that many removed ones make searches
  // slower.
  void Remove(std::uint32_t row);

  // The nearest first; at most `count`. `effort` is how many are followed, at least `count`.
  Result<std::vector<Neighbour>> Search(const float* query, std::size_t count,
                                        std::size_t effort) const;

  // What a vector in it costs, about, beside itself.
  static constexpr std::size_t kBytesPerVector = 260;

 private:
  struct State;
  explicit VectorGraph(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace baton::workspace::vectors::internal
