// The document in front of the user, as the nodes of a turn see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace baton::agents {

// Offsets count UTF-16 code units of `text`, as browsers do; -1 is not known. The whole text,
// front matter included, valid UTF-8. Kept by the turn's scope, never in a graph's state: a
// checkpoint does not hold documents.
struct OpenDocument {
  bool is_editable = false;
  std::string filename;
  std::string document_id;  // empty: not in the library
  std::string text;
  std::int64_t cursor = -1;
  std::int64_t selection_start = -1;
  std::int64_t selection_end = -1;
};

// A stretch of a document in bytes.
struct TextRange {
  std::size_t start = 0;
  std::size_t end = 0;
};

// The selection; empty if nothing is selected, or the offsets do not fit the text.
std::optional<TextRange> SelectionOf(const OpenDocument& document);

// Where the cursor stands, in bytes; empty if it is not known or does not fit the text.
std::optional<std::size_t> CursorOf(const OpenDocument& document);

// Cursor and selection as a model reads them: what stands around the one, and the other whole
// up to a limit. Empty if neither is known.
std::string DescribePlace(const OpenDocument& document);

}  // namespace baton::agents
