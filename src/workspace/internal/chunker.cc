#include "workspace/internal/chunker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/utf16.h"
#include "base/utf8.h"
#include "workspace/internal/text_encoding.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxHeadingPathBytes = 600;

// The headings a place in the document stands under.
class HeadingPath {
 public:
  void Enter(int level, const std::string& heading) {
    while (!open_.empty() && open_.back().first >= level) open_.pop_back();
    open_.emplace_back(level, heading);
  }

  std::string Text() const {
    std::string text;
    for (const auto& [level, heading] : open_) {
      if (!text.empty()) text += " > ";
      text += heading;
    }
    return std::string(Utf8Prefix(text, kMaxHeadingPathBytes));
  }

 private:
  std::vector<std::pair<int, std::string>> open_;
};

// Offsets in bytes to offsets in UTF-16 code units, for offsets that only grow.
class UnitCounter {
 public:
  explicit UnitCounter(std::string_view content) : content_(content) {}

  std::size_t At(std::size_t byte) {
    units_ += static_cast<std::size_t>(Utf16Length(content_.substr(byte_, byte - byte_)));
    byte_ = byte;
    return units_;
  }

 private:
  std::string_view content_;
  std::size_t byte_ = 0;
  std::size_t units_ = 0;
};

// The first bytes of `text` that make up at most `units` code units, without half a character.
std::size_t BytesWithin(std::string_view text, std::size_t units) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t cost = lead >= 0xF0 ? 2 : 1;
    if (cost > units) break;
    units -= cost;
    at += lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  }
  return std::min(at, text.size());
}

bool EndsSentence(std::string_view text, std::size_t at) {
  constexpr std::string_view kIdeographicStop = "\xE3\x80\x82";
  const std::string_view before = text.substr(0, at);
  if (before.ends_with(kIdeographicStop)) return true;
  const bool blank = at < text.size() && (text[at] == ' ' || text[at] == '\n');
  return blank && (before.ends_with('.') || before.ends_with('!') || before.ends_with('?'));
}

// Where to cut `text`, of which at most `limit` bytes fit: after the last sentence, else line,
// else word in the second half; else at the limit.
std::size_t BestCut(std::string_view text, std::size_t limit) {
  std::size_t line = 0;
  std::size_t word = 0;
  for (std::size_t at = limit; at > limit / 2; --at) {
    if (EndsSentence(text, at)) return at;
    if (at == text.size()) continue;
    if (line == 0 && text[at] == '\n') line = at;
    if (word == 0 && (text[at] == ' ' || text[at] == '\t')) word = at;
  }
  if (line != 0) return line;
  return word != 0 ? word : limit;
}

class Chunker {
 public:
  Chunker(std::string_view content, const ChunkSizes& sizes)
      : content_(content), sizes_(sizes), counter_(content) {}

  void Add(const Block& block) {
    if (block.level > 0) {
      if (has_text_) Flush();
      path_.Enter(block.level, block.heading);
    }
    AddStretch(block.begin, block.end);
    has_text_ = has_text_ || block.level == 0;
  }

  std::vector<Chunk> Take() && {
    Flush();
    return std::move(chunks_);
  }

 private:
  // Looks at no more than `units`: a block may be the whole of a large file.
  bool IsLonger(std::size_t end, std::size_t units) const {
    const std::string_view text = content_.substr(begin_, end - begin_);
    return BytesWithin(text, units) < text.size();
  }

  // Appends [begin, end) to the open chunk, or begins one with it.
  void AddStretch(std::size_t begin, std::size_t end) {
    if (open_ && IsLonger(end_, sizes_.enough / 2) && IsLonger(end, sizes_.most)) Flush();
    if (!open_) begin_ = begin;
    open_ = true;
    end_ = end;
    while (open_ && IsLonger(end_, sizes_.most)) CutOpenChunk();
    if (open_ && IsLonger(end_, sizes_.enough)) Flush();
  }

  void CutOpenChunk() {
    const std::size_t end = end_;
    const std::string_view text = content_.substr(begin_, end - begin_);
    end_ = begin_ + BestCut(text, BytesWithin(text, sizes_.most));
    const std::size_t rest = content_.find_first_not_of(" \t\n", end_);
    Flush();
    if (rest >= end) return;
    begin_ = rest;
    end_ = end;
    open_ = true;
    has_text_ = true;
  }

  void Flush() {
    if (!std::exchange(open_, false)) return;
    has_text_ = false;
    const std::string_view text = Trim(content_.substr(begin_, end_ - begin_));
    if (text.empty()) return;
    const auto begin = static_cast<std::size_t>(text.data() - content_.data());
    Chunk chunk;
    chunk.index = static_cast<std::int64_t>(chunks_.size());
    chunk.content = text;
    chunk.heading = path_.Text();
    chunk.begin = static_cast<std::int64_t>(counter_.At(begin));
    chunk.end = static_cast<std::int64_t>(counter_.At(begin + text.size()));
    chunks_.push_back(std::move(chunk));
  }

  const std::string_view content_;
  const ChunkSizes sizes_;
  UnitCounter counter_;
  HeadingPath path_;
  bool open_ = false;      // whether [begin_, end_) is a chunk that may grow
  bool has_text_ = false;  // whether it is more than headings
  std::size_t begin_ = 0;  // bytes
  std::size_t end_ = 0;
  std::vector<Chunk> chunks_;
};

}  // namespace

std::vector<Chunk> CutIntoChunks(std::string_view content, const std::vector<Block>& blocks,
                                 const ChunkSizes& sizes) {
  Chunker chunker(content, sizes);
  for (const Block& block : blocks) chunker.Add(block);
  return std::move(chunker).Take();
}

}  // namespace baton::workspace::internal
