// Asking for, or releasing, one agent for a whole conversation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::runs::routing {

struct LockRequest {
  enum class Kind : std::uint8_t {
    kNone,
    kLock,     // "only use the research agent from now on"
    kRelease,  // "stop using the research agent", "automatic again"
  } kind = Kind::kNone;
  std::string agent;  // whom it names; empty for a release that names nobody
};

// What `message` asks for, in English, German, French or Spanish. The whole of it must be the
// request, so that a question or an order that mentions an agent stays one. `agents` are the names
// there are; "fact checking" names `fact_checking`.
LockRequest ParseLockRequest(std::string_view message, const std::vector<std::string>& agents);

}  // namespace baton::runs::routing
