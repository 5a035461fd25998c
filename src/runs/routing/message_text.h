// A message as the offline router reads it: words, addresses, files, marks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::runs::routing {

struct Word {
  std::string text;  // lower case, without accents, letters and digits
  std::string stem;  // with its English ending cut off; of a corrected word, the correction's
  bool capitalised = false;
};

// What else a message holds that says something about what it wants.
enum class Mark : std::uint8_t {
  kUrl,           // an address of the web, with or without "https://"
  kUrlPath,       // … of a page below the site's root
  kFeedUrl,       // … that looks like a feed
  kDocumentFile,  // the name of a file: report.pdf
  kDataFile,      // table.csv
  kCodeFile,      // main.py
  kCode,          // source code, or a name as programs spell it
  kQuestion,      // a question mark at the end
  kList,          // several items behind a colon, or on lines
  kNumbers,       // several numbers
  kQuotation,     // text in quotation marks
};

struct MessageText {
  std::vector<Word> words;
  std::vector<Mark> marks;  // each at most once

  bool Has(Mark mark) const;
};

// Reads at most the first kMaxRoutedBytes of `text`, which must be UTF-8. Addresses and file
// names become marks, and only file names words as well.
//
// Threads: safe.
MessageText ReadMessage(std::string_view text);

inline constexpr std::size_t kMaxRoutedBytes = std::size_t{4} << 10U;

// `word` as it is compared: the same for "Requirements" and "requirement".
std::string StemOf(std::string_view folded_word);

}  // namespace baton::runs::routing
