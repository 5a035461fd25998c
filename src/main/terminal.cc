#include "main/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/utf8.h"

namespace baton::app {
namespace {

const char* EscapeOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kGreen:
      return "\x1b[32m";
    case Style::kRed:
      return "\x1b[31m";
    case Style::kYellow:
      return "\x1b[33m";
  }
  return "";
}

}  // namespace

Terminal::Terminal(std::FILE* stream) : stream_(stream), is_terminal_(isatty(fileno(stream)) == 1) {
  const char* no_colour = std::getenv("NO_COLOR");
  coloured_ = is_terminal_ && (no_colour == nullptr || *no_colour == '\0');
}

std::size_t Terminal::width() const {
  winsize size{};
  if (!is_terminal_ || ioctl(fileno(stream_), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return 80;
  }
  return size.ws_col;
}

void Terminal::Write(std::string_view text, Style style) {
  const bool escape = coloured_ && style != Style::kPlain;
  if (escape) std::fputs(EscapeOf(style), stream_);
  std::fwrite(text.data(), 1, text.size(), stream_);
  if (escape) std::fputs("\x1b[0m", stream_);
  std::fflush(stream_);
}

void Terminal::WriteLine(std::string_view text, Style style) {
  Write(text, style);
  Write("\n");
}

void ProgressBar::Draw(std::size_t done, std::size_t total, std::string_view label) {
  if (!terminal_.is_terminal()) return;
  constexpr std::size_t kBar = 24;
  const std::size_t filled = total == 0 ? 0 : std::min(kBar, done * kBar / total);
  std::string line = "\r[" + std::string(filled, '=') + (filled < kBar ? ">" : "") +
                     std::string(filled < kBar ? kBar - filled - 1 : 0, ' ') +
                     fmt::format("] {}/{} ", done, total);
  const std::size_t room = terminal_.width() > line.size() ? terminal_.width() - line.size() : 0;
  if (label.size() > room) label.remove_prefix(label.size() - room);
  line += ReplaceInvalidUtf8(label);
  terminal_.Write(line + "\x1b[K");
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (drawn_) terminal_.Write("\r\x1b[K");
  drawn_ = false;
}

int ReportError(const Status& status, std::string_view hint) {
  Terminal err(stderr);
  err.Write("error: ", Style::kRed);
  err.WriteLine(status.message().empty() ? status.ToString() : status.message());
  if (!hint.empty()) {
    err.Write("hint:  ", Style::kYellow);
    err.WriteLine(hint);
  }
  return 1;
}

}  // namespace baton::app
