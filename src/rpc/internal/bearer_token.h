// Who calls: the service token.
#pragma once

#include <string_view>

#include <grpcpp/server_context.h>

#include "base/status.h"

namespace baton::rpc::internal {

// kUnauthenticated, with what to set, unless the call's metadata hold
// `authorization: Bearer <token>`. An empty `token` lets all pass.
Status CheckBearerToken(const grpc::ServerContextBase& context, std::string_view token);

// Whether `address` is reached from this machine only: 127.0.0.0/8, ::1, localhost, unix:.
bool IsLoopback(std::string_view address);

}  // namespace baton::rpc::internal
