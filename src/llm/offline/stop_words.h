// Words that say how something is asked, not what about: English, German, Spanish, French.
#pragma once

#include <string_view>

namespace baton::llm::offline {

enum class Language { kEnglish, kGerman, kSpanish, kFrench };

// All words are given folded (text.h: Fold). Threads: safe.

// Articles, pronouns, auxiliaries, question words: "the", "wie", "por", "dans".
bool IsStopWord(std::string_view word);
bool IsStopWordOf(std::string_view word, Language language);

// Words of a request: "find", "zeige", "explique".
bool IsCommandWord(std::string_view word);

// Verbs that ask for something to be done where a message begins with them, and mean what they mean
// elsewhere: "add", "crawl", "schreib", "traduis".
bool IsOpeningVerb(std::string_view word);

// What documents are called, as in "what do my notes say about …": "notes", "dateien".
bool IsContainerWord(std::string_view word);

// "what", "warum", "quién", "où".
bool IsQuestionWord(std::string_view word);

// "i", "my", "ich", "mein", "yo", "mon".
bool IsFirstPersonWord(std::string_view word);

}  // namespace baton::llm::offline
