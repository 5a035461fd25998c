#include "workspace/vectors/internal/vector_set.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "embedding/vector.h"

namespace baton::workspace::vectors::internal {
namespace {

constexpr std::size_t kEffort = 120;
constexpr std::size_t kRowsPerLock = 16;  // searches wait for so many to be added
constexpr std::size_t kFewRemoved = 1000;
constexpr std::size_t kBytesPerRow = 64;  // beside the vector

bool IsNearer(const Neighbour& a, const Neighbour& b) {
  return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
}

}  // namespace

// The nearest of what is offered.
struct VectorSet::Best {
  explicit Best(std::size_t most) : most(most) {}

  void Offer(Neighbour neighbour) {
    if (most == 0) return;
    if (heap.size() == most && !IsNearer(neighbour, heap.front())) return;
    if (heap.size() == most) {
      std::ranges::pop_heap(heap, IsNearer);
      heap.pop_back();
    }
    heap.push_back(neighbour);
    std::ranges::push_heap(heap, IsNearer);
  }

  std::vector<Neighbour> Take() {
    std::ranges::sort(heap, IsNearer);
    return std::move(heap);
  }

  std::size_t most;
  std::vector<Neighbour> heap;  // the least near in front
};

VectorSet::VectorSet(std::size_t dimensions, std::size_t exact)
    : dimensions_(dimensions), exact_(exact) {}

const float* VectorSet::At(std::uint32_t row) const {
  return blocks_[row / kBlockRows]->data() + row % kBlockRows * dimensions_;
}

std::uint32_t VectorSet::AppendRow(std::span<const float> vector) {
  const std::size_t row = rows_.size();
  if (row / kBlockRows == blocks_.size()) {
    blocks_.push_back(std::make_shared<std::vector<float>>(kBlockRows * dimensions_));
  }
  std::ranges::copy(vector, blocks_.back()->data() + row % kBlockRows * dimensions_);
  rows_.emplace_back();
  return static_cast<std::uint32_t>(row);
}

void VectorSet::RemoveRows(Entry& entry) {
  for (const std::uint32_t row : entry.rows) {
    rows_[row] = {};
    if (graph_ != nullptr && row < graphed_) graph_->Remove(row);
  }
  removed_ += entry.rows.size();
  entry.rows.clear();
}

void VectorSet::Put(const std::string& document_id, std::int64_t stamp,
                    const std::vector<ChunkVector>& vectors) {
  const std::unique_lock lock(mutex_);
  const auto [found, added] = entries_.try_emplace(document_id);
  Entry& entry = found->second;
  RemoveRows(entry);
  entry.stamp = stamp;
  for (const ChunkVector& chunk : vectors) {
    if (chunk.vector.size() != dimensions_) continue;
    const std::uint32_t row = AppendRow(chunk.vector);
    rows_[row] = {.document = &found->first, .position = chunk.position, .entry = &entry};
    entry.rows.push_back(row);
  }
  if (entry.rows.empty()) entries_.erase(found);
  if (removed_ > kFewRemoved && removed_ > rows_.size() / 3) Compact();
}

void VectorSet::Compact() {
  std::vector<Row> rows = std::exchange(rows_, {});
  const std::vector<Block> blocks = std::exchange(blocks_, {});
  graph_.reset();
  graphed_ = 0;
  removed_ = 0;
  ++generation_;
  for (auto& [id, entry] : entries_) entry.rows.clear();
  for (std::size_t old = 0; old < rows.size(); ++old) {
    if (rows[old].document == nullptr) continue;
    const float* vector = blocks[old / kBlockRows]->data() + old % kBlockRows * dimensions_;
    const std::uint32_t row = AppendRow({vector, dimensions_});
    rows_[row] = rows[old];
    entries_.find(*rows[old].document)->second.rows.push_back(row);
  }
}

SetMatch VectorSet::MatchOf(std::uint32_t row, double cosine) const {
  return {.document_id = *rows_[row].document,
          .position = rows_[row].position,
          .stamp = rows_[row].entry->stamp,
          .cosine = cosine};
}

std::vector<Neighbour> VectorSet::Nearest(const float* query, std::size_t count) const {
  Best best(count);
  std::size_t first = 0;
  if (graph_ != nullptr) {
    auto found = graph_->Search(query, count, kEffort);
    if (found) {
      for (const Neighbour& neighbour : *found) best.Offer(neighbour);
      first = graphed_;
    }
  }
  for (std::size_t row = first; row < rows_.size(); ++row) {
    if (rows_[row].document == nullptr) continue;
    const auto number = static_cast<std::uint32_t>(row);
    best.Offer({number, embedding::DotProduct(query, At(number), dimensions_)});
  }
  return best.Take();
}

std::vector<SetMatch> VectorSet::Search(std::span<const float> query, std::size_t count,
                                        const std::set<std::string, std::less<>>* only) const {
  std::vector<SetMatch> matches;
  if (query.size() != dimensions_) return matches;
  const std::shared_lock lock(mutex_);
  std::vector<Neighbour> nearest;
  if (only == nullptr) {
    nearest = Nearest(query.data(), count);
  } else {
    Best best(count);
    for (const std::string& id : *only) {
      const auto entry = entries_.find(id);
      if (entry == entries_.end()) continue;
      for (const std::uint32_t row : entry->second.rows) {
        best.Offer({row, embedding::DotProduct(query.data(), At(row), dimensions_)});
      }
    }
    nearest = best.Take();
  }
  matches.reserve(nearest.size());
  for (const Neighbour& neighbour : nearest) {
    matches.push_back(MatchOf(neighbour.row, neighbour.cosine));
  }
  return matches;
}

bool VectorSet::Grow(const std::function<bool()>& stop) {
  bool build = false;
  {
    const std::shared_lock lock(mutex_);
    if (rows_.size() - graphed_ <= exact_) return false;
    build = graph_ == nullptr;
  }
  return build ? BuildGraph(stop) : ExtendGraph(stop);
}

// Beside the searches, without the lock: the rows there are stay where they are.
bool VectorSet::BuildGraph(const std::function<bool()>& stop) {
  std::vector<Block> blocks;
  std::vector<bool> wanted;
  std::uint64_t generation = 0;
  {
    const std::shared_lock lock(mutex_);
    blocks = blocks_;
    generation = generation_;
    for (const Row& row : rows_) wanted.push_back(row.document != nullptr);
  }
  auto graph = VectorGraph::Create(dimensions_, wanted.size() + wanted.size() / 4);
  if (!graph) return false;
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    if (stop()) return false;
    if (!wanted[row]) continue;
    const float* vector = blocks[row / kBlockRows]->data() + row % kBlockRows * dimensions_;
    if (!(*graph)->Add(static_cast<std::uint32_t>(row), vector).ok()) return false;
  }
  const std::unique_lock lock(mutex_);
  if (generation != generation_) return true;  // the numbers are no longer those of the rows
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    if (wanted[row] && rows_[row].document == nullptr) {
      (*graph)->Remove(static_cast<std::uint32_t>(row));
    }
  }
  graph_ = *std::move(graph);
  graphed_ = wanted.size();
  return true;
}

