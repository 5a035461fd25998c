// The regular expressions of a JSON Schema.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "json/json.h"

namespace re2 {
class RE2;
}

namespace baton::json {

// What stands under `pattern` and `patternProperties`, compiled by RE2, whose time and memory
// grow with the text and no faster. std::regex, which valijson uses, recurses once a character
// and may try exponentially many ways.
//
// Threads: immutable.
class Patterns {
 public:
  // kInvalidArgument with the place of a pattern that RE2 does not know: look-around, references
  // to groups, or none at all.
  static Result<Patterns> Collect(const Value& definition);

  // Whether `pattern` occurs in `text`. One that was not collected, since a $ref leads to it
  // where no schema belongs, is compiled here; false if that fails.
  bool Matches(const std::string& pattern, std::string_view text) const;

 private:
  class Collector;
  std::map<std::string, std::shared_ptr<const re2::RE2>, std::less<>> compiled_;
};

// Whether `text` is of the JSON Schema `format`: date, time or date-time (RFC 3339). True for
// formats that are not known.
bool HasFormat(std::string_view format, std::string_view text);

}  // namespace baton::json
