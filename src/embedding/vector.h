// Arithmetic of vectors, and how they are stored.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::embedding {

// Makes it of length 1. False, and unchanged, for all zeros.
bool Normalize(std::vector<float>& vector);

// Of two vectors of length 1; 0 if they have not the same number of dimensions.
double Cosine(std::span<const float> a, std::span<const float> b);

// The sum of the products of `size` pairs; in single precision, for comparing many.
float DotProduct(const float* a, const float* b, std::size_t size);

// IEEE 754 single precision, little endian.
std::string EncodeVector(std::span<const float> vector);
std::vector<float> DecodeVector(std::string_view bytes);

}  // namespace baton::embedding
