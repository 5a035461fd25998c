// The vectors of one user in memory, searched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "workspace/vectors/internal/vector_graph.h"

namespace baton::workspace::vectors::internal {

struct ChunkVector {
  std::int64_t position = 0;
  std::vector<float> vector;  // of length 1
};

struct SetMatch {
  std::string document_id;
  std::int64_t position = 0;
  std::int64_t stamp = 0;  // of the document, as it was put
  double cosine = 0;
};

// A matrix of vectors, compared one by one, until there are so many that a graph pays. What has
// come since the graph was made is compared one by one beside it, so that nothing waits for it.
//
// Threads: safe; every call may wait for another's milliseconds: call it on a pool.
class VectorSet {
 public:
  // `exact`: up to so many vectors beside the graph are compared one by one.
  VectorSet(std::size_t dimensions, std::size_t exact);

  // All vectors of the document, instead of those it had; none removes it. Vectors of another
  // dimension are left out.
  void Put(const std::string& document_id, std::int64_t stamp,
           const std::vector<ChunkVector>& vectors);

  // The most alike, at most `count`; with `only`, of these documents, each of which is looked at.
  // Where the graph fails, the vectors are compared one by one.
  std::vector<SetMatch> Search(std::span<const float> query, std::size_t count,
                               const std::set<std::string, std::less<>>* only) const;

  // Makes or extends the graph if too many vectors are beside it. Takes minutes of a core
  // for 100,000; searches go on meanwhile. False if there was nothing to do. One call at
  // a time.
  bool Grow(const std::function<bool()>& stop);

  std::size_t size() const;                                     // vectors
  std::size_t CountOf(std::span<const std::string> ids) const;  // vectors of these documents
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kBlockRows = 128;
  using Block = std::shared_ptr<std::vector<float>>;

  struct Entry {  // a document
    std::int64_t stamp = 0;
    std::vector<std::uint32_t> rows;
  };
  struct Row {
    const std::string* document = nullptr;  // null: removed
    std::int64_t position = 0;
    const Entry* entry = nullptr;
  };
  struct Best;

  const float* At(std::uint32_t row) const;
  std::uint32_t AppendRow(std::span<const float> vector);
  void RemoveRows(Entry& entry);
  void Compact();
  bool BuildGraph(const std::function<bool()>& stop);
  bool ExtendGraph(const std::function<bool()>& stop);
  SetMatch MatchOf(std::uint32_t row, double cosine) const;
  std::vector<Neighbour> Nearest(const float* query, std::size_t count) const;

  const std::size_t dimensions_;
  const std::size_t exact_;

  mutable std::shared_mutex mutex_;  // guards all below
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<Row> rows_;
  std::vector<Block> blocks_;
  std::size_t removed_ = 0;
  std::unique_ptr<VectorGraph> graph_;  // of the rows below graphed_
  std::size_t graphed_ = 0;
  std::uint64_t generation_ = 0;  // rises when rows get other numbers
};

}  // namespace baton::workspace::vectors::internal
