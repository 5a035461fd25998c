// XML of packages, before a tree is made of it.
#pragma once

#include <string_view>

#include "base/status.h"

namespace baton::workspace::internal {

// A tree takes some twenty times the bytes of the shortest elements and attributes.
// kResourceExhausted for more than 4,000,000 of either.
Status CheckXmlSize(std::string_view xml);

}  // namespace baton::workspace::internal
