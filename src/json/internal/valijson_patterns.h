// Puts RE2 in the place of std::regex in valijson, which offers no other way than to specialise
// its members. For schema.cc alone, before anything is validated.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/adapters/std_string_adapter.hpp>
#include <valijson/validation_visitor.hpp>

#include "json/internal/patterns.h"

namespace baton::json {

// The patterns of the schema that this thread validates with: valijson hands nothing through.
inline thread_local const Patterns* current_patterns = nullptr;

class UsePatterns {
 public:
  explicit UsePatterns(const Patterns& patterns) { current_patterns = &patterns; }
  ~UsePatterns() { current_patterns = nullptr; }
  UsePatterns(const UsePatterns&) = delete;
  UsePatterns& operator=(const UsePatterns&) = delete;
};

// Empty if `target` is fine, otherwise what is wrong with it.
template <typename Adapter>
std::string PatternMistake(const Adapter& target,
                           const valijson::constraints::PatternConstraint& constraint) {
  if (!target.isString()) return {};
  const auto pattern = constraint.getPattern<std::string::allocator_type>();
  if (current_patterns->Matches(pattern, target.asString())) return {};
  return "does not match the pattern '" + pattern + "'";
}

template <typename Adapter>
std::string FormatMistake(const Adapter& target,
                          const valijson::constraints::FormatConstraint& constraint) {
  if (!target.isString()) return {};
  const std::string& format = constraint.getFormat();
  if (HasFormat(format, target.asString())) return {};
  return "is not of the format '" + format + "'";
}

}  // namespace baton::json

namespace valijson {

template <>
inline bool ValidationVisitor<adapters::BoostJsonAdapter>::visit(const PatternConstraint& c) {
  const std::string mistake = baton::json::PatternMistake(m_target, c);
  if (!mistake.empty() && m_results != nullptr) m_results->pushError(m_context, mistake);
  return mistake.empty();
}

template <>
inline bool ValidationVisitor<adapters::BoostJsonAdapter>::visit(const FormatConstraint& c) {
  const std::string mistake = baton::json::FormatMistake(m_target, c);
  if (!mistake.empty() && m_results != nullptr) m_results->pushError(m_context, mistake);
  return mistake.empty();
}

// The name of a property, under `propertyNames`.
template <>
inline bool ValidationVisitor<adapters::StdStringAdapter>::visit(const PatternConstraint& c) {
  return baton::json::PatternMistake(m_target, c).empty();
}

template <>
inline bool ValidationVisitor<adapters::StdStringAdapter>::visit(const FormatConstraint& c) {
  return baton::json::FormatMistake(m_target, c).empty();
}

// Validates the properties of an object whose names match a pattern of `patternProperties`.
template <>
struct ValidationVisitor<adapters::BoostJsonAdapter>::ValidatePatternPropertySubschemas {
  using Adapter = adapters::BoostJsonAdapter;
  using RegexCache = std::unordered_map<std::string, std::regex>;

  // The parameters are valijson's; those without a name have one value in its only call.
  ValidatePatternPropertySubschemas(const Adapter::Object& object,
                                    const std::vector<std::string>& context, bool /*go on*/,
                                    bool /*on failure*/, bool /*unmatched*/, bool strict_types,
                                    ValidationResults* results, std::set<std::string>* matched,
                                    bool* validated, RegexCache& regexes)
      : object_(object),
        context_(context),
        strict_types_(strict_types),
        results_(results),
        matched_(matched),
        validated_(validated),
        regexes_(regexes) {}

  template <typename Pattern>
  bool operator()(const Pattern& name_pattern, const Subschema* subschema) const {
    const std::string pattern(name_pattern.c_str());
    for (const Adapter::ObjectMember member : object_) {
      if (!baton::json::current_patterns->Matches(pattern, member.first)) continue;
      matched_->insert(member.first);
      std::vector<std::string> place = context_;
      place.push_back("[" + member.first + "]");
      ValidationVisitor visitor(member.second, std::move(place), strict_types_, results_, regexes_);
      if (!visitor.validateSchema(*subschema)) *validated_ = false;
    }
    return true;
  }

 private:
  const Adapter::Object& object_;
  const std::vector<std::string>& context_;
  const bool strict_types_;
  ValidationResults* const results_;
  std::set<std::string>* const matched_;
  bool* const validated_;
  RegexCache& regexes_;
};

}  // namespace valijson
