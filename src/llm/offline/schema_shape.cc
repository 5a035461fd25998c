#include "llm/offline/schema_shape.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace baton::llm::offline {
namespace {

// The most elements or characters that are made only because a schema demands them; a schema
// that demands more gets what is too little, and its writer an error.
constexpr std::size_t kMaxFilling = 4096;

// What "#/definitions/x" points to in `root`; null if there is nothing.
const json::Value* FindReferenced(const json::Value& root, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  boost::json::error_code error;
  const json::Value* found = root.find_pointer(reference.substr(1), error);
  return error ? nullptr : found;
}

// Adds the keywords of `from`; properties and required names are united, of others the first
// stays.
void MergeInto(json::Object& into, const json::Object& from) {
  for (const auto& member : from) {
    json::Value* mine = into.if_contains(member.key());
    if (mine == nullptr) {
      into.emplace(member.key(), member.value());
    } else if (member.key() == "properties" && mine->is_object() && member.value().is_object()) {
      for (const auto& property : member.value().get_object()) {
        mine->get_object().emplace(property.key(), property.value());
      }
    } else if (member.key() == "required" && mine->is_array() && member.value().is_array()) {
      for (const json::Value& name : member.value().get_array()) {
        mine->get_array().push_back(name);
      }
    }
  }
}

json::Object FlattenAt(const json::Value& schema, const json::Value& root, int depth) {
  const json::Object* members = schema.if_object();
  if (members == nullptr || depth > kMaxSchemaDepth) return {};
  json::Object out = *members;
  if (const json::Value* reference = members->if_contains("$ref");
      reference != nullptr && reference->is_string()) {
    out.erase("$ref");
    const json::Value* target = FindReferenced(root, json::ToStringView(reference->get_string()));
    if (target != nullptr) MergeInto(out, FlattenAt(*target, root, depth + 1));
  }
  if (const json::Value* all = members->if_contains("allOf"); all != nullptr && all->is_array()) {
    out.erase("allOf");
    for (const json::Value& part : all->get_array()) {
      MergeInto(out, FlattenAt(part, root, depth + 1));
    }
  }
  return out;
}

Shape ShapeNamed(std::string_view type) {
  static constexpr std::pair<std::string_view, Shape> kShapes[] = {
      {"object", Shape::kObject},   {"array", Shape::kArray},   {"string", Shape::kString},
      {"integer", Shape::kInteger}, {"number", Shape::kNumber}, {"boolean", Shape::kBoolean},
      {"null", Shape::kNull}};
  for (const auto& [name, shape] : kShapes) {
    if (name == type) return shape;
  }
  return Shape::kAny;
}

Shape ShapeOfTypes(const json::Array& types) {
  Shape shape = Shape::kAny;
  for (const json::Value& type : types) {
    if (!type.is_string()) continue;
    shape = ShapeNamed(json::ToStringView(type.get_string()));
    if (shape != Shape::kNull) return shape;
  }
  return shape;
}

std::optional<double> NumberAt(const json::Object& schema, std::string_view key) {
  const json::Value* member = schema.if_contains(key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  return member->to_number<double>();
}

// A bound and whether the number itself is out (as a flag in draft 4, as a number of its own
// since draft 6).
struct Bound {
  std::optional<double> value;
  bool exclusive = false;
};

Bound BoundAt(const json::Object& schema, std::string_view key, std::string_view exclusive_key) {
  if (const auto exclusive = NumberAt(schema, exclusive_key)) return {exclusive, true};
  const json::Value* flag = schema.if_contains(exclusive_key);
  return {NumberAt(schema, key), flag != nullptr && *flag == json::Value(true)};
}

std::size_t CountAt(const json::Object& schema, std::string_view key, std::size_t fallback) {
  const std::optional<double> count = NumberAt(schema, key);
  if (!count || *count < 0) return fallback;
  return static_cast<std::size_t>(std::min(*count, 1e9));
}

std::string MinimalString(const json::Object& schema, int variant) {
  static constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
      {"date", "2000-01-01"},
      {"date-time", "2000-01-01T00:00:00Z"},
      {"time", "00:00:00Z"},
      {"email", "nobody@example.org"},
      {"uri", "https://example.org/"},
      {"hostname", "example.org"},
      {"ipv4", "127.0.0.1"},
      {"ipv6", "::1"},
      {"uuid", "00000000-0000-0000-0000-000000000000"}};
  const json::Value* format = schema.if_contains("format");
  for (const auto& [name, value] : kFormats) {
    if (format != nullptr && *format == json::Value(name)) return std::string(value);
  }
  return FitLength(schema, variant == 0 ? std::string() : std::to_string(variant));
}

// The schema of element `index`: "items" may be one schema or one per place.
json::Value ItemSchema(const json::Object& schema, std::size_t index) {
  const json::Value* items = schema.if_contains("items");
  if (items == nullptr) return json::Object();
  const json::Array* places = items->if_array();
  if (places == nullptr) return *items;
  if (index < places->size()) return (*places)[index];
  const json::Value* additional = schema.if_contains("additionalItems");
  return additional == nullptr ? json::Value(json::Object()) : *additional;
}

json::Value MinimalArray(const json::Object& schema, const json::Value& root, int depth) {
  json::Array out;
  std::size_t wanted = MinItems(schema);
  if (wanted == 0 && schema.contains("contains")) wanted = 1;
  const json::Value* contained = schema.if_contains("contains");
  for (std::size_t i = 0; i < std::min(wanted, kMaxFilling); ++i) {
    const json::Value item = contained != nullptr && i == 0 ? *contained : ItemSchema(schema, i);
    out.push_back(MinimalValue(item, root, depth + 1, static_cast<int>(i)));
  }
  return out;
}

json::Value MinimalObject(const json::Object& schema, const json::Value& root, int depth) {
  json::Object out;
  const json::Value* properties = schema.if_contains("properties");
  const json::Value* additional = schema.if_contains("additionalProperties");
  const auto add = [&](const std::string& name) {
    const json::Value* property = properties == nullptr ? nullptr : json::Find(*properties, name);
    if (property == nullptr) property = additional;
    out[name] = MinimalValue(property == nullptr ? json::Value() : *property, root, depth + 1);
  };
  for (const std::string& name : RequiredNames(schema)) add(name);
  const std::size_t wanted = CountAt(schema, "minProperties", 0);
  if (properties != nullptr && properties->is_object()) {
    for (const auto& member : properties->get_object()) {
      if (out.size() >= wanted) break;
      if (!out.contains(member.key())) add(std::string(member.key()));
    }
  }
  for (std::size_t i = 0; out.size() < std::min(wanted, kMaxFilling); ++i) {
    add("member" + std::to_string(i));
  }
  return out;
}

// Members of "enum" in turn, so that a set of them can differ.
std::optional<json::Value> EnumValue(const json::Object& schema, int variant) {
  const json::Value* values = schema.if_contains("enum");
  if (values == nullptr || !values->is_array() || values->get_array().empty()) return {};
  return values->get_array()[static_cast<std::size_t>(variant) % values->get_array().size()];
}

}  // namespace

