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

// C2 80 to C2 9F.
bool IsC1(std::string_view text, std::size_t at) {
  return text[at] == '\xC2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

}  // namespace

std::string WithoutControls(std::string_view text) {
  // A lone byte from 80 to 9F is C1 too, to a terminal that does not speak UTF-8.
  const std::string valid = ReplaceInvalidUtf8(text);
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) continue;
    if (IsC1(valid, i)) {
      ++i;
      continue;
    }
    out.push_back(valid[i]);
  }
  return out;
}

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
  const std::string harmless = is_terminal_ ? WithoutControls(text) : std::string();
  if (is_terminal_) text = harmless;
  std::fwrite(text.data(), 1, text.size(), stream_);
  if (escape) std::fputs("\x1b[0m", stream_);
  std::fflush(stream_);
}

void Terminal::WriteLine(std::string_view text, Style style) {
  Write(text, style);
  Write("\n");
}

void Terminal::Redraw(std::string_view line) {
  if (!is_terminal_) return;
  std::fputs("\r", stream_);
  Write(line);
  std::fputs("\x1b[K", stream_);
  std::fflush(stream_);
}

void ProgressBar::Draw(std::size_t done, std::size_t total, std::string_view label) {
  if (!terminal_.is_terminal()) return;
  constexpr std::size_t kBar = 24;
  const std::size_t filled = total == 0 ? 0 : std::min(kBar, done * kBar / total);
  std::string line = "[" + std::string(filled, '=') + (filled < kBar ? ">" : "") +
                     std::string(filled < kBar ? kBar - filled - 1 : 0, ' ') +
                     fmt::format("] {}/{} ", done, total);
  const std::size_t room = terminal_.width() > line.size() ? terminal_.width() - line.size() : 0;
  if (label.size() > room) label.remove_prefix(label.size() - room);
  terminal_.Redraw(line.append(label));
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (drawn_) terminal_.Redraw("");
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

int ReportServiceError(const Status& status, std::string_view hint, std::string_view flag) {
  if (status.code() == Code::kUnavailable) {
    return ReportError(status,
                       fmt::format("start one with `baton serve`, or name another with {}", flag));
  }
  return ReportError(status, status.code() == Code::kNotFound ? hint : std::string_view());
}

}  // namespace baton::app
