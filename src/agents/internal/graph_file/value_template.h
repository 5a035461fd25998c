// Texts and values with {{paths}} that a node fills in from what it sees.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agents/prompt_template.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::agents {

// A path and where it is written.
struct PathUse {
  json::Pointer path;
  std::size_t place = 0;
};

// docs/graph-files.md says what is filled in. A value that is filled in is not looked into.
// Threads: immutable after Parse().
class TextTemplate {
 public:
  struct Reading;
  static Reading Parse(std::string_view text);

  std::string Fill(const json::Value& state) const;
  // The very value at its path, if it is one path and nothing else; null if that is absent.
  json::Value FillValue(const json::Value& state) const;

 private:
  struct Piece {
    std::string text;
    std::optional<json::Pointer> path;  // in place of `text`
  };
  std::vector<Piece> pieces_;
};

// What Parse() found. Offsets are bytes into the text.
struct TextTemplate::Reading {
  TextTemplate result;
  std::vector<PathUse> paths;
  std::vector<TemplateMistake> mistakes;
};

// A JSON value in which texts are templates.
struct ValueTemplate {
  using List = std::vector<ValueTemplate>;
  struct Members {
    std::vector<std::string> names;
    List values;  // one for each name
  };

  std::variant<json::Value, TextTemplate, List, Members> form;

  json::Value Fill(const json::Value& state) const;
};

}  // namespace baton::agents
