#include "workspace/org/local_time.h"

#include <unicode/timezone.h>

namespace baton::workspace::org {

struct TimeZone::Zone {
  std::unique_ptr<const icu::TimeZone> icu;
};

Result<TimeZone> TimeZone::Find(std::string_view name) {
  std::unique_ptr<const icu::TimeZone> found;
  if (name.empty()) {
    found.reset(icu::TimeZone::detectHostTimeZone());
  } else {
    const auto size = static_cast<std::int32_t>(name.size());
    found.reset(icu::TimeZone::createTimeZone(
        icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), size))));
  }
  if (found == nullptr || (*found == icu::TimeZone::getUnknown() && name != "Etc/Unknown")) {
    if (!name.empty()) {
      return Fail(Code::kInvalidArgument,
                  "time zone '{}': not known; use an IANA name such as Europe/Berlin or UTC", name);
    }
    // A machine that does not say where it is.
    found.reset(icu::TimeZone::createTimeZone("Etc/UTC"));
  }
  return TimeZone(std::make_shared<const Zone>(Zone{std::move(found)}));
}

LocalMinute TimeZone::At(Timestamp instant) const {
  const auto utc = std::chrono::floor<std::chrono::minutes>(instant);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(utc.time_since_epoch());
  std::int32_t raw = 0;
  std::int32_t daylight = 0;
  UErrorCode error = U_ZERO_ERROR;
  zone_->icu->getOffset(static_cast<UDate>(millis.count()), 0, raw, daylight, error);
  const auto offset = std::chrono::milliseconds(U_SUCCESS(error) ? raw + daylight : 0);
  return LocalMinute(std::chrono::floor<std::chrono::minutes>(utc.time_since_epoch() + offset));
}

std::string TimeZone::name() const {
  icu::UnicodeString id;
  zone_->icu->getID(id);
  std::string name;
  return id.toUTF8String(name);
}

}  // namespace baton::workspace::org
