// What the tools' schemas and results look like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/json.h"

namespace baton::tools::remote::internal {

// A text that may not be empty.
json::Value StringProperty(std::string_view description);
json::Value IntegerProperty(std::int64_t least, std::int64_t most, std::string_view description);

// Of an object with nothing but `properties`.
json::Value ObjectSchema(json::Object properties, json::Array required);

// A member that the schema requires, or that may be left out: then empty.
std::string TextArgument(const json::Object& arguments, std::string_view key);

// "[1] Title — locator" and the text below it.
std::string NumberedBlock(std::size_t number, std::string_view title, std::string_view locator,
                          std::string_view text);

}  // namespace baton::tools::remote::internal
