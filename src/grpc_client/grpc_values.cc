#include "grpc_client/grpc_values.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <grpc/support/time.h>
#include <grpcpp/support/status.h>

namespace baton::grpc_client {
namespace {

// What gRPC says of a stream that the other end has reset with ENHANCE_YOUR_CALM (RFC 9113,
// section 7), as a server does whose memory quota is used up.
constexpr std::string_view kEnhanceYourCalm = "RST_STREAM with error code 11";

}  // namespace

gpr_timespec ToGprTime(Deadline deadline) {
  if (deadline.IsNever()) return gpr_inf_future(GPR_CLOCK_REALTIME);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.Remaining());
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME),
                      gpr_time_from_millis(left.count(), GPR_TIMESPAN));
}

Deadline FromGprTime(gpr_timespec when) {
  if (gpr_time_cmp(when, gpr_inf_future(when.clock_type)) == 0) return Deadline::Never();
  const gpr_timespec left = gpr_time_sub(when, gpr_now(when.clock_type));
  return Deadline::In(std::chrono::milliseconds(gpr_time_to_millis(left)));
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

bool IsHeaderText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace baton::grpc_client
