// Our values and gRPC's, for both ends of a call.
#pragma once

#include <string_view>

#include "base/deadline.h"
#include "base/status.h"

struct gpr_timespec;  // NOLINT(readability-identifier-naming): of gRPC
namespace grpc {
class Status;
}

namespace baton::grpc_client {

// Our steady deadlines and gRPC's wall-clock ones.
gpr_timespec ToGprTime(Deadline deadline);
Deadline FromGprTime(gpr_timespec when);

// A number outside the enum becomes kUnknown; a message that says nothing is given the code's
// name, and that of a server out of memory for us is put into words.
Status FromGrpc(const grpc::Status& status);

// Whether `text` may stand in a gRPC header: visible ASCII and spaces. gRPC ends the process
// over anything else.
bool IsHeaderText(std::string_view text);

}  // namespace baton::grpc_client
