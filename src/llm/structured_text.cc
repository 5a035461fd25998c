#include "llm/structured_text.h"

namespace baton::llm {

std::string_view Unfenced(std::string_view text) {
  const std::size_t fence = text.find("```");
  if (fence == std::string_view::npos) return text;
  const std::size_t begin = text.find('\n', fence);
  if (begin == std::string_view::npos) return text;
  const std::size_t end = text.find("\n```", begin);
  return text.substr(begin + 1, end == std::string_view::npos ? end : end - begin);
}

Result<json::Value> ParseAnswer(std::string_view text) {
  Result<json::Value> whole = json::Parse(text);
  if (whole) return whole;
  // A fence within a text of the object's is not one around it.
  const std::string_view inner = Unfenced(text);
  if (inner.size() == text.size()) return whole;
  Result<json::Value> fenced = json::Parse(inner);
  return fenced ? std::move(fenced) : std::move(whole);
}

}  // namespace baton::llm
