// The words by which text is found: the same for what is stored and for what is asked.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::workspace::internal {

// Calls `visit(term, begin, end)` for each word of `text` (valid UTF-8), in order; begin and end
// are the word's bytes in it. A term is lower case, without accents, compatibility forms
// unified, an English ending cut off ("Libraries" is "librari"), at most 64 bytes, letters and
// digits only. Words are found as ICU does, so Chinese, Japanese and Thai have words too; ASCII
// punctuation always separates: "foo_bar" is two words. `visit` does not call this again.
//
// Threads: safe; each thread has its own ICU objects.
using WordVisitor = std::function<void(std::string_view term, std::size_t begin, std::size_t end)>;
void ForEachWord(std::string_view text, const WordVisitor& visit);

// The terms of `text`, separated by blanks: what the index of the database is fed.
std::string TermsOf(std::string_view text);

// The distinct terms of a question in their order, without those every English question is made
// of ("how", "the") unless it is made of nothing else. At most 32, of the
// first 8 KiB.
std::vector<std::string> QueryTerms(std::string_view question);

}  // namespace baton::workspace::internal
