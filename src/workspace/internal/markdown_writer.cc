#include "workspace/internal/markdown_writer.h"

#include <algorithm>
#include <utility>

#include "workspace/internal/blocks.h"

namespace baton::workspace::internal {

void MarkdownWriter::Text(std::string_view text) {
  if (code_depth_ > 0) {
    code_ += text;
    return;
  }
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n') {
      blank_ = true;
      continue;
    }
    if (AtLineStart()) {
      if (c == '#' || c == '`' || c == '~') out_ += '\\';
    } else if (blank_ && out_.back() != ' ') {
      out_ += ' ';
    }
    blank_ = false;
    out_ += c;
  }
}

void MarkdownWriter::TrimLine() {
  while (!out_.empty() && out_.back() == ' ') out_.pop_back();
}

void MarkdownWriter::BreakLine() {
  if (code_depth_ > 0) {
    code_ += '\n';
  } else if (heading_depth_ > 0) {
    blank_ = true;
  } else {
    TrimLine();
    if (!AtLineStart()) out_ += '\n';
    blank_ = false;
  }
}

void MarkdownWriter::BreakParagraph() {
  if (code_depth_ > 0) {
    if (!code_.empty() && code_.back() != '\n') code_ += '\n';
    return;
  }
  BreakLine();
  if (heading_depth_ == 0 && !out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
}

void MarkdownWriter::BeginHeading(int level) {
  if (code_depth_ > 0) return;
  if (heading_depth_ == 0) {
    BreakParagraph();
    heading_begin_ = out_.size();
    out_.append(static_cast<std::size_t>(level), '#');
    out_ += ' ';
    heading_text_ = out_.size();
  }
  ++heading_depth_;
}

void MarkdownWriter::EndHeading() {
  if (code_depth_ > 0 || heading_depth_ == 0) return;
  --heading_depth_;
  if (heading_depth_ > 0) return;
  if (out_.size() == heading_text_) out_.resize(heading_begin_);
  BreakParagraph();
}

void MarkdownWriter::BeginCode() {
  if (heading_depth_ == 0) ++code_depth_;
}

void MarkdownWriter::EndCode() {
  if (code_depth_ == 0) return;
  --code_depth_;
  if (code_depth_ > 0) return;
  const std::string code = std::exchange(code_, {});
  if (Trim(code).empty()) return;
  // A fence longer than any in the code itself.
  const std::string_view fence = code.find("```") == std::string::npos ? "```" : "~~~~~~~~";
  BreakParagraph();
  out_ += fence;
  out_ += '\n';
  out_ += std::string_view(code).substr(code.front() == '\n' ? 1 : 0);
  if (!AtLineStart()) out_ += '\n';
  out_ += fence;
  out_ += '\n';
  BreakParagraph();
}

void MarkdownWriter::BeginItem() {
  BreakLine();
  if (code_depth_ == 0 && heading_depth_ == 0) out_ += "- ";
}

std::string MarkdownWriter::Take() && {
  while (!out_.empty() && (out_.back() == ' ' || out_.back() == '\n')) out_.pop_back();
  return std::move(out_);
}

}  // namespace baton::workspace::internal
