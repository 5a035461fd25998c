// The numbered sources of a turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"
#include "tools/tool.h"

namespace baton::agents {

// One list for the whole turn: whatever a tool finds gets the next number, or the one it has
// if it was found before (same id, or same locator), so that [3] means the same in every tool
// result and in the answer.
//
// In the graph's state it is the channel `found`: tools::Source as JSON with "number". Several
// excerpts of one source are several records of one number.
class SourceList {
 public:
  static Result<SourceList> Parse(const json::Array& found);

  // The source's number, from 1. Keeps the excerpt if it is a new one.
  int Add(const tools::Source& source);

  // Adds the result's sources and gives its text with their numbers in this list. Tools number
  // their sources from 1, each at the head of a block: "[1] Title — locator"; a source that
  // has no block of its own gets one at the end.
  std::string Renumber(const tools::ToolResult& result);

  // The source with this number as it was first found; null if there is none.
  const tools::Source* Find(std::int64_t number) const;

  // The records that Add() made since Parse(), to be written to the channel.
  const json::Array& added() const { return added_; }
  bool empty() const { return records_.empty(); }

  // The sources that `answer` cites as [n], by number, with "number".
  json::Array Cited(std::string_view answer) const;

 private:
  struct Record {
    int number = 0;
    tools::Source source;
  };

  std::vector<Record> records_;
  json::Array added_;
  int last_number_ = 0;
};

// A source as a block of its own: a line "[3] Title — locator", then the excerpt without
// blank lines. Blocks follow each other with a blank line between.
std::string FormatSource(int number, const tools::Source& source);

// `text` with other numbers in its citations. One with a number that `numbers` does not have
// stays as it is.
std::string ReplaceCitations(std::string_view text, const std::map<int, int>& numbers);

// The numbers cited in `text` as [1], [1, 2] or [1][2]: ascending, each once.
std::vector<int> CitedNumbers(std::string_view text);

}  // namespace baton::agents
