#include "llm/offline/schema_filling.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/schema.h"
#include "llm/offline/member_rules.h"
#include "llm/offline/schema_shape.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

// As many elements of a list as are useful where the schema leaves it open.
constexpr std::size_t kUsualItems = 4;

// Fills one schema from one conversation's evidence.
class SchemaFiller {
 public:
  SchemaFiller(const json::Value& root, const Evidence& evidence)
      : root_(root), evidence_(evidence) {}

  json::Value Fill(const json::Value& schema, std::string_view name, int depth) const {
    const json::Object flat = Flatten(schema, root_);
    if (depth > kMaxSchemaDepth) return MinimalValue(schema, root_);
    if (const json::Value* constant = flat.if_contains("const")) return *constant;
    if (const json::Value* values = flat.if_contains("enum");
        values != nullptr && values->is_array() && !values->get_array().empty()) {
      return FillEnum(flat, values->get_array());
    }
    const std::vector<json::Value> branches = Branches(flat);
    if (!branches.empty()) return FillBranch(flat, branches, name, depth);
    return FillShape(flat, name, depth);
  }

 private:
  json::Value FillShape(const json::Object& schema, std::string_view name, int depth) const {
    switch (ShapeOf(schema)) {
      case Shape::kObject:
        return FillObject(schema, depth);
      case Shape::kArray:
        return FillArray(schema, name, depth);
      case Shape::kInteger:
        return FillNumber(schema, name, true);
      case Shape::kNumber:
        return FillNumber(schema, name, false);
      case Shape::kBoolean:
        return FillFlag(schema, name);
      case Shape::kNull:
        return nullptr;
      case Shape::kString:
        return FillText(schema, name);
      case Shape::kAny:
        return json::Value(TextFor(name, evidence_));
    }
    return nullptr;
  }

  json::Value FillEnum(const json::Object& schema, const json::Array& values) const {
    const json::Value* description = schema.if_contains("description");
    const std::string_view text = description != nullptr && description->is_string()
                                      ? json::ToStringView(description->get_string())
                                      : std::string_view();
    return values[ChooseValue(values, text, evidence_)];
  }

  // The first branch whose value is valid, together with what stands beside the branches.
  json::Value FillBranch(const json::Object& schema, const std::vector<json::Value>& branches,
                         std::string_view name, int depth) const {
    for (const json::Value& branch : branches) {
      json::Object merged{{"allOf", json::Array{Beside(schema), branch}}};
      json::Value value = Fill(json::Value(std::move(merged)), name, depth + 1);
      if (IsValid(schema, value)) return value;
    }
    return Fill(branches.front(), name, depth + 1);
  }

  static json::Value Beside(json::Object schema) {
    schema.erase("anyOf");
    schema.erase("oneOf");
    return schema;
  }

  json::Value FillObject(const json::Object& schema, int depth) const {
    json::Object out;
    const json::Value* properties = schema.if_contains("properties");
    if (properties != nullptr && properties->is_object()) {
      for (const auto& [name, property] : properties->get_object()) {
        // What nobody demands is not worth a deep structure.
        if (depth >= 3 && !IsRequired(schema, name)) continue;
        out[name] = Fill(property, name, depth + 1);
      }
    }
    const json::Value* additional = schema.if_contains("additionalProperties");
    for (const std::string& name : RequiredNames(schema)) {
      if (out.contains(name)) continue;
      out[name] = Fill(additional == nullptr ? json::Value() : *additional, name, depth + 1);
    }
    return out;
  }

  json::Value FillArray(const json::Object& schema, std::string_view name, int depth) const {
    const json::Value* items = schema.if_contains("items");
    const json::Object item =
        items != nullptr && items->is_object() ? Flatten(*items, root_) : json::Object();
    const std::size_t least = MinItems(schema);
    const std::size_t most = std::min(MaxItems(schema), std::max(least, kUsualItems));
    json::Array out;
    if (ShapeOf(item) == Shape::kString && !item.contains("enum")) {
      for (const std::string& text : TextsFor(name, least, evidence_)) {
        if (out.size() < most) out.push_back(json::Value(FitLength(item, text)));
      }
    } else if (ShapeOf(item) == Shape::kInteger) {
      for (const int number : CitedNumbers(evidence_)) {
        if (out.size() < most) out.push_back(FitNumber(item, number, true));
      }
    } else if (items != nullptr && items->is_object() && depth < 3 && most > 0) {
      out.push_back(Fill(*items, name, depth + 1));
    }
    if (out.size() < least) return MinimalValue(json::Value(schema), root_);
    return out;
  }

