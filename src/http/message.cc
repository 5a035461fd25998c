#include "http/message.h"

#include <algorithm>

namespace baton::http {

namespace {

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, LowerAscii, LowerAscii);
}

std::string_view Headers::Get(std::string_view name) const {
  const auto field = std::ranges::find_if(
      fields_, [name](const auto& f) { return EqualsIgnoreCase(f.first, name); });
  return field == fields_.end() ? std::string_view() : std::string_view(field->second);
}

Status CheckHeaders(const Headers& headers) {
  // RFC 9110, section 5.6.2: a field name is a token.
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  const auto is_token = [&](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kTokenMarks.contains(static_cast<char>(c));
  };
  for (const auto& [name, value] : headers) {
    if (name.empty() || !std::ranges::all_of(name, is_token)) {
      return Fail(Code::kInvalidArgument, "a header's name is not a token");
    }
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return Fail(Code::kInvalidArgument, "header '{}': its value contains a line break or NUL",
                  name);
    }
  }
  return {};
}

}  // namespace baton::http
