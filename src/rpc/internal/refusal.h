// Failures that the contract tells within a response.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/client_error.h"
#include "base/status.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {

// Whether the asker can do something about it; anything else is the call's status, as is what
// holds the innards of a module.
inline bool IsAskersToMend(const Status& status) {
  if (status.details().contains(std::string(kInternalDetail))) return false;
  const Code code = status.code();
  return code == Code::kInvalidArgument || code == Code::kNotFound ||
         code == Code::kAlreadyExists || code == Code::kPermissionDenied ||
         code == Code::kFailedPrecondition || code == Code::kAborted || code == Code::kOutOfRange ||
         code == Code::kResourceExhausted;
}

// success=false with the reason, for responses that have these fields.
template <typename Response>
Result<Response> RefusedAs(Status status) {
  if (!IsAskersToMend(status)) return Fail(std::move(status));
  Response response;
  response.set_success(false);
  response.set_error(WireText(status.message()));
  return response;
}

// `asked`, or `otherwise` for 0; kInvalidArgument naming the field.
inline Result<int> LimitOf(int asked, int otherwise, int most, std::string_view field) {
  if (asked < 0 || asked > most) {
    return Fail(Code::kInvalidArgument, "{} is {}: 0 (for {}) to {} are possible", field, asked,
                otherwise, most);
  }
  return asked == 0 ? otherwise : asked;
}

}  // namespace baton::rpc::internal
