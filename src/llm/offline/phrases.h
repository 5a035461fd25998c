// What the offline model says in its own words, in the language of the question.
#pragma once

#include <string_view>

#include "llm/offline/stop_words.h"

namespace baton::llm::offline {

// "{}" stands for what fmt::runtime fills in.
struct Phrases {
  std::string_view greeting;
  std::string_view thanks;
  std::string_view about;   // what it is and can do
  std::string_view unable;  // that it only extracts, and how to configure a model
  std::string_view noted;
  std::string_view recall;  // {}: a quoted message
  std::string_view recall_nothing;
  std::string_view nothing_found;  // tools answered with nothing
  std::string_view no_match;       // {}: the titles that came nearest
  std::string_view closing;        // below answers made of sources
  std::string_view plain_closing;  // below what a tool said in words of its own
  std::string_view short_closing;  // below other answers
  std::string_view no_writing;     // below these where something was to be written or changed
};

const Phrases& PhrasesOf(Language language);

}  // namespace baton::llm::offline
