#include "workspace/org/internal/object_scanner.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace baton::workspace::org::internal {
namespace {

// Of a link's target.
constexpr std::size_t kMaxTargetBytes = 2000;

constexpr std::array<std::string_view, 12> kSchemes = {
    "http", "https", "ftp", "mailto", "file", "id", "doi", "news", "shell", "elisp", "info", "irc"};

bool IsWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Where one scheme ends: "https:" at the beginning of `text`; 0 if there is none.
std::size_t SchemeLength(std::string_view text) {
  for (const std::string_view scheme : kSchemes) {
    if (text.size() > scheme.size() && text.starts_with(scheme) && text[scheme.size()] == ':') {
      return scheme.size() + 1;
    }
  }
  return 0;
}

// The next place that fits, remembered: however often it is asked for from ever later places,
// the text is looked through once.
class NextPlace {
 public:
  // The first place from `from` for which `fits`; `size` if there is none.
  template <typename Fits>
  std::size_t From(std::size_t from, std::size_t size, Fits fits) {
    if (from >= size) return size;
    if (!known_ || place_ < from) {
      for (place_ = from; place_ < size && !fits(place_);) ++place_;
      known_ = true;
    }
    return place_;
  }

 private:
  bool known_ = false;
  std::size_t place_ = 0;
};

class ObjectScanner {
 public:
  ObjectScanner(OrgFile& file, Span span) : file_(file), span_(span), text_(file.Text(span)) {}

  void Run() {
    while (at_ < text_.size()) {
      const std::size_t length = ReadObject();
      at_ += std::max<std::size_t>(length, 1);
    }
  }

 private:
  // The length of the object here; 0 if there is none.
  std::size_t ReadObject() {
    const char c = text_[at_];
    if (c == '<' || c == '[') {
      if (c == '[' && Rest().starts_with("[[")) return ReadBracketLink();
      const std::size_t stamp = ReadStampHere();
      return stamp == 0 && c == '<' ? ReadAngleLink() : stamp;
    }
    if (c == '=' || c == '~') return SkipVerbatim(c);
    const bool word_begins = IsWordChar(c) && (at_ == 0 || !IsWordChar(text_[at_ - 1]));
    return word_begins ? ReadPlainLink() : 0;
  }

  std::size_t ReadStampHere() {
    Stamp stamp;
    const std::size_t length = ReadStamp(Rest(), stamp);
    if (length == 0) return 0;
    const std::string_view behind = Rest().substr(length);
    Stamp ignored;
    const bool range = behind.starts_with("--") && ReadStamp(behind.substr(2), ignored) > 0;
    file_.stamps.push_back({.span = Here(0, length), .stamp = stamp, .opens_range = range});
    return length;
  }

  // [[target]] and [[target][description]].
  std::size_t ReadBracketLink() {
    const std::string_view window = Rest().substr(0, kMaxTargetBytes);
    std::size_t end = 2;
    while (end < window.size() && window[end] != '[' && window[end] != ']') {
      end += window[end] == '\\' && end + 1 < window.size() ? 2 : 1;
    }
    if (end == 2 || end + 1 >= window.size() || window[end] != ']') return 0;
    const Span target = Here(2, end);
    if (window[end + 1] == ']') {
      file_.links.push_back({.span = Here(0, end + 2), .target = target, .description = {}});
      return end + 2;
    }
    if (window[end + 1] != '[') return 0;
    const std::size_t close = brackets_.From(
        at_ + end + 3, text_.size(), [&](std::size_t at) { return text_.substr(at, 2) == "]]"; });
    if (close == text_.size()) return 0;
    const std::size_t length = close + 2 - at_;
    file_.links.push_back(
        {.span = Here(0, length), .target = target, .description = Here(end + 2, length - 2)});
    return length;
  }

