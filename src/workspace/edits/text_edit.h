// Edits of a text at exact places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace baton::workspace::edits {

enum class OperationKind { kReplaceRange, kDeleteRange, kInsertAfterHeading };

// One edit at one place of a text. Offsets are UTF-16 code units, as browsers count, and refer to
// the text before any operation of the same request.
struct Operation {
  OperationKind kind = OperationKind::kReplaceRange;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::string text;
  // PreHash() of [begin, end) as the proposer saw it; empty: not given.
  std::string pre_hash;
  std::optional<std::string> original_text;  // of [begin, end)
  std::optional<std::string> anchor_text;    // the heading's line, for kInsertAfterHeading
  // What stands just before the place, and just after; the place of a heading is its line's end.
  // At most kMaxContextUnits each.
  std::optional<std::string> left_context;
  std::optional<std::string> right_context;
  // Contexts that nobody has given but RememberPlaces(): they do not guard the place, and say
  // where it is if it has moved.
  std::optional<std::string> seen_left;
  std::optional<std::string> seen_right;
  std::optional<int> occurrence_index;  // of original_text or anchor_text, from 0
  std::string note;
};

// An operation whose place is known: [begin, end), in UTF-16 code units, becomes `text`.
struct Replacement {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::u16string text;
};

// Lower-case hex of h = h * 31 + c modulo 2^32 over the code units c, from h = 0.
std::string PreHash(std::u16string_view text);

std::u16string ToUtf16(std::string_view utf8);  // valid UTF-8
std::string ToUtf8(std::u16string_view text);

inline constexpr std::size_t kMaxContextUnits = 2000;

// Finds the place of each operation in `content`; in their order. The offsets count if what
// stands there is what the operation was made for (pre_hash, original_text, contexts). Without
// offsets the one place where original_text stands counts, narrowed by the contexts and the
// occurrence; so it does where the offsets do not fit (any more), but only with a context: the
// same words elsewhere are no proof. Nothing else is ever tried: what is not found is kAborted
// (the text has changed), what is found more than once is kFailedPrecondition; operations that
// overlap, split a character or name no place, and insertions at an offset without a context, are
// kInvalidArgument. Messages begin with "operation 2: ". A heading is a line of Markdown that is
// one.
//
// Time: linear in `content` for each operation.
Result<std::vector<Replacement>> ResolveOperations(std::u16string_view content,
                                                   const std::vector<Operation>& operations);

// Writes the places that ResolveOperations() has found in `content` into `operations`, with what
// stands around them, so that they are found again in a later text, or known to be gone.
void RememberPlaces(std::u16string_view content, const std::vector<Replacement>& places,
                    std::vector<Operation>& operations);

// `content` with all of them done; they do not overlap.
std::u16string Replace(std::u16string_view content, const std::vector<Replacement>& replacements);

}  // namespace baton::workspace::edits
