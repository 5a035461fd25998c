#include "tools/remote/internal/tool_text.h"

#include <utility>

#include <fmt/format.h>

namespace baton::tools::remote::internal {

json::Value StringProperty(std::string_view description) {
  return json::Object{{"type", "string"}, {"minLength", 1}, {"description", description}};
}

json::Value IntegerProperty(std::int64_t least, std::int64_t most, std::string_view description) {
  return json::Object{
      {"type", "integer"}, {"minimum", least}, {"maximum", most}, {"description", description}};
}

json::Value ObjectSchema(json::Object properties, json::Array required) {
  return json::Object{{"type", "object"},
                      {"properties", std::move(properties)},
                      {"required", std::move(required)},
                      {"additionalProperties", false}};
}

std::string TextArgument(const json::Object& arguments, std::string_view key) {
  return std::string(json::GetString(arguments, key));
}

std::string NumberedBlock(std::size_t number, std::string_view title, std::string_view locator,
                          std::string_view text) {
  return fmt::format("[{}] {} — {}\n{}", number, title, locator, text);
}

}  // namespace baton::tools::remote::internal