json::Object Flatten(const json::Value& schema, const json::Value& root) {
  return FlattenAt(schema, root, 0);
}

Shape ShapeOf(const json::Object& schema) {
  if (const json::Value* type = schema.if_contains("type")) {
    if (type->is_string()) return ShapeNamed(json::ToStringView(type->get_string()));
    if (type->is_array()) return ShapeOfTypes(type->get_array());
  }
  static constexpr std::pair<std::string_view, Shape> kHints[] = {
      {"properties", Shape::kObject}, {"required", Shape::kObject},  {"items", Shape::kArray},
      {"minItems", Shape::kArray},    {"minLength", Shape::kString}, {"pattern", Shape::kString},
      {"format", Shape::kString},     {"minimum", Shape::kNumber},   {"maximum", Shape::kNumber},
      {"multipleOf", Shape::kNumber}};
  for (const auto& [keyword, shape] : kHints) {
    if (schema.contains(keyword)) return shape;
  }
  return Shape::kAny;
}

std::vector<json::Value> Branches(const json::Object& schema) {
  for (const std::string_view key : {"anyOf", "oneOf"}) {
    const json::Value* branches = schema.if_contains(key);
    if (branches == nullptr || !branches->is_array()) continue;
    return {branches->get_array().begin(), branches->get_array().end()};
  }
  return {};
}

