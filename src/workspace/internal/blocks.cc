#include "workspace/internal/blocks.h"

#include <algorithm>

#include "base/utf8.h"

namespace baton::workspace::internal {
namespace {

// A heading path goes with every chunk and into the index: a page that marks whole paragraphs
// as headings must not blow it up.
constexpr std::size_t kMaxHeadingBytes = 200;

}  // namespace

bool LineReader::Next() {
  if (next_ >= text_.size()) return false;
  begin_ = next_;
  end_ = std::min(text_.find('\n', begin_), text_.size());
  next_ = end_ + 1;
  return true;
}

void BlockBuilder::Extend(std::size_t begin, std::size_t end) {
  if (open_lines_ == 0) blocks_.push_back(Block{.begin = begin});
  blocks_.back().end = end;
  ++open_lines_;
}

void BlockBuilder::AddHeading(int level, std::string_view heading, std::size_t begin,
                              std::size_t end) {
  Close();
  if (heading.empty()) return;
  blocks_.push_back(Block{
      .begin = begin, .end = end, .level = level, .heading = OneLine(heading, kMaxHeadingBytes)});
}

void BlockBuilder::TurnIntoHeading(int level, std::string_view heading, std::size_t end) {
  const std::size_t begin = open_begin();
  blocks_.pop_back();
  AddHeading(level, heading, begin, end);
}

std::string FirstHeading(const std::vector<Block>& blocks) {
  const auto found = std::find_if(blocks.begin(), blocks.end(),
                                  [](const Block& block) { return block.level > 0; });
  return found == blocks.end() ? std::string() : found->heading;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string OneLine(std::string_view text, std::size_t max_bytes) {
  std::string line;
  for (const char c : Trim(text)) {
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (!blank) {
      line += c;
    } else if (line.back() != ' ') {  // trimmed: the first character is no blank
      line += ' ';
    }
    if (line.size() > max_bytes) break;
  }
  // The loop may have stopped within a character: Utf8Prefix() cuts at one that has begun.
  return std::string(Trim(Utf8Prefix(line, max_bytes)));
}

}  // namespace baton::workspace::internal
