// Text analysis for the offline model: words, stems, sentences. No language model, no ICU.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "llm/offline/stop_words.h"

namespace baton::llm::offline {

// All functions take UTF-8; an invalid byte separates words. None cuts a character in two.

struct Word {
  std::string_view raw;  // as it stands in the text
  std::string folded;    // lower case
};

// Runs of letters and digits. Han and kana, which are written without spaces, give a word per
// character. The views point into `text`.
std::vector<Word> SplitWords(std::string_view text);

// Lower case of Latin, Greek and Cyrillic letters; others stay.
std::string Fold(std::string_view text);

// A folded word without its inflection, roughly: "stores", "stored", "storing" → "stor".
std::string Stem(std::string_view folded);

// What a text is about: the stems of its words but stop, command and container words, in
// order, each once. If only container words are there, they count.
std::vector<std::string> TopicStems(std::string_view text);

// Every stem of the text but those of stop words, in order, with repetitions.
std::vector<std::string> AllStems(std::string_view text);

// The words of TopicStems as they are written: what to search for. All of `text`, trimmed, if
// there are none.
std::string KeyPhrase(std::string_view text);

// Sentences, list items and headings, without Markdown's marks for them. Lines that only wrap
// are joined.
std::vector<std::string> SplitSentences(std::string_view text);

Language GuessLanguage(std::string_view text);

std::string_view Trimmed(std::string_view text);

}  // namespace baton::llm::offline