std::optional<json::Value> NamedValue(const json::Object& schema) {
  for (const std::string_view key : {"const", "default"}) {
    if (const json::Value* value = schema.if_contains(key)) return *value;
  }
  for (const std::string_view key : {"enum", "examples"}) {
    const json::Value* values = schema.if_contains(key);
    if (values != nullptr && values->is_array() && !values->get_array().empty()) {
      return values->get_array().front();
    }
  }
  return std::nullopt;
}

std::vector<std::string> RequiredNames(const json::Object& schema) {
  std::vector<std::string> names;
  const json::Value* required = schema.if_contains("required");
  if (required == nullptr || !required->is_array()) return names;
  for (const json::Value& name : required->get_array()) {
    if (name.is_string()) names.emplace_back(json::ToStringView(name.get_string()));
  }
  return names;
}

bool IsRequired(const json::Object& schema, std::string_view property) {
  const std::vector<std::string> names = RequiredNames(schema);
  return std::ranges::find(names, property) != names.end();
}

json::Value FitNumber(const json::Object& schema, double wanted, bool whole) {
  const Bound low = BoundAt(schema, "minimum", "exclusiveMinimum");
  const Bound high = BoundAt(schema, "maximum", "exclusiveMaximum");
  const double multiple = NumberAt(schema, "multipleOf").value_or(0);
  double step = multiple > 0 ? multiple : (whole ? 1 : 0);
  if (whole && multiple > 0 && multiple < 1) step = 1;
  double number = wanted;
  if (high.value) number = std::min(number, *high.value);
  if (low.value) number = std::max(number, *low.value);
  if (step > 0) {
    number = std::round(number / step) * step;
    if (high.value && (number > *high.value || (high.exclusive && number == *high.value))) {
      number = (std::ceil(*high.value / step) - 1) * step;
    }
    if (low.value && (number < *low.value || (low.exclusive && number == *low.value))) {
      number = (std::floor(*low.value / step) + 1) * step;
    }
  } else if ((low.exclusive && number == low.value) || (high.exclusive && number == high.value)) {
    const double other = low.value && high.value ? (*low.value + *high.value) / 2
                         : low.value             ? *low.value + 1
                                                 : *high.value - 1;
    number = other;
  }
  // Not beyond what a double holds exactly, so that the cast is defined.
  if (whole && std::abs(number) <= 9e15) return static_cast<std::int64_t>(number);
  return number;
}

std::string FitLength(const json::Object& schema, std::string_view text) {
  const std::size_t least = std::min(CountAt(schema, "minLength", 0), kMaxFilling);
  const std::size_t most = CountAt(schema, "maxLength", kNoLimit);
  std::size_t characters = 0;
  std::size_t end = 0;
  const auto continues = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80;
  };
  while (end < text.size() && characters < most) {
    ++end;
    while (continues(end)) ++end;
    ++characters;
  }
  std::string out(text.substr(0, end));
  for (; characters < std::min(least, most); ++characters) out += '-';
  return out;
}

std::size_t MinItems(const json::Object& schema) { return CountAt(schema, "minItems", 0); }
std::size_t MaxItems(const json::Object& schema) { return CountAt(schema, "maxItems", kNoLimit); }

json::Value MinimalValue(const json::Value& schema, const json::Value& root, int depth,
                         int variant) {
  if (depth > kMaxSchemaDepth) return nullptr;
  const json::Object flat = Flatten(schema, root);
  if (!flat.contains("const")) {
    if (auto value = EnumValue(flat, variant)) return *std::move(value);
  }
  if (auto value = NamedValue(flat); value && variant == 0) return *std::move(value);
  const std::vector<json::Value> branches = Branches(flat);
  if (!branches.empty() && ShapeOf(flat) == Shape::kAny) {
    return MinimalValue(branches.front(), root, depth + 1, variant);
  }
  switch (ShapeOf(flat)) {
    case Shape::kObject:
      return MinimalObject(flat, root, depth);
    case Shape::kArray:
      return MinimalArray(flat, root, depth);
    case Shape::kInteger:
      return FitNumber(flat, variant, true);
    case Shape::kNumber:
      return FitNumber(flat, variant, false);
    case Shape::kBoolean:
      return variant == 1;
    case Shape::kNull:
      return nullptr;
    case Shape::kString:
    case Shape::kAny:
      return json::Value(MinimalString(flat, variant));
  }
  return nullptr;
}

}  // namespace baton::llm::offline
