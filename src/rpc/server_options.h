// What a gRPC server of ours is told when it starts.
#pragma once

#include <cstddef>
#include <string>

namespace baton::rpc {

// Every message of the contract fits: a document is at most this long, and so is what an
// editor sends along. gRPC's own default of 4 MiB turns real documents away.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{64} << 20U;

// Calls under way on one connection, all who have no token yet included. A gateway puts its
// users' streams on one: as many runs as a process takes, each with a second reader. HTTP/2
// tells a client the number, and gRPC clients hold further calls back until one has ended; who
// opens more all the same is refused stream by stream.
inline constexpr int kMaxStreamsPerConnection = 2000;

// What gRPC may hold for its connections: requests that are arriving, answers that wait to be
// read. Eight of the largest messages at once. Above it gRPC ends calls and idle connections
// with RESOURCE_EXHAUSTED until there is room.
inline constexpr std::size_t kMaxConnectionBytes = std::size_t{512} << 20U;

struct ServerOptions {
  // host:port, [v6]:port or unix:path. Port 0 takes a free one.
  std::string address = "127.0.0.1:0";

  // What a caller has to send as `authorization: Bearer <token>`. It vouches for the user_id
  // in the call's message. Empty: callers are not asked, and only a loopback `address` is
  // served. Visible ASCII.
  std::string service_token;

  // Larger requests are refused with RESOURCE_EXHAUSTED.
  std::size_t max_message_bytes = kMaxMessageBytes;

  int max_streams_per_connection = kMaxStreamsPerConnection;
  std::size_t max_connection_bytes = kMaxConnectionBytes;
};

}  // namespace baton::rpc
