// Replacing parts of a file's text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/org/org_file.h"

namespace baton::workspace::org::internal {

// Changes to one text, given in any order; those at the same place are made in the order given.
class Splices {
 public:
  explicit Splices(const OrgFile& file) : file_(file) {}

  // Spans must not overlap.
  void Replace(Span span, std::string text);
  void Insert(std::uint32_t at, std::string text) { Replace({at, at}, std::move(text)); }
  // Whole lines, given without their ends, before the line that begins at `at` or, there being
  // none, at the end of the text, whether that ends its last line or not.
  void InsertLines(std::uint32_t at, const std::vector<std::string>& lines);

  std::string Apply() const;
  // Where `at`, which no splice touches, has gone to. What is inserted there goes behind it.
  std::uint32_t Moved(std::uint32_t at) const;

 private:
  struct Splice {
    Span span;
    std::string text;
  };
  const OrgFile& file_;
  std::vector<Splice> splices_;  // ordered by span.begin
};

// Whether a line begins, or would begin, at `at`.
bool BeginsLine(const OrgFile& file, std::uint32_t at);

// `text` with every line end as `line_end`.
std::string WithLineEnds(std::string_view text, std::string_view line_end);

}  // namespace baton::workspace::org::internal