  json::Value FillNumber(const json::Object& schema, std::string_view name, bool whole) const {
    const std::optional<Grade> grade = GradeFor(name, evidence_);
    if (!grade) return MinimalValue(json::Value(schema), root_);
    double wanted = grade->value;
    if (grade->is_share) {
      const double low = json::GetDouble(schema, "minimum", 0);
      wanted = low + wanted * (json::GetDouble(schema, "maximum", 1) - low);
    }
    return FitNumber(schema, wanted, whole);
  }

  json::Value FillFlag(const json::Object& schema, std::string_view name) const {
    if (const std::optional<bool> flag = FlagFor(name, evidence_)) return *flag;
    return MinimalValue(json::Value(schema), root_);
  }

  json::Value FillText(const json::Object& schema, std::string_view name) const {
    json::Value text(FitLength(schema, TextFor(name, evidence_)));
    if (!schema.contains("pattern") && !schema.contains("format")) return text;
    std::vector<json::Value> candidates = {text, MinimalValue(json::Value(schema), root_)};
    for (const Word& word : SplitWords(evidence_.question)) {
      candidates.emplace_back(std::string(word.raw));
      candidates.emplace_back(word.folded);
    }
    // What identifiers, codes and numbers commonly look like.
    for (const char* common : {"a", "A", "0", "1", "00", "aa", "AA", "a0", "A-1", "2000-01-01"}) {
      candidates.emplace_back(common);
    }
    for (json::Value& candidate : candidates) {
      if (schema.contains("pattern") ? IsValid(schema, candidate) : &candidate != &candidates[0]) {
        return std::move(candidate);
      }
    }
    return text;
  }

  bool IsValid(const json::Object& schema, const json::Value& value) const {
    json::Object standalone = schema;
    // References in it point into the root's definitions.
    for (const std::string_view key : {"definitions", "$defs"}) {
      const json::Value* definitions = json::Find(root_, key);
      if (definitions != nullptr) standalone.emplace(key, *definitions);
    }
    const Result<json::Schema> compiled = json::Schema::Compile(json::Value(std::move(standalone)));
    return compiled && compiled->Validate(value).ok();
  }

  const json::Value& root_;
  const Evidence& evidence_;
};

// The filled object with as few members as possible made minimal or left out.
std::optional<json::Value> Repair(const json::Value& filled, const json::Value& minimal,
                                  const json::Schema& schema) {
  if (!filled.is_object() || !minimal.is_object()) return std::nullopt;
  json::Object mixed = filled.get_object();
  for (const auto& [name, value] : filled.get_object()) {
    const json::Value* other = minimal.get_object().if_contains(name);
    if (other != nullptr) {
      mixed[name] = *other;
    } else {
      mixed.erase(name);
    }
    if (schema.Validate(json::Value(mixed)).ok()) return json::Value(std::move(mixed));
    // Only if this member alone is at fault does the rest stay as it is.
    json::Object alone = filled.get_object();
    if (other != nullptr) {
      alone[name] = *other;
    } else {
      alone.erase(name);
    }
    if (schema.Validate(json::Value(alone)).ok()) return json::Value(std::move(alone));
  }
  return std::nullopt;
}

}  // namespace

Result<json::Value> FillSchema(const json::Value& schema, const Evidence& evidence) {
  const Result<json::Schema> compiled = json::Schema::Compile(schema);
  if (!compiled) return Fail(Status(compiled.error()).Annotate("response_schema"));
  json::Value filled = SchemaFiller(schema, evidence).Fill(schema, "answer", 0);
  if (compiled->Validate(filled).ok()) return filled;
  json::Value minimal = MinimalValue(schema, schema);
  if (auto repaired = Repair(filled, minimal, *compiled)) return *std::move(repaired);
  Status fits = compiled->Validate(minimal);
  if (fits.ok()) return minimal;
  return Fail(Code::kInvalidArgument,
              "response_schema: the offline model finds no value that fits: {}", fits.message());
}

}  // namespace baton::llm::offline
