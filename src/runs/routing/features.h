// From a situation to the numbers that the offline router weighs.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runs/routing/knowledge.h"
#include "runs/routing/message_text.h"
#include "runs/routing/situation.h"

namespace baton::runs::routing {

struct Feature {
  std::uint64_t id = 0;  // hash of its name
  float value = 0;
  std::int16_t label = -1;  // into FeatureList::labels; -1: says nothing to a person
};

struct FeatureList {
  std::vector<Feature> features;
  std::vector<std::string> labels;  // "'rain'", "the outline that is open"
  bool says_something = false;      // a word is known, or an address or the like is there
};

// Reads features: words and pairs of words by their stems, pieces of words, cues, marks, what
// is open, what came before. A word that nobody knows but that is one slip away from a known
// one is read as that.
//
// Lifetime: built from the texts that are learned.
// Threads:  immutable after Build.
class FeatureReader {
 public:
  explicit FeatureReader(const std::vector<Cue>& cues);

  // The words of `text` are known from now on.
  void Learn(std::string_view text);
  // Once, when all texts are learned: what slips are recognised by.
  void IndexSlips();

  FeatureList Read(const Situation& situation) const;

  // What an open document adds to the features of a message over none.
  static std::vector<Feature> OfDocument(std::string_view editor_type);

 private:
  struct CueEntry {
    std::uint16_t cue;
    std::vector<std::string> stems;  // its words; the first is the key it is found by
  };
  class Collector;

  void LearnEntry(std::uint16_t cue, std::string_view entry);
  void Correct(Word& word) const;
  // The cues of the words from `at` on.
  std::set<std::uint16_t> CuesAt(const std::vector<Word>& words, std::size_t at) const;

  std::vector<std::string> cue_names_;
  std::unordered_map<std::string, std::vector<CueEntry>> cue_entries_;  // by first stem
  std::unordered_map<std::string, std::vector<std::uint16_t>> cue_prefixes_;
  std::unordered_map<std::string, int> known_;  // folded word → how often
  // Hash of a known word less one letter → the word, which lives in known_.
  std::unordered_map<std::uint64_t, std::vector<const std::string*>> slips_;
};

}  // namespace baton::runs::routing
