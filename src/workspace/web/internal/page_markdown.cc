#include "workspace/web/internal/page_markdown.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::web::internal {
namespace {

using workspace::internal::LineReader;
using workspace::internal::Trim;

// Deeper quotes and lists are drawn as if they stood here: each line repeats them all.
constexpr std::size_t kMaxPrefixes = 8;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// Whether a line that begins with `text` would be read as something else than text.
bool ReadsAsMarkup(std::string_view text) {
  const char first = text.front();
  if (first == '#' || first == '>' || first == '`' || first == '~' || first == '|') return true;
  const bool is_bullet = first == '-' || first == '+' || first == '*';
  return is_bullet && (text.size() == 1 || IsBlank(text[1]));
}

std::size_t LongestRun(std::string_view text, char c) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char other : text) {
    run = other == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

void PageMarkdown::Text(std::string_view text) {
  if (is_full()) return;
  text = Utf8Prefix(text, max_bytes_);
  if (code_depth_ > 0) {
    if (code_.size() < max_bytes_) code_ += text;
    return;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsBlank(text[i])) {
      Break(Gap::kBlank);
      continue;
    }
    CloseGap();
    const bool escaped = (at_line_start_ && spans_.empty() && ReadsAsMarkup(text.substr(i))) ||
                         (in_row_ && text[i] == '|');
    OpenSpans();
    if (escaped) out_ += '\\';
    out_ += text[i];
    at_line_start_ = false;
  }
}

void PageMarkdown::Write(std::string_view raw) {
  if (is_full()) return;
  CloseGap();
  OpenSpans();
  out_ += raw;
  at_line_start_ = false;
}

void PageMarkdown::WriteAlone(std::string_view line) {
  if (is_full()) return;
  CloseGap();
  out_ += line;
  at_line_start_ = false;
}

void PageMarkdown::OpenSpans() {
  for (; unwritten_spans_ > 0; --unwritten_spans_) {
    out_ += spans_[spans_.size() - unwritten_spans_];
    at_line_start_ = false;
  }
}

void PageMarkdown::Break(Gap gap) {
  if (IsInline()) gap = std::min(gap, Gap::kBlank);
  // A paragraph begins where its item does.
  const bool item_is_empty = !prefixes_.empty() && !prefixes_.back().begun;
  if (item_is_empty) gap = std::min(gap, Gap::kLine);
  gap_ = std::max(gap_, gap);
}

void PageMarkdown::CloseGap() {
  const Gap gap = std::exchange(gap_, Gap::kNone);
  if (out_.empty()) {
    StartLine();
  } else if (gap == Gap::kBlank) {
    if (!at_line_start_) out_ += ' ';
  } else if (gap != Gap::kNone) {
    if (gap == Gap::kParagraph) {
      out_ += '\n';
      for (const Prefix& prefix : prefixes_) {
        if (prefix.begun) out_ += prefix.rest;
      }
      while (out_.ends_with(' ')) out_.pop_back();
    }
    out_ += '\n';
    StartLine();
  }
}

void PageMarkdown::StartLine() {
  for (Prefix& prefix : prefixes_) {
    out_ += std::exchange(prefix.begun, true) ? prefix.rest : prefix.first;
  }
  at_line_start_ = true;
}

void PageMarkdown::PushPrefix(std::string first, std::string rest) {
  if (prefixes_.size() < kMaxPrefixes) {
    prefixes_.push_back({std::move(first), std::move(rest)});
  } else {
    ++prefixes_left_out_;
  }
}

void PageMarkdown::PopPrefix() {
  if (prefixes_left_out_ > 0) {
    --prefixes_left_out_;
  } else {
    prefixes_.pop_back();
  }
}

void PageMarkdown::BreakLine() {
  if (code_depth_ > 0) {
    code_ += '\n';
  } else {
    Break(Gap::kLine);
  }
}

void PageMarkdown::BreakParagraph() {
  if (code_depth_ == 0) Break(Gap::kParagraph);
}

void PageMarkdown::Rule() {
  if (code_depth_ > 0 || IsInline()) return;
  Break(Gap::kParagraph);
  if (!out_.empty()) WriteAlone("---");
  Break(Gap::kParagraph);
}

void PageMarkdown::BeginHeading(int level) {
  if (code_depth_ > 0) return;
  if (!IsInline()) {
    Break(Gap::kParagraph);
    BeginSpan(std::string(static_cast<std::size_t>(level), '#') + " ");
  }
  ++heading_depth_;
}

void PageMarkdown::EndHeading() {
  if (code_depth_ > 0) return;
  --heading_depth_;
  if (IsInline()) return;
  EndSpan("");
  Break(Gap::kParagraph);
}

void PageMarkdown::BeginQuote() {
  if (code_depth_ > 0 || IsInline()) return;
  Break(Gap::kParagraph);
  PushPrefix("> ", "> ");
}

