// Headings and elements of an org file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/org/internal/line_syntax.h"
#include "workspace/org/org_file.h"

namespace baton::workspace::org::internal {

// Fills the lists of `file`, whose text, lines and TODO keywords are there: headings with their
// planning and properties, and the elements below them. Time is linear in the text.
//
// Lifetime: one file; Run() once.
class ElementParser {
 public:
  explicit ElementParser(OrgFile& file) : file_(file) {}

  void Run();

 private:
  void ReadHeading(std::size_t line, std::size_t stars);
  void CloseHeadings(int level, std::uint32_t end);
  std::size_t ReadHead(std::size_t line, std::size_t section_end);
  std::size_t ReadPlanning(std::size_t line);
  std::size_t ReadPropertyDrawer(std::size_t line, std::size_t end);

  // Elements of the lines [line, end); each yields the line behind what it has read.
  void ReadElements(std::size_t line, std::size_t end, int depth);
  std::size_t ReadElement(std::size_t line, std::size_t end, int depth);
  std::size_t ReadContainer(std::size_t line, std::size_t end, int depth);
  std::size_t ReadDrawer(std::size_t line, std::size_t end, int depth);
  std::size_t ReadBlock(std::size_t line, std::size_t end, const BlockLine& begin, int depth);
  std::size_t ReadLatex(std::size_t line, std::size_t end, Range name);
  std::size_t ReadTable(std::size_t line, std::size_t end);
  std::size_t ReadList(std::size_t line, std::size_t end, int depth);
  void ReadItem(std::size_t line, const ItemLine& item, int indent, int parent);
  void ReadClock(std::size_t line);
  std::size_t ReadLine(std::size_t line);

  // Notes where the section's "#+end_src", ":END:" and "\\end{x}" lines are.
  void IndexEnds(std::size_t line, std::size_t end);
  // The first of them from `line`; `end` if there is none before.
  std::size_t FindEnd(std::string_view mark, std::size_t line, std::size_t end) const;

  // Text that may hold links and stamps; what follows directly is read together with it.
  void AddText(Span span);
  void FlushText();

  std::string_view TextOf(std::size_t line) const { return file_.LineText(line); }
  Span SpanIn(std::size_t line, Range range) const;
  Span LinesSpan(std::size_t first, std::size_t end) const;
  void Mark(std::size_t line, LineKind kind) { file_.lines[line].kind = kind; }

  OrgFile& file_;
  int heading_ = -1;
  std::vector<int> open_;  // headings whose subtree goes on
  Span text_;              // pending, for FlushText()
  std::map<std::string, std::vector<std::size_t>, std::less<>> ends_;  // of the section
};

}  // namespace baton::workspace::org::internal
