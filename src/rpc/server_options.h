// What a gRPC server of ours is told when it starts.
#pragma once

#include <cstddef>
#include <string>

namespace baton::rpc {

// Every message of the contract fits: a document is at most this long, and so is what an
// editor sends along. gRPC's own default of 4 MiB turns real documents away.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{64} << 20U;

struct ServerOptions {
  // host:port, [v6]:port or unix:path. Port 0 takes a free one.
  std::string address = "127.0.0.1:0";

  // What a caller has to send as `authorization: Bearer <token>`. It vouches for the user_id
  // in the call's message. Empty: callers are not asked, and only a loopback `address` is
  // served. Visible ASCII.
  std::string service_token;

  // Larger requests are refused with RESOURCE_EXHAUSTED.
  std::size_t max_message_bytes = kMaxMessageBytes;
};

}  // namespace baton::rpc
