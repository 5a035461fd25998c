#include "rpc/internal/status_map.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace baton::rpc::internal {

namespace {

// What gRPC says of a stream that the other end has reset with ENHANCE_YOUR_CALM (RFC 9113,
// section 7), as a server does whose memory quota is used up.
constexpr std::string_view kEnhanceYourCalm = "RST_STREAM with error code 11";

}  // namespace

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = ReplaceInvalidUtf8(status.message());
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(Utf8Prefix(message, kMaxStatusMessageBytes))};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return {};
  const int number = status.error_code();
  const bool known = number > 0 && number <= static_cast<int>(Code::kUnauthenticated);
  const Code code = known ? static_cast<Code>(number) : Code::kUnknown;
  std::string message = status.error_message();
  if (code == Code::kResourceExhausted && message.ends_with(kEnhanceYourCalm)) {
    message = "the server holds as many bytes of requests and answers as it can: try again later";
  }
  if (message.empty()) message = "the service gave no reason (" + std::string(CodeName(code)) + ")";
  return {code, std::move(message)};
}

}  // namespace baton::rpc::internal
