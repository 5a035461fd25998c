#include "base/id_generator.h"

#include <algorithm>

namespace baton {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::uint64_t OperatingSystemSeed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) ^ device();
}

}  // namespace

IdGenerator::IdGenerator(const Clock& clock) : IdGenerator(clock, OperatingSystemSeed()) {}

std::string IdGenerator::New(std::string_view prefix) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(clock_.Now());
  std::uint64_t millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
  std::uint64_t low = 0;
  std::uint16_t high = 0;
  {
    const std::lock_guard lock(mutex_);
    if (millis > last_millis_) {
      last_millis_ = millis;
      high_ = static_cast<std::uint16_t>(random_());
      low_ = random_();
    } else {
      millis = last_millis_;  // the clock stood still or went back
      low_ += 1 + (random_() & 0xffff);
    }
    low = low_;
    high = high_;
  }
  std::string id(prefix);
  id += '_';
  for (int shift = 45; shift >= 0; shift -= 5) id += kCrockford[(millis >> shift) & 31];
  for (int digit = 15; digit >= 0; --digit) {
    const int bit = digit * 5;  // of the 80-bit number high:low
    std::uint64_t five = bit < 64 ? low >> bit : 0;
    if (bit + 5 > 64) {
      five |= bit >= 64 ? static_cast<std::uint64_t>(high) >> (bit - 64)
                        : static_cast<std::uint64_t>(high) << (64 - bit);
    }
    id += kCrockford[five & 31];
  }
  return id;
}

}  // namespace baton
