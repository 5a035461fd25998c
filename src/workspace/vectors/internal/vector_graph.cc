#include "workspace/vectors/internal/vector_graph.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <queue>
#include <string>
#include <utility>

// With its SSE code hnswlib 0.6.2 reads a link behind the end of each list, to prefetch it, and
// defines functions in its header that are not inline. Distances are ours anyway.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include "embedding/vector.h"

namespace baton::workspace::vectors::internal {
namespace {

// 16 links a vector and 100 candidates for them: of the ten nearest of 100,000 it finds more than
// nine with an effort of 100.
constexpr std::size_t kLinks = 16;
constexpr std::size_t kBuildEffort = 100;
constexpr std::size_t kSeed = 100;  // the same rows in the same order give the same graph

// What hnswlib stores of each vector is where it is. It puts its own 8 bytes behind 132 of links
// and these: the four more keep them aligned.
constexpr std::size_t kStoredBytes = sizeof(const float*) + 4;
using Stored = std::array<char, kStoredBytes>;

Stored StoredOf(const float* vector) {
  Stored stored{};
  std::memcpy(stored.data(), static_cast<const void*>(&vector), sizeof(vector));
  return stored;
}

const float* VectorAt(const void* stored) {
  const float* vector = nullptr;
  std::memcpy(static_cast<void*>(&vector), stored, sizeof(vector));
  return vector;
}

float DistanceOf(const void* a, const void* b, const void* dimensions) {
  return 1.0F - embedding::DotProduct(VectorAt(a), VectorAt(b),
                                      *static_cast<const std::size_t*>(dimensions));
}

class PointerSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit PointerSpace(std::size_t dimensions) : dimensions_(dimensions) {}
  std::size_t get_data_size() override { return kStoredBytes; }
  hnswlib::DISTFUNC<float> get_dist_func() override { return &DistanceOf; }
  void* get_dist_func_param() override { return &dimensions_; }

 private:
  std::size_t dimensions_;
};

// hnswlib throws where memory is short, and on misuse.
template <typename Call>
auto Guarded(Call call) -> Result<decltype(call())> {
  try {
    return call();
  } catch (const std::exception& error) {
    return Fail(Code::kResourceExhausted, "graph of vectors: {}", error.what());
  }
}

}  // namespace

struct VectorGraph::State {
  State(std::size_t dimensions, std::size_t capacity)
      : space(dimensions), graph(&space, capacity, kLinks, kBuildEffort, kSeed) {}
  PointerSpace space;
  hnswlib::HierarchicalNSW<float> graph;
};

VectorGraph::VectorGraph(std::unique_ptr<State> state) : state_(std::move(state)) {}
VectorGraph::~VectorGraph() = default;

Result<std::unique_ptr<VectorGraph>> VectorGraph::Create(std::size_t dimensions,
                                                         std::size_t capacity) {
  auto state = Guarded(
      [&] { return std::make_unique<State>(dimensions, std::max<std::size_t>(capacity, 1)); });
  if (!state) return Fail(std::move(state).error());
  return std::unique_ptr<VectorGraph>(new VectorGraph(*std::move(state)));
}

Status VectorGraph::Add(std::uint32_t row, const float* vector) {
  hnswlib::HierarchicalNSW<float>& graph = state_->graph;
  const auto added = Guarded([&] {
    if (graph.cur_element_count == graph.max_elements_) {
      graph.resizeIndex(graph.max_elements_ + graph.max_elements_ / 2 + 1);
    }
    graph.addPoint(StoredOf(vector).data(), row);
    return true;
  });
  return added ? Status() : added.error();
}

void VectorGraph::Remove(std::uint32_t row) {
  // A row that is not in it, or removed already, is refused: then there is nothing to do.
  static_cast<void>(Guarded([&] {
    state_->graph.markDelete(row);
    return true;
  }));
}

Result<std::vector<Neighbour>> VectorGraph::Search(const float* query, std::size_t count,
                                                   std::size_t effort) const {
  return Guarded([&] {
    // As many as are followed are asked for: hnswlib's own setting of the effort is a member that
    // all searches share.
    std::vector<Neighbour> found;
    auto nearest = state_->graph.searchKnn(StoredOf(query).data(), std::max(count, effort));
    while (!nearest.empty()) {
      found.push_back(
          {static_cast<std::uint32_t>(nearest.top().second), 1.0F - nearest.top().first});
      nearest.pop();
    }
    std::ranges::reverse(found);
    if (found.size() > count) found.resize(count);
    return found;
  });
}

}  // namespace baton::workspace::vectors::internal
