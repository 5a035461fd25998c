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
  // A group that names us adds to others that do; those for all no longer count.
  const std::string before = "User-agent: baton\nAllow: /\n\nUser-agent: nobody\n";
  const RobotsRules more = RobotsRules::Parse(before + std::string(text), "BATON");
  BATON_CHECK(!allowed || path.empty() || path.front() != '/' || more.Allows(path),
              "an Allow line takes something away");
  return 0;
}
