// Finding headings by their words.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/org/entry.h"

namespace baton::workspace::org {

struct OrgQuery {
  std::string text;  // a person's words; no operators
  bool titles = true;
  bool content = true;
  bool tags = true;
  std::size_t limit = 10;
};

// A heading, or the text before the first one, that holds words of the query.
struct OrgMatch {
  int heading = -1;        // into OrgFile::headings; -1: before the first
  std::uint32_t line = 0;  // of the first word found, from 0
  std::size_t words = 0;   // how many of the query's words it holds
  double score = 0;        // above 0; words in titles and tags tell more
};

// The words of one file, as document search spells them (workspace/internal/words.h).
// Threads: immutable.
class SearchIndex {
 public:
  explicit SearchIndex(const OrgFile& file);

  // `terms` as QueryTerms() makes them. In no order.
  std::vector<OrgMatch> Find(const std::vector<std::string>& terms, const OrgQuery& query) const;

 private:
  enum class Field : std::uint8_t { kTitle, kTags, kContent };
  struct Posting {
    int heading;
    Field field;
    std::uint32_t line;
  };
  void AddWords(const OrgFile& file, Span span, int heading, Field field);

  std::map<std::string, std::vector<Posting>, std::less<>> postings_;
};

// At most 500 bytes of `text` around the first of `terms` in it.
std::string Snippet(std::string_view text, const std::vector<std::string>& terms);

}  // namespace baton::workspace::org
