#include "rpc/internal/bearer_token.h"

namespace baton::rpc::internal {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// Takes as long for a good guess as for a bad one of the same length.
bool EqualInConstantTime(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace

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
  if (!value.starts_with(kBearer) || !EqualInConstantTime(value.substr(kBearer.size()), token)) {
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
