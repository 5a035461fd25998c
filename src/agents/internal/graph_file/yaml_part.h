// A YAML text and its parts, each with its place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "agents/internal/mistakes.h"
#include "json/json.h"

namespace baton::agents {

// A value within the text. An element of a list has the list's key.
struct YamlPart {
  std::string key;
  YAML::Node value;
  std::size_t place = 0;      // bytes into the text; the key's for a value that has none
  std::size_t key_place = 0;  // of an element: its own
};

// Reads parts and reports what they are not. yaml-cpp throws for a text that is no YAML, on
// Root() alone.
//
// Aliases make small texts large: of all parts together at most 20,000 are read, 32 deep.
// Lifetime: text and mistakes outlive it.
class YamlReader {
 public:
  YamlReader(std::string_view text, Mistakes& mistakes) : text_(text), mistakes_(mistakes) {}

  // The only document of the text; empty, with a mistake, if there is another number of them.
  std::optional<YamlPart> Root();

  // In the file's order; a key that occurs again is a mistake and left out. None, with a
  // mistake, if the part is no map.
  std::vector<YamlPart> Members(const YamlPart& part);
  // None, with a mistake, if the part is no list.
  std::vector<YamlPart> Elements(const YamlPart& part);
  // Empty, with a mistake, if the part is no text or only blanks.
  std::string Text(const YamlPart& part);
  // Empty, with a mistake, if the part is no number from `least` to `most`.
  std::optional<int> WholeNumber(const YamlPart& part, int least, int most);
  // Plain scalars are null, truth values or numbers where YAML 1.2 says so; quoted ones text.
  json::Value ToJson(const YamlPart& part);

  void Mistake(std::size_t place, std::string message) { mistakes_.Add(place, std::move(message)); }

  // Where `snippet` stands in the part's text; the part's place if it was written otherwise.
  std::size_t PlaceOf(const YamlPart& part, std::string_view snippet) const;

 private:
  bool Count(std::size_t place);
  json::Value ToJson(const YamlPart& part, int depth);
  std::size_t PlaceOf(const YAML::Mark& mark, std::size_t otherwise) const;

  const std::string_view text_;
  Mistakes& mistakes_;
  std::size_t parts_ = 0;
};

// Whether the scalar was written without quotes.
bool IsPlain(const YAML::Node& scalar);

// The value of a scalar.
json::Value ScalarToJson(const YAML::Node& scalar);

}  // namespace baton::agents
