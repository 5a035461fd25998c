// What the members of a JSON answer mean, going by their names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "llm/offline/evidence.h"

namespace baton::llm::offline {

// From this share of the question's topics on, the passages are said to suffice.
inline constexpr double kSufficientCoverage = 0.6;

// The text for a member of that name.
std::string TextFor(std::string_view name, const Evidence& evidence);

// The texts for a list of that name: queries, key words, topics; the most useful first, and
// `least` of them if there is enough to say.
std::vector<std::string> TextsFor(std::string_view name, std::size_t least,
                                  const Evidence& evidence);

// True or false where the name has a rule ("sufficient", "needs_search"); nothing otherwise.
std::optional<bool> FlagFor(std::string_view name, const Evidence& evidence);

// A grade from 0 to 1 or a count where the name has a rule ("confidence", "source_count").
struct Grade {
  double value = 0;
  bool is_share = false;  // of the schema's range
};
std::optional<Grade> GradeFor(std::string_view name, const Evidence& evidence);

// The numbers of the sources that the answer cites, each once.
std::vector<int> CitedNumbers(const Evidence& evidence);

// The index of the value that fits the question best.
std::size_t ChooseValue(const json::Array& values, std::string_view description,
                        const Evidence& evidence);

}  // namespace baton::llm::offline
