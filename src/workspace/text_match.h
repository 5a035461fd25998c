// How well a text that is in no index answers a question.
#pragma once

#include <string_view>

namespace baton::workspace {

// 0 to 1, by the words as searches of documents see them, none rarer than another: 0 if `text`
// holds no word of `question`, 0.75 and above if it holds all. Both are valid UTF-8.
//
// Threads: safe.
double TextMatchScore(std::string_view question, std::string_view text);

}  // namespace baton::workspace
