#include "embedding/vector.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace baton::embedding {

bool Normalize(std::vector<float>& vector) {
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  if (squares == 0) return false;
  const double length = std::sqrt(squares);
  for (float& x : vector) x = static_cast<float>(x / length);
  return true;
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Sums of their own for each lane, since the compiler may not reorder one sum to vectorise it.
float DotProduct(const float* a, const float* b, std::size_t size) {
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (; i < size; ++i) sum += a[i] * b[i];
  for (const float lane : sums) sum += lane;
  return sum;
}

std::string EncodeVector(std::span<const float> vector) {
  std::string bytes;
  bytes.reserve(vector.size() * sizeof(std::uint32_t));
  for (const float x : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>((bits >> shift) & 0xFFU);
    }
  }
  return bytes;
}

std::vector<float> DecodeVector(std::string_view bytes) {
  std::vector<float> vector(bytes.size() / sizeof(std::uint32_t));
  for (std::size_t i = 0; i < vector.size(); ++i) {
    std::uint32_t bits = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i * 4 + byte]))
              << (8 * byte);
    }
    vector[i] = std::bit_cast<float>(bits);
  }
  return vector;
}

}  // namespace baton::embedding
