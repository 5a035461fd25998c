// Reading a JSON Schema with the aim of writing a value for it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace baton::llm::offline {

// How deep values are made. Schemas that refer to themselves end here.
inline constexpr int kMaxSchemaDepth = 8;

enum class Shape { kObject, kArray, kString, kInteger, kNumber, kBoolean, kNull, kAny };

// `schema` with its "$ref" into `root` and its "allOf" resolved into one object.
json::Object Flatten(const json::Value& schema, const json::Value& root);

// What "type" says, or else what the other keywords imply. Of several types the first that is
// not null.
Shape ShapeOf(const json::Object& schema);

// The branches of "anyOf" or "oneOf"; empty if there are none.
std::vector<json::Value> Branches(const json::Object& schema);

// A value that the schema itself names: "const", "default", the first of "enum" or "examples".
std::optional<json::Value> NamedValue(const json::Object& schema);

bool IsRequired(const json::Object& schema, std::string_view property);
std::vector<std::string> RequiredNames(const json::Object& schema);

// The whole or fractional number next to `wanted` that the bounds and "multipleOf" allow.
json::Value FitNumber(const json::Object& schema, double wanted, bool whole);

// `text` cut or filled up to "minLength" and "maxLength", which count characters.
std::string FitLength(const json::Object& schema, std::string_view text);

std::size_t MinItems(const json::Object& schema);
std::size_t MaxItems(const json::Object& schema);  // `kNoLimit` if there is none
inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// The smallest value that is likely to fit: required members only, shortest arrays, named
// values first. `variant` makes members of a set differ.
json::Value MinimalValue(const json::Value& schema, const json::Value& root, int depth = 0,
                         int variant = 0);

}  // namespace baton::llm::offline
