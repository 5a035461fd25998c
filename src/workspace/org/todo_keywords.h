// The state words of an org file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::workspace::org {

// One line of state words, TODO NEXT | DONE. Both lists hold at least one word; without a '|' the
// last word is the done state.
struct TodoSequence {
  std::vector<std::string> open;
  std::vector<std::string> done;
};

// The sequences of a file, or, for a file that names none, TODO NEXT STARTED WAITING HOLD
// SOMEDAY | DONE CANCELLED CANCELED: Org's two and the words that people commonly add where we
// cannot see it, in their Emacs.
class TodoKeywords {
 public:
  // `value`: what follows the keyword. Adds nothing if it holds no word. Fast-access keys as in
  // "NEXT(n!)" are left out.
  void AddSequence(std::string_view value);

  // The sequence a word belongs to; null if it is no state word.
  const TodoSequence* Find(std::string_view word) const;
  bool IsDone(std::string_view word) const;

  // The sequences, or the default one.
  const std::vector<TodoSequence>& sequences() const;

 private:
  std::vector<TodoSequence> sequences_;
};

}  // namespace baton::workspace::org
