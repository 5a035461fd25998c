// SplitSentences of text.h: lines to blocks, blocks to sentences.
#include <algorithm>
#include <cctype>
#include <set>

#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// The line without the mark of a heading, list item or quotation; `starts_block` tells whether
// it had one.
std::string_view WithoutMark(std::string_view line, bool& starts_block) {
  starts_block = false;
  const std::size_t marks = std::min(line.find_first_not_of("#*>"), line.size());
  if (marks > 0 && marks < line.size() && IsBlank(line[marks])) {
    starts_block = true;
    return Trimmed(line.substr(marks));
  }
  for (const std::string_view bullet : {"- ", "+ ", "• ", "– "}) {
    if (!line.starts_with(bullet)) continue;
    starts_block = true;
    return Trimmed(line.substr(bullet.size()));
  }
  std::size_t digits = 0;
  while (digits < line.size() && IsDigit(line[digits])) ++digits;
  if (digits > 0 && digits <= 3 && digits + 1 < line.size() &&
      (line[digits] == '.' || line[digits] == ')') && IsBlank(line[digits + 1])) {
    starts_block = true;
    return Trimmed(line.substr(digits + 1));
  }
  return line;
}

// The last word before `end`, back to white space or a bracket.
std::string_view WordBefore(std::string_view text, std::size_t end) {
  const std::size_t begin = text.find_last_of(" \t(", end == 0 ? 0 : end - 1);
  return begin == std::string_view::npos ? text.substr(0, end)
                                         : text.substr(begin + 1, end - begin - 1);
}

// Whether the full stop at `at` belongs to the word before it: "e.g.", "J.", "3. Mai".
bool IsAbbreviation(std::string_view text, std::size_t at) {
  static const std::set<std::string, std::less<>> known = {
      "e.g", "i.e", "etc", "vs", "dr", "mr",  "mrs", "ms",  "prof", "z.b", "bzw", "ca",
      "nr",  "st",  "fig", "al", "cf", "d.h", "u.a", "vgl", "sog",  "p",   "pp",  "vol"};
  const std::string word = Fold(WordBefore(text, at));
  if (word.empty() || known.contains(word)) return true;
  if (word.size() == 1 && IsAsciiLetter(word[0])) return true;
  return word.size() <= 2 && std::ranges::all_of(word, IsDigit);
}

// The end of the closing quotes and brackets that belong to a sentence that ends at `at`.
std::size_t AfterClosers(std::string_view text, std::size_t at) {
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view closer : {"\"", "'", ")", "]", "”", "’", "»", "*", "_", "`"}) {
      if (!text.substr(at).starts_with(closer)) continue;
      at += closer.size();
      more = true;
    }
  }
  return at;
}

// Where the sentence that begins at `begin` ends.
std::size_t SentenceEnd(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin; at < text.size(); ++at) {
    for (const std::string_view full : {"。", "！", "？"}) {
      if (text.substr(at).starts_with(full)) return at + full.size();
    }
    if (text[at] != '.' && text[at] != '!' && text[at] != '?') continue;
    const std::size_t end = AfterClosers(text, at + 1);
    if (end >= text.size()) return text.size();
    if (!IsBlank(text[end])) continue;
    const std::size_t next = text.find_first_not_of(" \t", end);
    if (next == std::string_view::npos) return text.size();
    const bool lower = text[next] >= 'a' && text[next] <= 'z';
    if (text[at] == '.' && (lower || IsAbbreviation(text, at))) continue;
    return end;
  }
  return text.size();
}

// Whether the line has a character of a drawing, U+2500 to U+257F: "├── src".
bool HasDrawing(std::string_view line) {
  return line.contains("\xE2\x94") || line.contains("\xE2\x95");
}

// "**Durability.** An accepted run …": what is bold at the start belongs to what follows.
bool IsBoldLead(std::string_view sentence) {
  return sentence.size() > 4 && sentence.starts_with("**") && sentence.ends_with("**");
}

void AppendSentences(std::string_view block, std::vector<std::string>& out) {
  std::string lead;
  for (std::size_t at = 0; at < block.size();) {
    const std::size_t end = SentenceEnd(block, at);
    const std::string_view sentence = Trimmed(block.substr(at, end - at));
    at = end;
    if (IsBoldLead(sentence) && at < block.size()) {
      lead += std::string(sentence) + " ";
    } else if (!SplitWords(sentence).empty()) {
      out.push_back(lead + std::string(sentence));
      lead.clear();
    }
  }
}

}  // namespace

std::vector<std::string> SplitSentences(std::string_view text) {
  std::vector<std::string> sentences;
  std::string block;
  const auto end_block = [&] {
    AppendSentences(block, sentences);
    block.clear();
  };
  bool in_code = false;
  bool in_comment = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    // What a page keeps from its readers.
    if (in_comment || (!in_code && raw.starts_with("<!--"))) {
      end_block();
      in_comment = !raw.contains("-->");
      continue;
    }
    const bool is_fence = raw.starts_with("```");
    bool starts_block = false;
    const std::string_view line = in_code ? raw : WithoutMark(raw, starts_block);
    // A line of code, of a table or a drawing, and a heading stand by themselves.
    const bool stands_alone =
        in_code || raw.starts_with('#') || raw.starts_with('|') || HasDrawing(raw);
    if (starts_block || stands_alone || is_fence || raw.empty()) end_block();
    if (is_fence) {
      in_code = !in_code;
      continue;
    }
    if (!block.empty() && !line.empty()) block += ' ';
    block += line;
    if (stands_alone) end_block();
  }
  end_block();
  return sentences;
}

}  // namespace baton::llm::offline
