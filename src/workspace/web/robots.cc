#include "workspace/web/robots.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "http/message.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::web {
namespace {

using workspace::internal::Trim;

// Rules beyond these serve no site; without a limit, a file of wildcards would cost seconds to
// match.
constexpr std::size_t kMaxRules = 2000;
constexpr std::size_t kMaxPatternBytes = 512;
constexpr std::size_t kMaxTargetBytes = 2048;

int ReadHexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsUnreserved(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// One spelling for one path (RFC 9309, 2.2.2): unreserved characters plain, other escapes with
// capital digits, what is not ASCII escaped.
std::string OneSpelling(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    const int high = c == '%' && i + 2 < path.size() ? ReadHexDigit(path[i + 1]) : -1;
    const int low = high >= 0 ? ReadHexDigit(path[i + 2]) : -1;
    if (low >= 0) {
      const auto byte = static_cast<unsigned char>(high * 16 + low);
      if (IsUnreserved(byte)) {
        out += static_cast<char>(byte);
      } else {
        out += fmt::format("%{:02X}", byte);
      }
      i += 2;
    } else if (c >= 0x80 || c <= ' ') {
      out += fmt::format("%{:02X}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

// Whether `target` begins with `pattern`.
bool MatchesPattern(std::string_view pattern, std::string_view target) {
  const bool to_the_end = pattern.ends_with('$');
  if (to_the_end) pattern.remove_suffix(1);
  // Each stretch between stars is looked for behind the one before; the first place is as good
  // as any.
  bool anchored = true;
  while (true) {
    const std::size_t star = pattern.find('*');
    const std::string_view stretch = pattern.substr(0, star);
    const bool is_last = star == std::string_view::npos;
    if (is_last && to_the_end) {
      return anchored ? target == stretch : target.ends_with(stretch);
    }
    const std::size_t found = anchored ? (target.starts_with(stretch) ? 0 : std::string_view::npos)
                                       : target.find(stretch);
    if (found == std::string_view::npos) return false;
    if (is_last) return true;
    target.remove_prefix(found + stretch.size());
    pattern.remove_prefix(star + 1);
    anchored = false;
  }
}

// "baton" of "baton/1.0 (x)".
std::string_view ProductToken(std::string_view text) {
  const auto belongs = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  };
  const auto end = std::ranges::find_if_not(text, belongs);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// "1.5" of a Crawl-delay line. A minute is as much as anyone can mean.
std::optional<std::chrono::milliseconds> ParseDelay(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || !(seconds >= 0)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, 60.0) * 1000));
}

}  // namespace

// Reads a file line by line. What is for anyone is kept apart from what is for us by name.
class RobotsReader {
 public:
  explicit RobotsReader(std::string_view agent) : agent_(agent) {}

  void Line(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view key = Trim(line.substr(0, colon));
    const std::string_view value = Trim(line.substr(colon + 1));
    if (http::EqualsIgnoreCase(key, "user-agent")) {
      Agent(value);
    } else if (http::EqualsIgnoreCase(key, "allow")) {
      AddRule(value, true);
    } else if (http::EqualsIgnoreCase(key, "disallow")) {
      AddRule(value, false);
    } else if (http::EqualsIgnoreCase(key, "crawl-delay")) {
      if (const auto delay = ParseDelay(value)) {
        if (for_us_) ours_.crawl_delay_ = *delay;
        if (for_all_) everyones_.crawl_delay_ = *delay;
      }
    }
  }

  RobotsRules Take() && { return std::move(named_ ? ours_ : everyones_); }

 private:
  void Agent(std::string_view value) {
    if (std::exchange(group_has_rules_, false)) for_us_ = for_all_ = false;
    if (value == "*") {
      for_all_ = true;
    } else if (http::EqualsIgnoreCase(ProductToken(value), agent_)) {
      for_us_ = named_ = true;
    }
  }

  void AddRule(std::string_view path, bool allow) {
    group_has_rules_ = true;
    if (path.empty() || path.size() > kMaxPatternBytes) return;
    for (RobotsRules* rules : {for_us_ ? &ours_ : nullptr, for_all_ ? &everyones_ : nullptr}) {
      if (rules == nullptr || rules->rules_.size() >= kMaxRules) continue;
      rules->rules_.push_back({OneSpelling(path), allow});
    }
  }

  const std::string_view agent_;
  RobotsRules ours_;
  RobotsRules everyones_;
  bool named_ = false;  // some group names us
  bool for_us_ = false;
  bool for_all_ = false;
  bool group_has_rules_ = false;  // a further user-agent line begins another group
};

RobotsRules RobotsRules::DenyAll() {
  RobotsRules rules;
  rules.rules_.push_back({"/", false});
  return rules;
}

RobotsRules RobotsRules::Parse(std::string_view text, std::string_view agent) {
  text = text.substr(0, kMaxRobotsBytes);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  RobotsReader reader(agent);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    reader.Line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader).Take();
}

bool RobotsRules::Allows(std::string_view target) const {
  const std::string path = OneSpelling(target.substr(0, kMaxTargetBytes));
  if (path == "/robots.txt") return true;
  const Rule* best = nullptr;
  for (const Rule& rule : rules_) {
    const bool may_win = best == nullptr || rule.pattern.size() > best->pattern.size() ||
                         (rule.pattern.size() == best->pattern.size() && rule.allow);
    if (may_win && MatchesPattern(rule.pattern, path)) best = &rule;
  }
  return best == nullptr || best->allow;
}

}  // namespace baton::workspace::web
