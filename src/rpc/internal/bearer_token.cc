#include "rpc/internal/bearer_token.h"

#include <algorithm>

#include "base/service_token.h"

namespace baton::rpc::internal {

Status CheckBearerToken(const grpc::ServerContextBase& context, std::string_view token) {
  if (token.empty()) return {};
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) {
    return Fail(Code::kUnauthenticated,
                "the call lacks `authorization: Bearer <service token>`: set BATON_SERVICE_TOKEN "
                "to the server's token");
  }
  const std::string_view value(found->second.data(), found->second.size());
  if (!ShowsToken(value, token)) {
    return Fail(Code::kUnauthenticated,
                "the service token is not this server's: set BATON_SERVICE_TOKEN to the same "
                "value on both sides");
  }
  return {};
}

bool IsLoopback(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  const std::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace baton::rpc::internal
