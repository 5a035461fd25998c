#include "workspace/edits/text_edit.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <unicode/unistr.h>

#include "base/utf16.h"
#include "base/utf8.h"

namespace baton::workspace::edits {
namespace {

constexpr std::size_t kShownText = 60;

bool IsLead(char16_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool IsTrail(char16_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

bool SplitsCharacter(std::u16string_view text, std::size_t at) {
  return at > 0 && at < text.size() && IsLead(text[at - 1]) && IsTrail(text[at]);
}

std::string Shown(std::string_view text) {
  const std::string_view head = Utf8Prefix(text, kShownText);
  return fmt::format("'{}{}'", head, head.size() < text.size() ? "…" : "");
}

// The place of one operation.
class PlaceFinder {
 public:
  PlaceFinder(std::u16string_view content, const Operation& operation)
      : content_(content), operation_(operation) {}

  Result<Replacement> Find() const {
    if (operation_.kind == OperationKind::kInsertAfterHeading) return FindHeading();
    BATON_TRY(CheckGuards());
    if (HasRange() && FitsAt(Begin(), End())) return At(Begin(), End());
    if (!operation_.original_text || operation_.original_text->empty()) {
      return Fail(Code::kAborted,
                  "the text at {} to {} is not what it was: read the document again",
                  operation_.begin, operation_.end);
    }
    return FindOriginal();
  }

 private:
  std::size_t Begin() const { return static_cast<std::size_t>(operation_.begin); }
  std::size_t End() const { return static_cast<std::size_t>(operation_.end); }
  bool HasRange() const {
    return operation_.begin >= 0 && operation_.begin <= operation_.end && End() <= content_.size();
  }

  static bool IsSet(const std::optional<std::string>& text) { return text && !text->empty(); }

  // What stands in an empty range is the same everywhere: only what is around it tells whether
  // the place is the one that was meant.
  Status CheckGuards() const {
    const bool has_text = IsSet(operation_.original_text);
    const bool has_context = IsSet(operation_.left_context) || IsSet(operation_.right_context);
    if (has_text && !operation_.pre_hash.empty() &&
        PreHash(ToUtf16(*operation_.original_text)) != operation_.pre_hash) {
      return Fail(Code::kInvalidArgument, "pre_hash is not that of original_text");
    }
    if (has_text || has_context || content_.empty()) return {};
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
    if (operation_.original_text && ToUtf16(*operation_.original_text) != slice) return false;
    return FitsContexts(begin, end);
  }

  bool FitsContexts(std::size_t begin, std::size_t end) const {
    if (operation_.left_context &&
        !content_.substr(0, begin).ends_with(ToUtf16(*operation_.left_context))) {
      return false;
    }
    return !operation_.right_context ||
           content_.substr(end).starts_with(ToUtf16(*operation_.right_context));
  }

  Result<Replacement> FindOriginal() const {
    const std::u16string wanted = ToUtf16(*operation_.original_text);
    std::vector<std::size_t> places;
    for (std::size_t at = content_.find(wanted); at != std::u16string_view::npos;
         at = content_.find(wanted, at + 1)) {
      if (FitsContexts(at, at + wanted.size())) places.push_back(at);
    }
    const Result<std::size_t> chosen = Choose(places, *operation_.original_text);
    if (!chosen) return Fail(chosen.error());
    return At(*chosen, *chosen + wanted.size());
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
    for (std::size_t begin = 0; begin < content_.size();) {
      const std::size_t end = std::min(content_.find(u'\n', begin), content_.size());
      if (WithoutBlanks(content_.substr(begin, end - begin)) == WithoutBlanks(wanted) &&
          FitsContexts(end, end)) {
        line_ends.push_back(end);
      }
      begin = end + 1;
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

  static std::u16string_view WithoutBlanks(std::u16string_view line) {
    while (!line.empty() && (line.back() == u' ' || line.back() == u'\t')) line.remove_suffix(1);
    return line;
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
