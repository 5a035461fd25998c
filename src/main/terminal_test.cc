#include "main/terminal.h"

#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <gtest/gtest.h>

namespace baton::app {
namespace {

// A terminal whose screen the test sees byte for byte.
class PseudoTerminal {
 public:
  PseudoTerminal() {
    termios raw{};
    cfmakeraw(&raw);
    int slave = -1;
    EXPECT_EQ(openpty(&master_, &slave, nullptr, &raw, nullptr), 0);
    stream_ = fdopen(slave, "w");
  }
  ~PseudoTerminal() {
    std::fclose(stream_);
    close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  std::FILE* stream() const { return stream_; }

  // What is on the screen once `end` is.
  std::string ReadUntil(char end) const {
    std::string seen;
    for (char c = 0; c != end && read(master_, &c, 1) == 1;) seen += c;
    return seen;
  }

 private:
  int master_ = -1;
  std::FILE* stream_ = nullptr;
};

constexpr std::string_view kHostile =
    "a\x1b]0;title\x07 \x1b[2Jb\rc\x08\x7f \xC2\x9B"
    "31m\x9B \tü\n";

TEST(WithoutControls, LeavesTextLineFeedsAndTabs) {
  EXPECT_EQ(WithoutControls(kHostile), "a]0;title [2Jbc 31m\uFFFD \tü\n");
  EXPECT_EQ(WithoutControls("plain\n\ttext \xC2\xA0 → 語"), "plain\n\ttext \xC2\xA0 → 語");
  EXPECT_EQ(WithoutControls("\xC2"), "\uFFFD");
}

TEST(Terminal, DoesNotObeyTheTextItShows) {
  const PseudoTerminal screen;
  Terminal terminal(screen.stream());
  terminal.Write(kHostile);
  EXPECT_EQ(screen.ReadUntil('\n'), WithoutControls(kHostile));
  setenv("NO_COLOR", "", 1);
  Terminal(screen.stream()).Write("x\x1b[0m\n", Style::kRed);
  EXPECT_EQ(screen.ReadUntil('m'), "\x1b[31m") << "its own colours remain";
  EXPECT_EQ(screen.ReadUntil('\n'), "x[0m\n");
}

TEST(Terminal, KeepsEveryByteForAFile) {
  std::FILE* file = std::tmpfile();
  Terminal(file).Write(kHostile);
  std::rewind(file);
  std::array<char, 100> bytes{};
  const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), file);
  EXPECT_EQ(std::string_view(bytes.data(), count), kHostile);
  std::fclose(file);
}

TEST(ProgressBar, RedrawsItsLineWithoutTheControlsOfAFileName) {
  const PseudoTerminal screen;
  Terminal terminal(screen.stream());
  ProgressBar(terminal).Draw(1, 2, "a\x1b[2Jb.md");
  const std::string drawn = screen.ReadUntil('K');
  EXPECT_EQ(drawn.front(), '\r');
  EXPECT_NE(drawn.find("1/2 a[2Jb.md\x1b[K"), std::string::npos) << drawn;
}

}  // namespace
}  // namespace baton::app
