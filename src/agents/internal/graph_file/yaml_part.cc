#include "agents/internal/graph_file/yaml_part.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

namespace baton::agents {
namespace {

constexpr std::size_t kMaxParts = 20'000;
constexpr int kMaxPartDepth = 32;

template <typename Number>
std::optional<Number> NumberIn(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// Notes where a document's content begins.
class DocumentStart final : public YAML::EventHandler {
 public:
  std::optional<YAML::Mark> place;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Note(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    Note(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Note(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Note(mark);
  }
  void OnMapEnd() override {}

 private:
  void Note(const YAML::Mark& mark) {
    if (!place) place = mark;
  }
};

// YAML::LoadAll() would tell too, but never ends on some texts, such as `,/ : "`.
std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  DocumentStart first;
  DocumentStart second;
  if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return std::nullopt;
  return second.place;
}

}  // namespace

bool IsPlain(const YAML::Node& scalar) { return scalar.Tag() == "?" || scalar.Tag().empty(); }

json::Value ScalarToJson(const YAML::Node& scalar) {
  const std::string& text = scalar.Scalar();
  if (!IsPlain(scalar)) return json::Value(text);
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (IsOneOf(text, {"true", "True", "TRUE"})) return true;
  if (IsOneOf(text, {"false", "False", "FALSE"})) return false;
  if (const auto number = NumberIn<std::int64_t>(text)) return *number;
  // from_chars reads "inf" and "nan" too, which JSON has not.
  if (const auto number = NumberIn<double>(text); number && std::isfinite(*number)) return *number;
  return json::Value(text);
}

std::optional<YamlPart> YamlReader::Root() {
  const std::string text(text_);
  const YAML::Node document = YAML::Load(text);
  if (!document.IsDefined() || document.IsNull()) {
    Mistake(0, "the file is empty");
    return std::nullopt;
  }
  if (const std::optional<YAML::Mark> second = SecondDocument(text)) {
    Mistake(PlaceOf(*second, 0), "a second document: one file is one graph");
    return std::nullopt;
  }
  const std::size_t place = PlaceOf(document.Mark(), 0);
  return YamlPart{"the file", document, place, place};
}

bool YamlReader::Count(std::size_t place) {
  ++parts_;
  if (parts_ == kMaxParts) Mistake(place, fmt::format("more than {} values", kMaxParts));
  return parts_ < kMaxParts;
}

std::vector<YamlPart> YamlReader::Members(const YamlPart& part) {
  std::vector<YamlPart> members;
  if (!part.value.IsMap()) {
    Mistake(part.place, fmt::format("'{}' must be a map of 'key: value'", part.key));
    return members;
  }
  std::set<std::string> seen;
  for (const auto& member : part.value) {
    const std::size_t key_place = PlaceOf(member.first.Mark(), part.place);
    if (!Count(key_place)) break;
    if (!member.first.IsScalar()) {
      Mistake(key_place, "a key must be a plain text; a template needs quotes: \"{{/name}}\"");
    } else if (!seen.insert(member.first.Scalar()).second) {
      Mistake(key_place, fmt::format("key '{}' occurs twice", member.first.Scalar()));
    } else {
      const std::size_t place =
          member.second.IsNull() ? key_place : PlaceOf(member.second.Mark(), key_place);
      members.push_back({member.first.Scalar(), member.second, place, key_place});
    }
  }
  return members;
}

std::vector<YamlPart> YamlReader::Elements(const YamlPart& part) {
  std::vector<YamlPart> elements;
  if (!part.value.IsSequence()) {
    Mistake(part.place, fmt::format("'{}' must be a list", part.key));
    return elements;
  }
  for (const YAML::Node& element : part.value) {
    const std::size_t place = PlaceOf(element.Mark(), part.place);
    if (!Count(place)) break;
    elements.push_back({part.key, element, place, place});
  }
  return elements;
}

std::string YamlReader::Text(const YamlPart& part) {
  if (part.value.IsScalar()) {
    std::string text = part.value.Scalar();
    if (text.find_first_not_of(" \t\n") != std::string::npos) return text;
  }
  const std::string_view hint =
      part.value.IsMap() ? "; a template needs quotes: \"{{/name}}\"" : "";
  Mistake(part.place, fmt::format("'{}' must be a text{}", part.key, hint));
  return {};
}

std::optional<int> YamlReader::WholeNumber(const YamlPart& part, int least, int most) {
  if (part.value.IsScalar() && IsPlain(part.value)) {
    const auto number = NumberIn<int>(part.value.Scalar());
    if (number && *number >= least && *number <= most) return number;
  }
  Mistake(part.place, fmt::format("'{}' must be a whole number, {} to {}", part.key, least, most));
  return std::nullopt;
}

json::Value YamlReader::ToJson(const YamlPart& part) { return ToJson(part, 0); }

json::Value YamlReader::ToJson(const YamlPart& part, int depth) {
  if (depth > kMaxPartDepth) {
    Mistake(part.place, fmt::format("nested deeper than {} levels", kMaxPartDepth));
    return nullptr;
  }
  if (part.value.IsScalar()) return ScalarToJson(part.value);
  if (part.value.IsSequence()) {
    json::Array list;
    for (const YamlPart& element : Elements(part)) list.push_back(ToJson(element, depth + 1));
    return list;
  }
  json::Object object;
  if (!part.value.IsMap()) return nullptr;
  for (const YamlPart& member : Members(part)) object[member.key] = ToJson(member, depth + 1);
  return object;
}

std::size_t YamlReader::PlaceOf(const YamlPart& part, std::string_view snippet) const {
  const std::size_t found = text_.find(snippet, std::min(part.place, text_.size()));
  return found == std::string_view::npos ? part.place : found;
}

std::size_t YamlReader::PlaceOf(const YAML::Mark& mark, std::size_t otherwise) const {
  if (mark.pos < 0) return otherwise;
  return std::min(static_cast<std::size_t>(mark.pos), text_.size());
}

}  // namespace baton::agents
