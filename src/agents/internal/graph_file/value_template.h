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
#include "base/status.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::agents {

// A path and where it is written.
struct PathUse {
  json::Pointer path;
  std::size_t place = 0;
};

// What one template comes to at most, as JSON text: a graph in a circle that fills in what it has
// written doubles it each time.
inline constexpr std::size_t kMaxFilledBytes = std::size_t{16} << 20U;
class FilledBytes;

// docs/graph-files.md says what is filled in. A value that is filled in is not looked into.
// Filling fails with kResourceExhausted above kMaxFilledBytes.
// Threads: immutable after Parse().
class TextTemplate {
 public:
  struct Reading;
  static Reading Parse(std::string_view text);

  Result<std::string> Fill(const json::Value& state) const;

 private:
  friend struct ValueTemplate;
  Result<std::string> Fill(const json::Value& state, FilledBytes& bytes) const;
  // The very value at its path, if it is one path and nothing else; null if that is absent.
  Result<json::Value> FillValue(const json::Value& state, FilledBytes& bytes) const;

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

  Result<json::Value> Fill(const json::Value& state) const;

 private:
  Result<json::Value> Fill(const json::Value& state, FilledBytes& bytes) const;
};

}  // namespace baton::agents
