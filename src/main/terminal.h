// How baton talks to a person: colour and progress where there is a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::app {

enum class Style { kPlain, kDim, kBold, kGreen, kRed, kYellow };

// `text` without what a terminal obeys: the control characters C0 (but for line feed and tab), DEL
// and C1. Models, documents and file names are other people's text.
std::string WithoutControls(std::string_view text);

// Writes to one of the standard streams. Colour only if it is a terminal and NO_COLOR
// (no-color.org) is not set; control characters only if it is none.
// Threads: one.
class Terminal {
 public:
  explicit Terminal(std::FILE* stream);

  bool is_terminal() const { return is_terminal_; }
  std::size_t width() const;  // columns; 80 where it cannot be known

  void Write(std::string_view text, Style style = Style::kPlain);
  void WriteLine(std::string_view text, Style style = Style::kPlain);

  // In the place of the line the cursor is in; nothing on what is no terminal.
  void Redraw(std::string_view line);

 private:
  std::FILE* stream_;
  bool is_terminal_;
  bool coloured_;
};

// A line that is drawn over itself: "[=====>    ]  512/1024 docs/a.md". On what is no terminal
// it draws nothing.
class ProgressBar {
 public:
  explicit ProgressBar(Terminal& terminal) : terminal_(terminal) {}
  ~ProgressBar() { Clear(); }
  void Draw(std::size_t done, std::size_t total, std::string_view label);
  void Clear();

 private:
  Terminal& terminal_;
  bool drawn_ = false;
};

// "error: <message>" in red and "hint: <hint>" on standard error; yields the exit code 1.
int ReportError(const Status& status, std::string_view hint = {});

// The same of what a service has said, or not: `hint` is for a name that it does not know; where
// none answers, the hint says how to reach one, with the flag that names its address.
int ReportServiceError(const Status& status, std::string_view hint = {},
                       std::string_view flag = "--server");

}  // namespace baton::app
