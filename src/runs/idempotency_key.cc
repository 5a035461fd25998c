#include "runs/idempotency_key.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace baton::runs {

std::string RunIdForKey(std::string_view user_id, std::string_view conversation_id,
                        std::string_view key) {
  constexpr std::size_t kDigits = 32;
  const std::string named = fmt::format("{}\n{}\n{}", user_id, conversation_id, key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const int made =
      EVP_Digest(named.data(), named.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  BATON_CHECK(made == 1, "SHA-256 needs nothing that could fail");
  std::string id = "run_";
  for (std::size_t i = 0; i < kDigits / 2; ++i) id += fmt::format("{:02x}", digest[i]);
  return id;
}

}  // namespace baton::runs
