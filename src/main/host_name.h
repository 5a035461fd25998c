// What this machine is called.
#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace baton::app {

// For jobs on files that are on one machine only. In a container it is the container's.
inline std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "localhost";
}

}  // namespace baton::app
