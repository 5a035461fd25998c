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

class FilledBytes {
 public:
  Status Add(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ <= kMaxFilledBytes) return {};
    return Fail(Code::kResourceExhausted, "a template comes to more than {} MiB",
                kMaxFilledBytes >> 20U);
  }

 private:
  std::size_t bytes_ = 0;
};

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

Result<std::string> TextTemplate::Fill(const json::Value& state) const {
  FilledBytes bytes;
  return Fill(state, bytes);
}

Result<std::string> TextTemplate::Fill(const json::Value& state, FilledBytes& bytes) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    const json::Value* value = piece.path ? piece.path->Find(state) : nullptr;
    BATON_TRY(bytes.Add(value == nullptr ? piece.text.size() : json::TextBytes(*value)));
    if (!piece.path) {
      text += piece.text;
    } else if (value != nullptr && !value->is_null()) {
      AppendAsText(*value, text);
    }
  }
  return text;
}

Result<json::Value> TextTemplate::FillValue(const json::Value& state, FilledBytes& bytes) const {
  if (pieces_.size() != 1 || !pieces_[0].path) {
    Result<std::string> text = Fill(state, bytes);
    if (!text) return Fail(std::move(text).error());
    return json::Value(*text);
  }
  const json::Value* value = pieces_[0].path->Find(state);
  if (value == nullptr) return json::Value();
  BATON_TRY(bytes.Add(json::TextBytes(*value)));
  return *value;
}

Result<json::Value> ValueTemplate::Fill(const json::Value& state) const {
  FilledBytes bytes;
  return Fill(state, bytes);
}

Result<json::Value> ValueTemplate::Fill(const json::Value& state, FilledBytes& bytes) const {
  if (const auto* constant = std::get_if<json::Value>(&form)) return *constant;
  if (const auto* text = std::get_if<TextTemplate>(&form)) return text->FillValue(state, bytes);
  if (const auto* elements = std::get_if<List>(&form)) {
    json::Array list;
    for (const ValueTemplate& element : *elements) {
      Result<json::Value> value = element.Fill(state, bytes);
      if (!value) return value;
      list.push_back(*std::move(value));
    }
    return list;
  }
  json::Object object;
  const auto& members = std::get<Members>(form);
  for (std::size_t i = 0; i < members.names.size(); ++i) {
    Result<json::Value> value = members.values[i].Fill(state, bytes);
    if (!value) return value;
    object[members.names[i]] = *std::move(value);
  }
  return object;
}

}  // namespace baton::agents