bool VectorSet::ExtendGraph(const std::function<bool()>& stop) {
  for (;;) {
    if (stop()) return false;
    const std::unique_lock lock(mutex_);
    if (graph_ == nullptr || graphed_ == rows_.size()) return true;
    for (std::size_t i = 0; i < kRowsPerLock && graphed_ < rows_.size(); ++i, ++graphed_) {
      if (rows_[graphed_].document == nullptr) continue;
      const auto row = static_cast<std::uint32_t>(graphed_);
      if (graph_->Add(row, At(row)).ok()) continue;
      graph_.reset();
      graphed_ = 0;
      return false;
    }
  }
}

std::size_t VectorSet::size() const {
  const std::shared_lock lock(mutex_);
  return rows_.size() - removed_;
}

std::size_t VectorSet::CountOf(std::span<const std::string> ids) const {
  const std::shared_lock lock(mutex_);
  std::size_t count = 0;
  for (const std::string& id : ids) {
    const auto entry = entries_.find(id);
    if (entry != entries_.end()) count += entry->second.rows.size();
  }
  return count;
}

std::size_t VectorSet::memory_bytes() const {
  const std::shared_lock lock(mutex_);
  return blocks_.size() * kBlockRows * dimensions_ * sizeof(float) + rows_.size() * kBytesPerRow +
         graphed_ * VectorGraph::kBytesPerVector;
}

}  // namespace baton::workspace::vectors::internal
