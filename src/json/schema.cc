#include "json/schema.h"

// Without it valijson ends the process where it could report.
#define VALIJSON_USE_EXCEPTIONS 1
#include <exception>

#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "json/internal/patterns.h"
#include "json/internal/valijson_patterns.h"

namespace baton::json {

struct Schema::Compiled {
  Patterns patterns;
  valijson::Schema schema;
};

Result<Schema> Schema::Compile(const Value& definition) {
  if (!definition.is_object() && !definition.is_bool()) {
    return Fail(Code::kInvalidArgument, "a JSON Schema must be an object");
  }
  Result<Patterns> patterns = Patterns::Collect(definition);
  if (!patterns) return Fail(std::move(patterns).error().Annotate("JSON Schema"));
  auto compiled = std::make_shared<Compiled>();
  compiled->patterns = *std::move(patterns);
  try {  // valijson reports a malformed schema by exception
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(definition), compiled->schema);
  } catch (const std::exception& e) {
    return Fail(Code::kInvalidArgument, "JSON Schema: {}", e.what());
  }
  return Schema(std::move(compiled));
}

Status Schema::Validate(const Value& value) const {
  valijson::Validator validator;
  valijson::ValidationResults results;
  const UsePatterns use(compiled_->patterns);
  try {  // valijson reports by exception what it did not foresee
    if (validator.validate(compiled_->schema, valijson::adapters::BoostJsonAdapter(value),
                           &results)) {
      return {};
    }
  } catch (const std::exception& e) {
    return {Code::kInvalidArgument, fmt::format("JSON Schema: {}", e.what())};
  }
  std::string message;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    if (!message.empty()) message += "; ";
    std::string place;
    for (std::size_t i = 1; i < error.context.size(); ++i) place += error.context[i];
    message += fmt::format("{}: {}", place.empty() ? "value" : place, error.description);
  }
  return {Code::kInvalidArgument, std::move(message)};
}

}  // namespace baton::json
