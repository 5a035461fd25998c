// robots.txt: what a site lets crawlers fetch (RFC 9309).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace baton::workspace::web {

// Of a robots.txt no more is read (RFC 9309, 2.5, wants at least this much).
inline constexpr std::size_t kMaxRobotsBytes = std::size_t{500} << 10U;

// The rules of one site for one crawler.
// Threads: immutable.
class RobotsRules {
 public:
  // Everything is allowed.
  RobotsRules() = default;
  // Nothing is: what an unreachable robots.txt means (2.3.1.4).
  static RobotsRules DenyAll();

  // The rules for the crawler with the product token `agent`: those of all groups that name it,
  // else those of the groups for "*". Never fails: what is no rule is skipped.
  static RobotsRules Parse(std::string_view text, std::string_view agent);

  // `target` is path and query of a URL, "/a/b?c=d". The longest matching rule decides; of two
  // that are as long, the one that allows. Percent-encoded or not is the same.
  bool Allows(std::string_view target) const;

  // The pause between two requests that the site asks for; zero if it does not. Not in the RFC,
  // but in many files.
  std::chrono::milliseconds crawl_delay() const { return crawl_delay_; }

 private:
  friend class RobotsReader;

  struct Rule {
    std::string pattern;  // "*" stands for anything; "$" at the end for the target's end
    bool allow;
  };

  std::vector<Rule> rules_;
  std::chrono::milliseconds crawl_delay_{0};
};

}  // namespace baton::workspace::web
