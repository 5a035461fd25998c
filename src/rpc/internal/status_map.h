// Our Status as gRPC's.
#pragma once

#include <grpcpp/support/status.h>

#include "base/status.h"

namespace baton::rpc::internal {

// The code stays as it is. The message is made fit for a header: valid UTF-8 and cut to
// kMaxStatusMessageBytes. Details do not cross the wire.
grpc::Status ToGrpc(const Status& status);

// Peers refuse headers above 8 KiB, and gRPC's percent-encoding triples every byte that is
// not ASCII.
inline constexpr std::size_t kMaxStatusMessageBytes = 2048;

}  // namespace baton::rpc::internal