  // <https://orgmode.org>
  std::size_t ReadAngleLink() {
    const std::string_view window = Rest().substr(0, kMaxTargetBytes);
    if (SchemeLength(window.substr(1)) == 0) return 0;
    const std::size_t close = window.find_first_of(">\n");
    if (close == std::string_view::npos || window[close] == '\n') return 0;
    file_.links.push_back(
        {.span = Here(0, close + 1), .target = Here(1, close), .description = {}});
    return close + 1;
  }

  // https://orgmode.org: up to a blank or bracket, without the punctuation that ends a sentence.
  std::size_t ReadPlainLink() {
    const std::size_t scheme = SchemeLength(Rest());
    if (scheme == 0) return 0;
    std::size_t end = scheme;
    while (at_ + end < text_.size() && end < kMaxTargetBytes && !IsSpace(text_[at_ + end]) &&
           std::string_view("[]()<>").find(text_[at_ + end]) == std::string_view::npos) {
      ++end;
    }
    while (end > scheme && !IsWordChar(text_[at_ + end - 1]) && text_[at_ + end - 1] != '/') --end;
    if (end == scheme) return 0;
    file_.links.push_back({.span = Here(0, end), .target = Here(0, end), .description = {}});
    return end;
  }

  // =text= between blanks or punctuation, over two lines at most.
  std::size_t SkipVerbatim(char mark) {
    constexpr std::string_view kBefore = " \t\n\r-('\"{";
    if (at_ > 0 && kBefore.find(text_[at_ - 1]) == std::string_view::npos) return 0;
    if (at_ + 2 >= text_.size() || IsSpace(text_[at_ + 1])) return 0;
    const std::size_t close = closers_[mark == '=' ? 0 : 1].From(
        at_ + 2, text_.size(), [&](std::size_t at) { return ClosesVerbatim(at, mark); });
    const auto is_line_end = [&](std::size_t at) { return text_[at] == '\n'; };
    const std::size_t first = line_ends_[0].From(at_, text_.size(), is_line_end);
    const std::size_t second = line_ends_[1].From(first + 1, text_.size(), is_line_end);
    return close < text_.size() && close < second ? close + 1 - at_ : 0;
  }

  bool ClosesVerbatim(std::size_t at, char mark) const {
    constexpr std::string_view kBehind = " \t\n\r-.,:!?;'\")}[";
    if (text_[at] != mark || IsSpace(text_[at - 1])) return false;
    return at + 1 == text_.size() || kBehind.find(text_[at + 1]) != std::string_view::npos;
  }

  std::string_view Rest() const { return text_.substr(at_); }

  Span Here(std::size_t begin, std::size_t end) const {
    const auto base = static_cast<std::uint32_t>(span_.begin + at_);
    return {base + static_cast<std::uint32_t>(begin), base + static_cast<std::uint32_t>(end)};
  }

  OrgFile& file_;
  const Span span_;
  const std::string_view text_;
  std::size_t at_ = 0;
  NextPlace brackets_;
  std::array<NextPlace, 2> closers_;    // of = and ~
  std::array<NextPlace, 2> line_ends_;  // the next, and the one behind it
};

}  // namespace

void ScanObjects(OrgFile& file, Span span) { ObjectScanner(file, span).Run(); }

std::vector<StampAt> ReadStamps(const OrgFile& file, Span span) {
  std::vector<StampAt> stamps;
  const std::string_view text = file.Text(span);
  for (std::size_t at = 0; at < text.size();) {
    Stamp stamp;
    const std::size_t length = ReadStamp(text.substr(at), stamp);
    if (length == 0) {
      ++at;
      continue;
    }
    const auto begin = span.begin + static_cast<std::uint32_t>(at);
    const bool follows =
        !stamps.empty() && stamps.back().span.end + 2 == begin && text.substr(at - 2, 2) == "--";
    if (follows) stamps.back().opens_range = true;
    stamps.push_back({.span = {begin, begin + static_cast<std::uint32_t>(length)}, .stamp = stamp});
    at += length;
  }
  return stamps;
}

}  // namespace baton::workspace::org::internal
