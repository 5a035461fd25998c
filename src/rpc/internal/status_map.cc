#include "rpc/internal/status_map.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace baton::rpc::internal {

namespace {}  // namespace

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = ReplaceInvalidUtf8(status.message());
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(Utf8Prefix(message, kMaxStatusMessageBytes))};
}

}  // namespace baton::rpc::internal
