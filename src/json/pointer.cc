#include "json/pointer.h"

namespace baton::json {
namespace {

Result<std::string> UnescapeToken(std::string_view token, std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      text += token[i];
      continue;
    }
    const char escaped = i + 1 < token.size() ? token[i + 1] : '\0';
    if (escaped != '0' && escaped != '1') {
      return Fail(Code::kInvalidArgument,
                  "path '{}': after '~' comes '0' (for '~') or '1' (for '/')", path);
    }
    text += escaped == '0' ? '~' : '/';
    ++i;
  }
  return text;
}

const Value* FindChild(const Value& value, const std::string& token) {
  if (const Object* object = value.if_object()) return object->if_contains(token);
  const Array* list = value.if_array();
  const std::optional<std::size_t> position = ListPosition(token);
  return list != nullptr && position ? list->if_contains(*position) : nullptr;
}

}  // namespace

std::optional<std::size_t> ListPosition(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  // Lists are in memory: a longer number is no position, and would not fit a database's integer.
  constexpr std::size_t kMaxDigits = 9;
  if (token.size() > kMaxDigits) return std::nullopt;
  std::size_t position = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    position = position * 10 + static_cast<std::size_t>(c - '0');
  }
  return position;
}

Result<Pointer> Pointer::Parse(std::string_view text) {
  Pointer pointer;
  if (text.empty()) return pointer;
  if (text[0] != '/') {
    return Fail(Code::kInvalidArgument, "path '{}': must be empty or begin with '/'", text);
  }
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t next = text.find('/', at + 1);
    Result<std::string> token = UnescapeToken(text.substr(at + 1, next - at - 1), text);
    if (!token) return Fail(std::move(token).error());
    if (pointer.tokens_.size() == kMaxTokens) {
      return Fail(Code::kInvalidArgument, "path of more than {} names", kMaxTokens);
    }
    pointer.tokens_.push_back(std::move(*token));
    at = next;
  }
  return pointer;
}

Pointer Pointer::ToMember(std::string_view name) {
  Pointer pointer;
  pointer.tokens_.emplace_back(name);
  return pointer;
}

const Value* Pointer::Find(const Value& value) const {
  const Value* found = &value;
  for (const std::string& token : tokens_) {
    found = FindChild(*found, token);
    if (found == nullptr) return nullptr;
  }
  return found;
}

std::string Pointer::ToString() const {
  std::string text;
  for (const std::string& token : tokens_) {
    text += '/';
    for (const char c : token) {
      if (c == '~') {
        text += "~0";
      } else if (c == '/') {
        text += "~1";
      } else {
        text += c;
      }
    }
  }
  return text;
}

}  // namespace baton::json