void PageMarkdown::EndQuote() {
  if (code_depth_ > 0 || IsInline()) return;
  PopPrefix();
  Break(Gap::kParagraph);
}

void PageMarkdown::BeginList(bool ordered, int first) {
  if (code_depth_ > 0 || IsInline()) return;
  Break(lists_.empty() ? Gap::kParagraph : Gap::kLine);
  lists_.push_back({ordered, first});
}

void PageMarkdown::EndList() {
  if (code_depth_ > 0 || IsInline()) return;
  lists_.pop_back();
  Break(lists_.empty() ? Gap::kParagraph : Gap::kLine);
}

void PageMarkdown::BeginItem() {
  if (code_depth_ > 0 || IsInline()) return;
  Break(Gap::kLine);
  const bool is_numbered = !lists_.empty() && lists_.back().ordered;
  std::string mark = is_numbered ? fmt::format("{}. ", lists_.back().next++) : "- ";
  std::string rest(mark.size(), ' ');
  PushPrefix(std::move(mark), std::move(rest));
}

void PageMarkdown::EndItem() {
  if (code_depth_ > 0 || IsInline()) return;
  const bool is_drawn = prefixes_left_out_ > 0 || prefixes_.back().begun;
  PopPrefix();
  if (is_drawn) gap_ = Gap::kLine;  // items stand together, whatever they end with
}

void PageMarkdown::BeginCode() {
  if (code_depth_ > 0 || !IsInline()) ++code_depth_;
}

void PageMarkdown::EndCode() {
  if (code_depth_ == 0 || --code_depth_ > 0) return;
  const std::string code = std::exchange(code_, {});
  if (Trim(code).empty()) return;
  const std::string fence(std::max<std::size_t>(3, LongestRun(code, '`') + 1), '`');
  Break(Gap::kParagraph);
  WriteAlone(fence);
  WriteCodeLines(code);
  Break(Gap::kLine);
  WriteAlone(fence);
  Break(Gap::kParagraph);
}

void PageMarkdown::WriteCodeLines(std::string_view code) {
  while (code.starts_with('\n')) code.remove_prefix(1);
  while (!code.empty() && IsBlank(code.back())) code.remove_suffix(1);
  LineReader lines(code);
  while (lines.Next() && !is_full()) {
    out_ += '\n';
    StartLine();
    out_ += lines.line();
  }
}

void PageMarkdown::BeginSpan(std::string mark) {
  if (code_depth_ > 0) return;
  if (mark == "[") ++open_links_;
  spans_.push_back(std::move(mark));
  ++unwritten_spans_;
}

void PageMarkdown::EndSpan(std::string_view mark) {
  if (code_depth_ > 0) return;
  if (spans_.back() == "[") --open_links_;
  spans_.pop_back();
  if (unwritten_spans_ > 0) {
    --unwritten_spans_;
  } else {
    out_ += mark;
  }
}

void PageMarkdown::Image(std::string_view alt, std::string_view url) {
  if (code_depth_ > 0 || url.empty()) return;
  Write("![");
  for (const char c : alt) out_ += IsBlank(c) || c == '[' || c == ']' || c == '|' ? ' ' : c;
  out_ += fmt::format("]({})", url);
}

void PageMarkdown::BeginTable() {
  if (code_depth_ > 0 || IsInline()) return;
  Break(Gap::kParagraph);
  rows_ = 0;
}

void PageMarkdown::EndTable() { BreakParagraph(); }

void PageMarkdown::BeginRow() {
  if (code_depth_ > 0 || IsInline()) return;
  Break(Gap::kLine);
  in_row_ = true;
  cells_ = 0;
}

void PageMarkdown::EndRow() {
  if (code_depth_ > 0 || !in_row_) return;
  in_row_ = false;
  if (cells_ > 0 && rows_++ == 0) {
    out_ += '\n';
    StartLine();
    out_ += '|';
    for (int i = 0; i < cells_; ++i) out_ += " --- |";
    at_line_start_ = false;
  }
  Break(Gap::kLine);
}

void PageMarkdown::BeginCell() {
  if (code_depth_ > 0 || !in_row_) return;
  if (cells_ == 0) WriteAlone("|");
  gap_ = Gap::kBlank;
}

void PageMarkdown::EndCell() {
  if (code_depth_ > 0 || !in_row_) return;
  out_ += " |";
  gap_ = Gap::kNone;
  ++cells_;
}

std::string PageMarkdown::Take() && {
  if (is_full()) out_.resize(Utf8Prefix(out_, max_bytes_).size());
  while (!out_.empty() && IsBlank(out_.back())) out_.pop_back();
  return std::move(out_);
}

}  // namespace baton::workspace::web::internal
