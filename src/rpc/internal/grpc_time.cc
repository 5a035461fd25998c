#include "rpc/internal/grpc_time.h"

#include <chrono>

namespace baton::rpc::internal {

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

}  // namespace baton::rpc::internal
