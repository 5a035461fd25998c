// The version of this program.
#pragma once

namespace baton::app {
inline constexpr char kVersion[] = "0.1.0";
}  // namespace baton::app
