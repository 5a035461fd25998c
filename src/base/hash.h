// A stable, fast hash for what must agree between processes and restarts.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton {

// FNV-1a, 64 bit (isthe.com/chongo/tech/comp/fnv). The same for the same bytes on every
// machine, for ever. Not for anything an attacker may choose to collide.
constexpr std::uint64_t Fnv1a(std::string_view bytes,
                              std::uint64_t seed = 14695981039346656037ULL) {
  std::uint64_t hash = seed;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

}  // namespace baton
