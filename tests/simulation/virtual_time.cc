#include "virtual_time.h"

namespace baton::simulation {
namespace {

std::chrono::nanoseconds since_epoch = std::chrono::hours(1);

}  // namespace

void VirtualTime::Advance(std::chrono::nanoseconds by) { since_epoch += by; }

}  // namespace baton::simulation

// The library's own definition is not linked where the program has one. asio's timers ask here
// too, but wait in real time: Scheduler wakes them.
std::chrono::steady_clock::time_point std::chrono::steady_clock::now() noexcept {
  return std::chrono::steady_clock::time_point(baton::simulation::since_epoch);
}
