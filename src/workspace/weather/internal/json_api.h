// Asking a weather service for JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "http/client.h"
#include "json/json.h"

namespace baton::workspace::weather::internal {

// A service that answers GET with JSON.
// Threads: safe.
class JsonApi {
 public:
  // `service`: its name in messages.
  explicit JsonApi(std::string service) : service_(std::move(service)) {}

  // The answer of `url`. kNotFound for 404, kFailedPrecondition for 401 and 403 (the key),
  // kInvalidArgument for 400, kResourceExhausted for 429, with the service's reason.
  async::Task<Result<json::Value>> Get(std::string url, Deadline deadline) const;

 private:
  const std::string service_;
  const http::Client client_;
};

// The member as a number; absent if it is none (services write null for what they do not know).
std::optional<double> NumberAt(const json::Value& object, std::string_view key);

// The number at `index` of the array `key`.
std::optional<double> NumberAt(const json::Value& object, std::string_view key, std::size_t index);
std::string_view TextAt(const json::Value& object, std::string_view key, std::size_t index);

// The member `key`, which is an array; else null.
const json::Array* ArrayAt(const json::Value& object, std::string_view key);

}  // namespace baton::workspace::weather::internal
