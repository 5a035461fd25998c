#include "workspace/org/todo_keywords.h"

#include <algorithm>
#include <utility>

namespace baton::workspace::org {
namespace {

// More words than anyone has; each is looked for in every heading.
constexpr std::size_t kMaxWords = 100;

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

void TodoKeywords::AddSequence(std::string_view value) {
  TodoSequence sequence;
  bool bar = false;
  std::size_t words = 0;
  while (words < kMaxWords) {
    const std::size_t begin = value.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) break;
    value.remove_prefix(begin);
    const std::string_view token = value.substr(0, value.find_first_of(" \t\r"));
    value.remove_prefix(token.size());
    if (token == "|") {
      bar = true;
      continue;
    }
    const std::string_view word = token.substr(0, token.find('('));
    if (word.empty()) continue;
    (bar ? sequence.done : sequence.open).emplace_back(word);
    ++words;
  }
  if (sequence.done.empty() && !sequence.open.empty()) {
    sequence.done.push_back(std::move(sequence.open.back()));
    sequence.open.pop_back();
  }
  if (sequence.open.empty() && !sequence.done.empty()) sequence.open = sequence.done;
  if (!sequence.done.empty()) sequences_.push_back(std::move(sequence));
}

const std::vector<TodoSequence>& TodoKeywords::sequences() const {
  static const std::vector<TodoSequence> kDefault = {
      {{"TODO", "NEXT", "STARTED", "WAITING", "HOLD", "SOMEDAY"},
       {"DONE", "CANCELLED", "CANCELED"}}};
  return sequences_.empty() ? kDefault : sequences_;
}

const TodoSequence* TodoKeywords::Find(std::string_view word) const {
  for (const TodoSequence& sequence : sequences()) {
    if (Contains(sequence.open, word) || Contains(sequence.done, word)) return &sequence;
  }
  return nullptr;
}

bool TodoKeywords::IsDone(std::string_view word) const {
  const TodoSequence* sequence = Find(word);
  return sequence != nullptr && Contains(sequence->done, word) && !Contains(sequence->open, word);
}

}  // namespace baton::workspace::org
