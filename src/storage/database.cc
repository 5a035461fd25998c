#include "storage/database.h"

namespace baton::storage {

std::int64_t Rows::Int(std::size_t row, std::size_t column) const {
  const auto* value = std::get_if<std::int64_t>(&rows[row][column]);
  return value == nullptr ? 0 : *value;
}

double Rows::Real(std::size_t row, std::size_t column) const {
  const auto* value = std::get_if<double>(&rows[row][column]);
  return value == nullptr ? 0 : *value;
}

std::string_view Rows::Text(std::size_t row, std::size_t column) const {
  const SqlValue& value = rows[row][column];
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  return {};
}

bool Rows::IsNull(std::size_t row, std::size_t column) const {
  return std::holds_alternative<std::monostate>(rows[row][column]);
}

}  // namespace baton::storage
