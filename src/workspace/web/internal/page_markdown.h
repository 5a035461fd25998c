// Markdown, written while walking over a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::workspace::web::internal {

// Blocks may nest as HTML's do: quotes and lists to any depth (drawn to a limit), everything
// else is brought to a form that Markdown has. White space collapses as in a browser. What
// would read as Markdown but is text gets a backslash where a line begins with it.
//
// Each Begin is followed by its End. Text beyond `max_bytes` is dropped.
class PageMarkdown {
 public:
  explicit PageMarkdown(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void Text(std::string_view text);

  void BreakLine();
  void BreakParagraph();
  void Rule();

  void BeginHeading(int level);
  void EndHeading();
  void BeginQuote();
  void EndQuote();
  void BeginList(bool ordered, int first);
  void EndList();
  void BeginItem();
  void EndItem();

  // Preformatted text, kept as it is.
  void BeginCode();
  void EndCode();

  // Within a line; a span without text leaves no trace.
  void BeginSpan(std::string mark);
  void EndSpan(std::string_view mark);
  void Image(std::string_view alt, std::string_view url);

  // A table of data: one line a row, the first of them its head.
  // Tables within cells are not drawn.
  void BeginTable();
  void EndTable();
  void BeginRow();
  void EndRow();
  void BeginCell();
  void EndCell();

  bool is_full() const { return out_.size() >= max_bytes_; }
  std::string Take() &&;

 private:
  enum class Gap { kNone, kBlank, kLine, kParagraph };

  // What each line within a quote or list item begins with.
  struct Prefix {
    std::string first;
    std::string rest;
    bool begun = false;
  };
  struct List {
    bool ordered;
    int next;
  };

  void Break(Gap gap);
  bool IsInline() const { return heading_depth_ > 0 || open_links_ > 0 || in_row_; }
  void PushPrefix(std::string first, std::string rest);
  void PopPrefix();
  void CloseGap();   // writes what stands between the last text and the next
  void StartLine();  // writes what the line begins with
  void OpenSpans();
  void Write(std::string_view raw);  // on the line
  void WriteAlone(std::string_view line);
  void WriteCodeLines(std::string_view code);

  const std::size_t max_bytes_;
  std::string out_;
  std::string code_;
  Gap gap_ = Gap::kNone;
  bool at_line_start_ = true;
  std::vector<Prefix> prefixes_;
  int prefixes_left_out_ = 0;
  std::vector<List> lists_;
  std::vector<std::string> spans_;   // their marks; the last ones
  std::size_t unwritten_spans_ = 0;  // of them, as no text has followed yet
  int code_depth_ = 0;
  int heading_depth_ = 0;
  int open_links_ = 0;
  bool in_row_ = false;
  int cells_ = 0;  // of the open row
  int rows_ = 0;   // of the open table
};

}  // namespace baton::workspace::web::internal
