#include "runs/tasks/webhook_signature.h"

#include <array>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace baton::runs::tasks {
namespace {

// The specification's shortest key.
constexpr std::size_t kShortestKeyBytes = 24;
constexpr std::string_view kSecretPrefix = "whsec_";

const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string EncodeBase64(const unsigned char* bytes, std::size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// Empty if the text is none.
std::string DecodeBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), BytesOf(text),
                                     static_cast<int>(text.size()));
  if (length < 0) return {};
  const std::size_t padding = text.ends_with("==") ? 2 : (text.ends_with('=') ? 1 : 0);
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

}  // namespace

Result<WebhookKey> WebhookKey::Parse(std::string_view secret) {
  std::string key(secret);
  if (secret.starts_with(kSecretPrefix)) key = DecodeBase64(secret.substr(kSecretPrefix.size()));
  if (key.size() >= kShortestKeyBytes) return WebhookKey(std::move(key));
  return Fail(Code::kInvalidArgument,
              "a webhook secret is at least {} bytes: make one with `echo whsec_$(openssl rand "
              "-base64 32)`",
              kShortestKeyBytes);
}

std::string WebhookKey::Sign(std::string_view id, std::string_view seconds,
                             std::string_view body) const {
  const std::string signed_text = fmt::format("{}.{}.{}", id, seconds, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), BytesOf(signed_text),
       signed_text.size(), digest.data(), &size);
  return "v1," + EncodeBase64(digest.data(), size);
}

}  // namespace baton::runs::tasks
