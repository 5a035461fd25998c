#include "base/service_token.h"

#include <cstddef>

namespace baton {
namespace {

constexpr std::string_view kBearer = "Bearer ";

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace

bool ShowsToken(std::string_view authorization, std::string_view token) {
  if (token.empty()) return true;
  return authorization.starts_with(kBearer) &&
         EqualInConstantTime(authorization.substr(kBearer.size()), token);
}

}  // namespace baton
