// Documents that are more than their text: what a person reads of them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::workspace::internal {

struct RichText {
  std::string text;   // Markdown, valid UTF-8 without NUL
  std::string title;  // as the document declares it; may be empty
  std::map<std::string, std::string> metadata;
};

// The most text that is kept of one document; the rest is left out, and "cut" says so.
inline constexpr std::size_t kMaxRichText = std::size_t{16} << 20U;

// Paragraphs, headings (by style), lists and tables of word/document.xml; title and author of
// docProps/core.xml. Every element may be nested as deep as it likes.
Result<RichText> ReadDocx(std::string_view bytes);

// The chapters in the order of the spine, by their text.
Result<RichText> ReadEpub(std::string_view bytes);

// A message: subject as title, who and when, its plain text, else its HTML, of nested parts and
// of messages within to a depth of 10; what is attached by name.
Result<RichText> ReadEml(std::string_view bytes);

// What is said in SubRip or WebVTT, a paragraph a cue with its time; `text` is UTF-8.
Result<RichText> ReadSubtitles(std::string_view text);

}  // namespace baton::workspace::internal
