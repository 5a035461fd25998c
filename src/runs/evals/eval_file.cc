#include "runs/evals/eval_file.h"

#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/nearest_name.h"

namespace baton::runs::evals {
namespace {

constexpr std::array<std::string_view, 3> kFileKeys = {"agent", "documents", "questions"};
constexpr std::array<std::string_view, 5> kQuestionKeys = {"id", "ask", "agent", "permissions",
                                                           "expect"};

template <typename Number>
std::optional<Number> AsNumber(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

json::Value ScalarAsJson(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::Value(text);  // quoted
  if (text == "true" || text == "false") return json::Value(text == "true");
  if (const auto whole = AsNumber<std::int64_t>(text)) return json::Value(*whole);
  if (const auto number = AsNumber<double>(text)) return json::Value(*number);
  return json::Value(text);
}

// yaml-cpp refuses what is nested deeper than its own limit before this sees it.
json::Value AsJson(const YAML::Node& node) {
  if (node.IsScalar()) return ScalarAsJson(node);
  if (node.IsSequence()) {
    json::Array array;
    for (const YAML::Node& each : node) array.push_back(AsJson(each));
    return array;
  }
  if (!node.IsMap()) return nullptr;
  json::Object object;
  for (const auto& member : node) object[member.first.Scalar()] = AsJson(member.second);
  return object;
}

// Reads what it can and keeps what is wrong with the rest.
class EvalReader {
 public:
  EvalReader(std::string_view file_name, const std::filesystem::path& folder)
      : file_name_(file_name), folder_(folder) {}

  Result<EvalFile> Read(const YAML::Node& root) {
    if (CheckKeys(root, "an eval file", kFileKeys)) ReadFile(root);
    if (mistakes_.empty() && file_.questions.empty()) Add(root, "'questions' is missing or empty");
    if (mistakes_.empty()) return std::move(file_);
    return Fail(Code::kInvalidArgument, "{}", mistakes_);
  }

 private:
  void Add(const YAML::Node& node, std::string_view message) {
    const YAML::Mark mark = node.Mark();  // of what is empty: -1
    mistakes_ += fmt::format("{}{}:{}:{}: {}", mistakes_.empty() ? "" : "\n", file_name_,
                             std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1, message);
  }

  // False if it is no map at all. YAML keeps a key that is given twice, and shows the first.
  bool CheckKeys(const YAML::Node& map, std::string_view what,
                 std::span<const std::string_view> keys) {
    if (!map.IsMap()) {
      Add(map, fmt::format("{} is 'key: value'", what));
      return false;
    }
    std::set<std::string> seen;
    for (const auto& member : map) {
      const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
      if (std::ranges::find(keys, key) == keys.end()) {
        Add(member.first,
            fmt::format("unknown key '{}': {}", key, SuggestName(key, "the keys are", keys)));
      } else if (!seen.insert(key).second) {
        Add(member.first, fmt::format("'{}' is given twice", key));
      }
    }
    return true;
  }

  std::string Text(const YAML::Node& node, std::string_view what) {
    if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
    Add(node, fmt::format("'{}' is a text", what));
    return {};
  }

  // A text, or a list of them.
  std::vector<std::string> Texts(const YAML::Node& node, std::string_view what) {
    if (!node.IsSequence()) return {Text(node, what)};
    std::vector<std::string> texts;
    for (const YAML::Node& each : node) texts.push_back(Text(each, what));
    if (texts.empty()) Add(node, fmt::format("'{}' is empty", what));
    return texts;
  }

  void ReadFile(const YAML::Node& root) {
    std::string agent;
    if (const YAML::Node node = root["agent"]) agent = Text(node, "agent");
    if (const YAML::Node node = root["documents"]) ReadDocuments(node);
    const YAML::Node questions = root["questions"];
    if (!questions) return;
    if (!questions.IsSequence()) return Add(questions, "'questions' is a list");
    for (const YAML::Node& node : questions) ReadQuestion(node, agent);
  }

  void ReadDocuments(const YAML::Node& node) {
    for (const std::string& given : Texts(node, "documents")) {
      std::error_code ignored;
      std::filesystem::path path = folder_ / given;
      if (!std::filesystem::exists(path, ignored)) {
        Add(node, fmt::format("document '{}': no such file or folder", path.string()));
      }
      file_.documents.push_back(std::move(path));
    }
  }

  void ReadQuestion(const YAML::Node& node, const std::string& agent) {
    if (!CheckKeys(node, "a question", kQuestionKeys)) return;
    EvalQuestion& question = file_.questions.emplace_back();
    question.id = std::to_string(file_.questions.size());
    question.agent = agent;
    if (const YAML::Node id = node["id"]) question.id = Text(id, "id");
    if (const YAML::Node each = node["agent"]) question.agent = Text(each, "agent");
    if (!ids_.insert(question.id).second) {
      Add(node, fmt::format("two questions have the id '{}'", question.id));
    }
    if (const YAML::Node ask = node["ask"]) {
      question.asks = Texts(ask, "ask");
    } else {
      Add(node, "a question needs 'ask'");
    }
    if (const YAML::Node permissions = node["permissions"]) {
      const std::string given = Text(permissions, "permissions");
      if (given != "allow" && given != "deny") Add(permissions, "permissions: allow or deny");
      question.allow = given == "allow";
    }
    if (const YAML::Node expect = node["expect"]) {
      ReadExpectations(expect, question);
    } else {
      Add(node, "a question needs 'expect'");
    }
  }

  void ReadExpectations(const YAML::Node& node, EvalQuestion& question) {
    if (!node.IsMap() || node.size() == 0) return Add(node, "'expect' is 'contains: a text' …");
    for (const auto& member : node) {
      const auto kind = ParseKind(member.first.IsScalar() ? member.first.Scalar() : "");
      if (!kind) {
        Add(member.first, kind.error().message());
      } else if (*kind == Expectation::Kind::kSchema) {
        Keep(member.second, {.kind = *kind, .schema = AsJson(member.second)}, question);
      } else {
        for (std::string& wanted : Texts(member.second, KindName(*kind))) {
          if (wanted.empty()) continue;  // told by Texts()
          Keep(member.second, {.kind = *kind, .wanted = std::move(wanted)}, question);
        }
      }
    }
  }

  void Keep(const YAML::Node& node, Expectation expectation, EvalQuestion& question) {
    const Status right = CheckExpectation(expectation);
    if (!right.ok()) Add(node, right.message());
    question.expectations.push_back(std::move(expectation));
  }

  const std::string_view file_name_;
  const std::filesystem::path& folder_;
  EvalFile file_;
  std::set<std::string> ids_;
  std::string mistakes_;
};

}  // namespace

Result<EvalFile> ParseEvalFile(const std::string& text, std::string_view file_name,
                               const std::filesystem::path& folder) {
  try {  // yaml-cpp reports by exception
    return EvalReader(file_name, folder).Read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    return Fail(Code::kInvalidArgument, "{}:{}:{}: {}", file_name, e.mark.line + 1,
                e.mark.column + 1, e.msg);
  }
}

}  // namespace baton::runs::evals
