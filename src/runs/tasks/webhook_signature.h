// Signing what is sent to others, so that they know whose it is.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace baton::runs::tasks {

// A key for webhooks as the Standard Webhooks specification has it (standardwebhooks.com), so
// that a receiver may verify with any library of theirs: the signature is "v1," and the base 64
// of HMAC-SHA256 over "{id}.{seconds}.{body}".
//
// Threads: immutable.
class WebhookKey {
 public:
  // "whsec_" and base 64 of at least 24 bytes; or any text of as many, whose bytes are the key.
  // kInvalidArgument for less; never with the secret in its message.
  static Result<WebhookKey> Parse(std::string_view secret);

  std::string Sign(std::string_view id, std::string_view seconds, std::string_view body) const;

 private:
  explicit WebhookKey(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace baton::runs::tasks
