#include "workspace/edits/text_edit.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <unicode/unistr.h>

#include "base/utf16.h"
#include "base/utf8.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/front_matter.h"

namespace baton::workspace::edits {
namespace {

constexpr std::size_t kShownText = 60;
constexpr std::size_t kSeenUnits = 40;  // on either side of a place

bool IsLead(char16_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool IsTrail(char16_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

bool SplitsCharacter(std::u16string_view text, std::size_t at) {
  return at > 0 && at < text.size() && IsLead(text[at - 1]) && IsTrail(text[at]);
}

std::string Shown(std::string_view text) {
  const std::string_view head = Utf8Prefix(text, kShownText);
  return fmt::format("'{}{}'", head, head.size() < text.size() ? "…" : "");
}

// Where `wanted`, which is not empty, stands in `text`, overlapping places too. Linear (Knuth,
// Morris and Pratt).
std::vector<std::size_t> PlacesOf(std::u16string_view wanted, std::u16string_view text) {
  std::vector<std::size_t> places;
  // Of each beginning of `wanted`: how long its longest proper end is that is a beginning, too.
  std::vector<std::size_t> shorter(wanted.size() + 1, 0);
  const auto longer = [&](std::size_t length, char16_t next) {
    while (length > 0 && (length == wanted.size() || wanted[length] != next)) {
      length = shorter[length];
    }
    return wanted[length] == next ? length + 1 : length;
  };
  for (std::size_t i = 1; i < wanted.size(); ++i) {
    shorter[i + 1] = longer(shorter[i], wanted[i]);
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    length = longer(length, text[i]);
    if (length == wanted.size()) places.push_back(i + 1 - length);
  }
  return places;
}

// What stands on either side of a place; empty: anything.
struct Contexts {
  std::u16string left;
  std::u16string right;

  bool empty() const { return left.empty() && right.empty(); }
  bool Fit(std::u16string_view text, std::size_t begin, std::size_t end) const {
    return text.substr(0, begin).ends_with(left) && text.substr(end).starts_with(right);
  }
};

std::u16string Utf16OrEmpty(const std::optional<std::string>& text) {
  return text ? ToUtf16(*text) : std::u16string();
}

std::u16string_view WithoutBlanks(std::u16string_view line) {
  while (!line.empty() && (line.back() == u' ' || line.back() == u'\t')) line.remove_suffix(1);
  return line;
}

struct HeadingLine {
  std::u16string_view text;  // its first line; an underlined one has two
  std::size_t end = 0;       // of its last line
};

std::vector<HeadingLine> HeadingsOf(std::u16string_view content) {
  const std::string utf8 = ToUtf8(content);
  std::vector<HeadingLine> headings;
  std::size_t bytes = 0;
  std::size_t units = 0;
  const auto units_at = [&](std::size_t byte) {
    units +=
        static_cast<std::size_t>(Utf16Length(std::string_view(utf8).substr(bytes, byte - bytes)));
    bytes = byte;
    return units;
  };
  const std::size_t front = workspace::internal::ReadFrontMatter(utf8).body_begin;
  for (const auto& block : workspace::internal::ReadMarkdownBlocks(utf8, front)) {
    if (block.level == 0) continue;
    const std::size_t begin = units_at(block.begin);
    const std::size_t end = units_at(block.end);
    const std::u16string_view text = content.substr(begin, end - begin);
    headings.push_back({WithoutBlanks(text.substr(0, text.find(u'\n'))), end});
  }
  return headings;
}

// The place of one operation.
class PlaceFinder {
 public:
  PlaceFinder(std::u16string_view content, const Operation& operation)
      : content_(content),
        operation_(operation),
        original_(Utf16OrEmpty(operation.original_text)),
        contexts_{Utf16OrEmpty(operation.left_context), Utf16OrEmpty(operation.right_context)} {}

  Result<Replacement> Find() const {
    if (std::max(contexts_.left.size(), contexts_.right.size()) > kMaxContextUnits) {
      return Fail(Code::kInvalidArgument, "a context has more than {} characters",
                  kMaxContextUnits);
    }
    if (operation_.kind == OperationKind::kInsertAfterHeading) return FindHeading();
    BATON_TRY(CheckGuards());
    if (HasRange() && FitsAt(Begin(), End())) return At(Begin(), End());
    const bool names_place = operation_.begin < operation_.end;
    const Contexts around = AroundMoved();
    if (original_.empty() || (names_place && around.empty())) {
      return Fail(Code::kAborted,
                  "the text at {} to {} is not what it was: read the document again",
                  operation_.begin, operation_.end);
    }
    return FindOriginal(around);
  }

 private:
  std::size_t Begin() const { return static_cast<std::size_t>(operation_.begin); }
  std::size_t End() const { return static_cast<std::size_t>(operation_.end); }
  bool HasRange() const {
    return operation_.begin >= 0 && operation_.begin <= operation_.end && End() <= content_.size();
  }

  // What stands in an empty range is the same everywhere: only what is around it tells whether
  // the place is the one that was meant.
  Status CheckGuards() const {
    const bool has_text = !original_.empty();
    if (has_text && !operation_.pre_hash.empty() && PreHash(original_) != operation_.pre_hash) {
      return Fail(Code::kInvalidArgument, "pre_hash is not that of original_text");
    }
    if (has_text || !contexts_.empty() || content_.empty()) return {};
    if (operation_.begin == operation_.end && HasRange()) {
      return Fail(Code::kInvalidArgument,
                  "an insertion needs left_context or right_context: what stands around {}",
                  operation_.begin);
    }
    if (operation_.pre_hash.empty()) {
      return Fail(Code::kInvalidArgument,
                  "neither pre_hash nor original_text says what it was made for");
    }
    return {};
  }

  // Whether [begin, end) is what the operation was made for.
  bool FitsAt(std::size_t begin, std::size_t end) const {
    const std::u16string_view slice = content_.substr(begin, end - begin);
    if (!operation_.pre_hash.empty() && PreHash(slice) != operation_.pre_hash) return false;
    if (operation_.original_text && original_ != slice) return false;
    return contexts_.Fit(content_, begin, end);
  }

  // The contexts that were given, or else those that were seen.
  Contexts AroundMoved() const {
    if (!contexts_.empty()) return contexts_;
    return {Utf16OrEmpty(operation_.seen_left), Utf16OrEmpty(operation_.seen_right)};
  }

  Result<Replacement> FindOriginal(const Contexts& around) const {
    std::vector<std::size_t> places = PlacesOf(around.left + original_ + around.right, content_);
    for (std::size_t& place : places) place += around.left.size();
    const Result<std::size_t> chosen = Choose(places, *operation_.original_text);
    if (!chosen) return Fail(chosen.error());
    return At(*chosen, *chosen + original_.size());
  }

  Result<std::size_t> Choose(const std::vector<std::size_t>& places, std::string_view what) const {
    if (places.empty()) {
      return Fail(Code::kAborted, "{} is not in the document as it is now", Shown(what));
    }
    if (operation_.occurrence_index) {
      const auto index = static_cast<std::size_t>(*operation_.occurrence_index);
      if (*operation_.occurrence_index < 0 || index >= places.size()) {
        return Fail(Code::kAborted, "{} occurs {} times, there is no occurrence {}", Shown(what),
                    places.size(), *operation_.occurrence_index);
      }
      return places[index];
    }
    if (places.size() > 1) {
      return Fail(Code::kFailedPrecondition,
                  "{} occurs {} times: say which with left_context, right_context or "
                  "occurrence_index",
                  Shown(what), places.size());
    }
    return places.front();
  }

  Result<Replacement> FindHeading() const {
    if (!operation_.anchor_text || operation_.anchor_text->empty()) {
      return Fail(Code::kInvalidArgument, "anchor_text does not say which heading");
    }
    const std::u16string wanted = ToUtf16(*operation_.anchor_text);
    std::vector<std::size_t> line_ends;
    for (const HeadingLine& heading : HeadingsOf(content_)) {
      if (heading.text == WithoutBlanks(wanted) &&
          contexts_.Fit(content_, heading.end, heading.end)) {
        line_ends.push_back(heading.end);
      }
    }
    const Result<std::size_t> chosen = Choose(line_ends, *operation_.anchor_text);
    if (!chosen) return Fail(chosen.error());
    const bool is_last = *chosen == content_.size();
    Result<Replacement> found = At(*chosen + (is_last ? 0 : 1), *chosen + (is_last ? 0 : 1));
    if (!found) return found;
    if (is_last) found->text.insert(0, u"\n");
    if (!found->text.ends_with(u'\n')) found->text += u'\n';
    return found;
  }

  Result<Replacement> At(std::size_t begin, std::size_t end) const {
    if (SplitsCharacter(content_, begin) || SplitsCharacter(content_, end)) {
      return Fail(Code::kInvalidArgument, "{} to {} splits a character", begin, end);
    }
    const bool deletes = operation_.kind == OperationKind::kDeleteRange;
    return Replacement{begin, end, deletes ? std::u16string() : ToUtf16(operation_.text)};
  }

  const std::u16string_view content_;
  const Operation& operation_;
  const std::u16string original_;
  const Contexts contexts_;
};

// Insertions at one place keep their order, and come before what is replaced there.
std::vector<std::size_t> OrderOf(const std::vector<Replacement>& places) {
  std::vector<std::size_t> order(places.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::tuple(places[i].begin, places[i].end, i); });
  return order;
}

Status CheckApart(const std::vector<Replacement>& places) {
  const std::vector<std::size_t> order = OrderOf(places);
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (places[order[i]].begin < places[order[i - 1]].end) {
      return Fail(Code::kInvalidArgument, "operations {} and {} overlap", order[i - 1], order[i]);
    }
  }
  return {};
}

}  // namespace

std::string PreHash(std::u16string_view text) { return HashUtf16(text); }

std::u16string ToUtf16(std::string_view utf8) {
  const icu::UnicodeString text =
      icu::UnicodeString::fromUTF8({utf8.data(), static_cast<std::int32_t>(utf8.size())});
  return {text.getBuffer(), static_cast<std::size_t>(text.length())};
}

std::string ToUtf8(std::u16string_view text) {
  std::string utf8;
  // A view of `text` with its length; nothing looks for an end.
  const char16_t* const begin = text.data();
  const icu::UnicodeString all(false, begin, static_cast<std::int32_t>(text.size()));
  all.toUTF8String(utf8);
  return utf8;
}

Result<std::vector<Replacement>> ResolveOperations(std::u16string_view content,
                                                   const std::vector<Operation>& operations) {
  std::vector<Replacement> places;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    Result<Replacement> place = PlaceFinder(content, operations[i]).Find();
    if (!place) return Fail(std::move(place).error().Annotate(fmt::format("operation {}", i)));
    places.push_back(*std::move(place));
  }
  BATON_TRY(CheckApart(places));
  return places;
}

