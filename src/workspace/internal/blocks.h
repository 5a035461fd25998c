// A document's structure: what its lines are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::workspace::internal {

// A heading, or a stretch of lines without a gap (a paragraph, a list, a code block).
struct Block {
  std::size_t begin = 0;  // bytes of the content; without the last line's end
  std::size_t end = 0;
  int level = 0;        // of a heading, from 1; 0 for text
  std::string heading;  // its words, without markup; empty for text
};

// Walks over the lines of a text.
class LineReader {
 public:
  // `begin`: where the first line starts. `text` outlives the reader.
  explicit LineReader(std::string_view text, std::size_t begin = 0) : text_(text), next_(begin) {}

  // Moves to the next line; false at the end.
  bool Next();

  std::string_view line() const { return text_.substr(begin_, end_ - begin_); }
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }  // of the line, without its LF

 private:
  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t next_;
};

// Gathers lines into blocks, in their order.
class BlockBuilder {
 public:
  // The line at [begin, end) belongs to the open text block, or opens one.
  void Extend(std::size_t begin, std::size_t end);
  // Ends the open text block.
  void Close() { open_lines_ = 0; }
  void AddHeading(int level, std::string_view heading, std::size_t begin, std::size_t end);
  // The open block, of one line, was a heading underlined by a line that ends at `end`.
  void TurnIntoHeading(int level, std::string_view heading, std::size_t end);

  std::size_t open_lines() const { return open_lines_; }
  // Where the open block begins; there is one.
  std::size_t open_begin() const { return blocks_.back().begin; }
  std::vector<Block> Take() && { return std::move(blocks_); }

 private:
  std::vector<Block> blocks_;
  std::size_t open_lines_ = 0;
};

// The blocks of Markdown from byte `begin` on: ATX and underlined headings, fences kept whole.
std::vector<Block> ReadMarkdownBlocks(std::string_view content, std::size_t begin);

// The blocks of plain text: paragraphs, and headings where a line is underlined.
std::vector<Block> ReadPlainBlocks(std::string_view content);

// The words of the first heading; empty if there is none.
std::string FirstHeading(const std::vector<Block>& blocks);

// `text` without the blanks around it.
std::string_view Trim(std::string_view text);

// At most `max_bytes` of `text`, on one line, without the blanks around it.
std::string OneLine(std::string_view text, std::size_t max_bytes);

}  // namespace baton::workspace::internal
