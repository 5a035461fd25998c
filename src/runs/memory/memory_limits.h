// The bounds of what is remembered, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace baton::runs::memory {

// A sentence or two. More is a document, and documents are imported.
inline constexpr std::size_t kMaxMemoryBytes = 2000;

// Of one user (`memory.per_user`): more is no longer looked through by a person.
inline constexpr std::size_t kMemoriesPerUser = 1000;
// What a search of the store can reach.
inline constexpr std::size_t kMostMemoriesPerUser = 9000;

// Who has this many proposals to decide on does not.
inline constexpr std::size_t kMaxProposals = 50;

// What nobody has wanted by then, nobody wants.
inline constexpr std::chrono::hours kProposalKept{24 * 30};

// A page of what a person looks through, and what a gRPC message easily holds.
inline constexpr std::size_t kDefaultMemoryPage = 100;
inline constexpr std::size_t kMaxMemoryPage = 500;

inline constexpr std::size_t kDefaultMemoryHits = 10;
inline constexpr std::size_t kMaxMemoryHits = 100;

// What of a question is looked for: its beginning says what it is about.
inline constexpr std::size_t kMaxMemoryQueryBytes = 1000;

// Told to a model with each turn (`memory.per_turn`): few enough to be read, and to be paid for.
inline constexpr std::size_t kMemoriesPerTurn = 8;
inline constexpr std::size_t kMaxMemoryBytesPerTurn = 4000;

}  // namespace baton::runs::memory
