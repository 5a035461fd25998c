// Our steady deadlines and gRPC's wall-clock ones.
#pragma once

#include <grpc/support/time.h>

#include "base/deadline.h"

namespace baton::rpc::internal {

gpr_timespec ToGprTime(Deadline deadline);
Deadline FromGprTime(gpr_timespec when);

}  // namespace baton::rpc::internal
