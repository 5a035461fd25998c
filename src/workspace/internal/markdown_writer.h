// Text with headings, lists and code, written as simple Markdown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::workspace::internal {

// Collapses white space as a browser does, except in code. What is ordinary text never reads
// as a heading or a fence.
class MarkdownWriter {
 public:
  void Text(std::string_view text);

  void BreakLine();       // nothing more on this line
  void BreakParagraph();  // and an empty line after it

  void BeginHeading(int level);  // until EndHeading(), breaks are blanks
  void EndHeading();
  void BeginCode();  // until EndCode(), text stays as it is
  void EndCode();
  void BeginItem();  // of a list

  // The text written; no blanks at its ends.
  std::string Take() &&;

 private:
  bool AtLineStart() const { return out_.empty() || out_.back() == '\n'; }
  void TrimLine();

  std::string out_;
  std::string code_;
  int code_depth_ = 0;
  int heading_depth_ = 0;
  std::size_t heading_begin_ = 0;  // of the open heading: its marks, and its words
  std::size_t heading_text_ = 0;
  bool blank_ = false;  // white space was read and not written yet
};

}  // namespace baton::workspace::internal
