// What of a failure a client is told.
#pragma once

#include <string_view>

#include "base/status.h"

namespace baton {

// A Status with this detail holds the innards of a module, such as SQL or the address of a
// database, whatever its code. The module that knows sets it.
inline constexpr std::string_view kInternalDetail = "internal";

// `failure` as it may leave the process. One that is ours (kUnknown, kInternal, kDataLoss) or
// has kInternalDetail keeps its code; what it says goes to the log, under a short id that takes
// its place: "internal error err_7N2M4P6R: the server's log says more". Others stay as they are,
// less their details.
// Threads: any.
Status ForClients(const Status& failure);

}  // namespace baton