void RememberPlaces(std::u16string_view content, const std::vector<Replacement>& places,
                    std::vector<Operation>& operations) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    Operation& operation = operations[i];
    if (operation.kind == OperationKind::kInsertAfterHeading) continue;
    const auto [begin, end] = std::pair(places[i].begin, places[i].end);
    operation.begin = static_cast<std::int64_t>(begin);
    operation.end = static_cast<std::int64_t>(end);
    operation.occurrence_index.reset();
    // Of the same line, with its ends: what stands above and below is changed by others.
    std::size_t left = begin - std::min(begin, kSeenUnits);
    if (const auto line = content.substr(left, begin - left).rfind(u'\n'); line != content.npos) {
      left += line;
    }
    if (SplitsCharacter(content, left)) ++left;
    std::size_t right = std::min({content.size(), end + kSeenUnits, content.find(u'\n', end)});
    if (right < content.size() && content[right] == u'\n') ++right;
    if (SplitsCharacter(content, right)) --right;
    operation.seen_left = ToUtf8(content.substr(left, begin - left));
    operation.seen_right = ToUtf8(content.substr(end, right - end));
  }
}

std::u16string Replace(std::u16string_view content, const std::vector<Replacement>& replacements) {
  std::u16string result;
  std::size_t at = 0;
  for (const std::size_t i : OrderOf(replacements)) {
    const Replacement& each = replacements[i];
    result += content.substr(at, each.begin - at);
    result += each.text;
    at = each.end;
  }
  result += content.substr(at);
  return result;
}

}  // namespace baton::workspace::edits
