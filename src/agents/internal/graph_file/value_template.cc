#include "agents/internal/graph_file/value_template.h"

#include <fmt/format.h>

namespace baton::agents {
namespace {

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

void AppendAsText(const json::Value& value, std::string& text) {
  if (value.is_string()) {
    text += json::ToStringView(value.get_string());
  } else if (value.is_double()) {
    text += fmt::format("{}", value.get_double());  // 12.5, where JSON has 1.25E1
  } else {
    text += json::Serialize(value);
  }
}

}  // namespace

TextTemplate::Reading TextTemplate::Parse(std::string_view text) {
  Reading reading;
  std::vector<Piece>& pieces = reading.result.pieces_;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = std::min(text.find("{{", at), text.size());
    if (begin > at) pieces.push_back({std::string(text.substr(at, begin - at)), std::nullopt});
    if (begin == text.size()) break;
    const std::size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) {
      reading.mistakes.push_back({begin, "'{{' without '}}'"});
      break;
    }
    const std::string_view path = WithoutBlanks(text.substr(begin + 2, end - begin - 2));
    if (Result<json::Pointer> pointer = json::Pointer::Parse(path); !pointer) {
      reading.mistakes.push_back({begin, pointer.error().message()});
    } else if (path.empty()) {
      reading.mistakes.push_back({begin, "'{{}}' names nothing: write a path, such as {{/name}}"});
    } else {
      reading.paths.push_back({*pointer, begin});
      pieces.push_back({{}, std::move(*pointer)});
    }
    at = end + 2;
  }
  return reading;
}

std::string TextTemplate::Fill(const json::Value& state) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    if (!piece.path) {
      text += piece.text;
      continue;
    }
    const json::Value* value = piece.path->Find(state);
    if (value == nullptr || value->is_null()) continue;
    AppendAsText(*value, text);
  }
  return text;
}

json::Value TextTemplate::FillValue(const json::Value& state) const {
  if (pieces_.size() != 1 || !pieces_[0].path) return json::Value(Fill(state));
  const json::Value* value = pieces_[0].path->Find(state);
  return value == nullptr ? json::Value() : *value;
}

json::Value ValueTemplate::Fill(const json::Value& state) const {
  if (const auto* constant = std::get_if<json::Value>(&form)) return *constant;
  if (const auto* text = std::get_if<TextTemplate>(&form)) return text->FillValue(state);
  if (const auto* elements = std::get_if<List>(&form)) {
    json::Array list;
    for (const ValueTemplate& element : *elements) list.push_back(element.Fill(state));
    return list;
  }
  json::Object object;
  const auto& members = std::get<Members>(form);
  for (std::size_t i = 0; i < members.names.size(); ++i) {
    object[members.names[i]] = members.values[i].Fill(state);
  }
  return object;
}

}  // namespace baton::agents
