// Gzip files, read with a limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::workspace::internal {

// The contents of a gzip file (RFC 1952; several members are joined). kInvalidArgument if it is
// damaged or cut off, kResourceExhausted if it holds more than `max_bytes`.
Result<std::string> Gunzip(std::string_view bytes, std::size_t max_bytes);

}  // namespace baton::workspace::internal
