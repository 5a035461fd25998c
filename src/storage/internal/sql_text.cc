#include "storage/internal/sql_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/utf8.h"

namespace baton::storage::internal {
namespace {

constexpr std::size_t kMaxQuotedSql = 200;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

enum class TokenKind { kWord, kSemicolon, kOther, kEnd };

struct SqlToken {
  TokenKind kind;
  std::string_view text;
  std::size_t begin;  // offset in the script

  bool Is(std::string_view upper) const {
    return kind == TokenKind::kWord && EqualsIgnoringCase(text, upper);
  }
};

// The tokens of a script outside comments. A quoted text is one token.
class SqlScanner {
 public:
  explicit SqlScanner(std::string_view sql) : sql_(sql) {}

  SqlToken Next() {
    SkipBlanks();
    const std::size_t begin = at_;
    if (begin == sql_.size()) return {TokenKind::kEnd, {}, begin};
    const TokenKind kind = Advance();
    return {kind, sql_.substr(begin, at_ - begin), begin};
  }

  // How many parentheses are open after the last token.
  int depth() const { return depth_; }

 private:
  TokenKind Advance() {
    const char c = sql_[at_];
    if (IsWordCharacter(c)) {
      while (at_ < sql_.size() && IsWordCharacter(sql_[at_])) ++at_;
      return TokenKind::kWord;
    }
    if (c == '\'' || c == '"') {
      // A doubled quote reads as two quoted tokens side by side, which does no harm here.
      SkipPast(sql_.substr(at_, 1), at_ + 1);
      return TokenKind::kOther;
    }
    if (c == '$') {
      AdvanceDollar();
      return TokenKind::kOther;
    }
    if (c == '(') ++depth_;
    if (c == ')') --depth_;
    ++at_;
    return c == ';' && depth_ == 0 ? TokenKind::kSemicolon : TokenKind::kOther;
  }

  // "$1" is a parameter, "$$" or "$tag$" opens a text that ends at its repetition.
  void AdvanceDollar() {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && IsWordCharacter(sql_[end])) ++end;
    const bool is_parameter = end > at_ + 1 && sql_[at_ + 1] >= '0' && sql_[at_ + 1] <= '9';
    if (is_parameter || end == sql_.size() || sql_[end] != '$') {
      at_ = end;
      return;
    }
    SkipPast(sql_.substr(at_, end + 1 - at_), end + 1);
  }

  void SkipBlanks() {
    while (at_ < sql_.size()) {
      const std::string_view rest = sql_.substr(at_);
      if (rest.starts_with("--")) {
        SkipPast("\n", at_);
      } else if (rest.starts_with("/*")) {
        SkipPast("*/", at_ + 2);
      } else if (std::string_view(" \t\r\n\f").contains(rest.front())) {
        ++at_;
      } else {
        return;
      }
    }
  }

  void SkipPast(std::string_view mark, std::size_t from) {
    const std::size_t found = sql_.find(mark, from);
    at_ = found == std::string_view::npos ? sql_.size() : found + mark.size();
  }

  const std::string_view sql_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

// Whether a ';' ends the statement that the tokens so far are part of. The body of a trigger
// ends with "; END ;", where a CASE's END follows no ';'.
class StatementEnd {
 public:
  bool Reached(const SqlToken& token) {
    if (words_ < 4 && token.Is("TRIGGER")) is_trigger_ = true;
    if (is_trigger_ && token.Is("BEGIN")) in_body_ = true;
    if (token.kind == TokenKind::kWord) ++words_;
    const bool ends = token.kind == TokenKind::kSemicolon && (!in_body_ || after_final_end_);
    after_final_end_ = after_semicolon_ && token.Is("END");
    after_semicolon_ = token.kind == TokenKind::kSemicolon;
    if (ends) *this = StatementEnd();
    return ends;
  }

 private:
  int words_ = 0;  // "CREATE TEMP TRIGGER", "CREATE OR REPLACE TRIGGER"
  bool is_trigger_ = false;
  bool in_body_ = false;
  bool after_semicolon_ = false;
  bool after_final_end_ = false;
};

struct Shape {
  std::string_view verb;
  bool returns_rows;
};

// The main verb is the first outside parentheses: that of a WITH comes after its tables.
Shape ShapeOf(std::string_view sql) {
  static constexpr std::array<std::string_view, 5> kVerbs = {"SELECT", "VALUES", "INSERT", "UPDATE",
                                                             "DELETE"};
  SqlScanner scanner(sql);
  Shape shape{.verb = {}, .returns_rows = false};
  for (SqlToken token = scanner.Next(); token.kind != TokenKind::kEnd; token = scanner.Next()) {
    if (token.kind != TokenKind::kWord || scanner.depth() != 0) continue;
    if (shape.verb.empty()) {
      const auto* verb = std::ranges::find_if(kVerbs, [&](auto v) { return token.Is(v); });
      if (verb == kVerbs.end()) continue;
      shape = {*verb, *verb == "SELECT" || *verb == "VALUES"};
    } else if (token.Is("RETURNING")) {
      shape.returns_rows = true;
    }
  }
  return shape;
}

}  // namespace

std::vector<std::string> SplitStatements(std::string_view script) {
  std::vector<std::string> statements;
  SqlScanner scanner(script);
  StatementEnd end;
  std::size_t begin = std::string_view::npos;
  while (true) {
    const SqlToken token = scanner.Next();
    const bool at_end = end.Reached(token) || token.kind == TokenKind::kEnd;
    if (!at_end && begin == std::string_view::npos) begin = token.begin;
    if (at_end && begin != std::string_view::npos) {
      statements.emplace_back(script.substr(begin, token.begin - begin));
      begin = std::string_view::npos;
    }
    if (token.kind == TokenKind::kEnd) return statements;
  }
}

std::string_view Abbreviated(std::string_view sql) { return Utf8Prefix(sql, kMaxQuotedSql); }

GuardedSql WithGuard(std::string_view sql, std::int64_t min_rows) {
  const Shape shape = ShapeOf(sql);
  const std::vector<std::string> statements = SplitStatements(sql);
  if (statements.size() == 1) sql = statements.front();
  const bool changes = shape.verb != "SELECT" && shape.verb != "VALUES";
  // The cast is reached only when the guard fails; its error names the text it cannot cast.
  // A line break before what is added, as `sql` may end in a comment.
  if (!shape.returns_rows) {
    return {fmt::format("WITH baton_guarded AS (\n{}\nRETURNING 1)\n"
                        "SELECT CASE WHEN count(*) >= {} THEN count(*) "
                        "ELSE ('{}' || count(*))::bigint END FROM baton_guarded",
                        sql, min_rows, kGuardFailed),
            true, changes};
  }
  // The outer join has one row to start from even when there is none to return.
  return {fmt::format("WITH baton_guarded AS (\n{}\n)\n"
                      "SELECT baton_guarded.* FROM (SELECT CASE WHEN count(*) >= {} THEN true "
                      "ELSE ('{}' || count(*))::boolean END AS passed FROM baton_guarded) "
                      "AS baton_guard LEFT JOIN baton_guarded ON baton_guard.passed",
                      sql, min_rows, kGuardFailed),
          false, changes};
}

}  // namespace baton::storage::internal
