// Any robots.txt gives rules that answer for any path. The input is the path, LF, the file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "workspace/web/robots.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using baton::workspace::web::RobotsRules;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view path = input.substr(0, input.find('\n'));
  const std::string_view text = input.substr(std::min(path.size() + 1, input.size()));
  const RobotsRules rules = RobotsRules::Parse(text, "baton");
  const bool allowed = rules.Allows(path);
  BATON_CHECK(rules.Allows("/robots.txt"), "robots.txt itself is always allowed");
  BATON_CHECK(rules.crawl_delay().count() >= 0 && rules.crawl_delay().count() <= 60'000, "delay");
  const RobotsRules with_own_group =
      RobotsRules::Parse("User-agent: baton\nAllow: /\n\n" + std::string(text), "BATON");
  // A group for us by name only adds to others that name us; those for all no longer count.
  BATON_CHECK(!allowed || with_own_group.Allows(path), "an Allow line takes something away");
  return 0;
}
