#include "checkpoint/internal/item_queries.h"

#include <utility>

#include <fmt/core.h>

#include "base/hash.h"
#include "checkpoint/internal/item_rules.h"
#include "checkpoint/internal/ranking.h"

namespace baton::checkpoint::internal {
namespace {

using graph::Comparison;
using graph::Condition;
using graph::StoreNamespace;
using graph::StoreSearch;
using storage::SqlValue;

// One that no word can be: '/' is in none. FTS5 drops it, and looks in a column of its own.
std::string ScopeTerm(const StoreNamespace& ns) {
  return fmt::format("/{:016x}", Fnv1a(EncodeNamespace(ns)));
}

std::string_view Operator(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEq:
    case Comparison::kNe:  // the negation of equality
      return "=";
    case Comparison::kGt:
      return ">";
    case Comparison::kGte:
      return ">=";
    case Comparison::kLt:
      return "<";
    case Comparison::kLte:
      return "<=";
  }
  return "=";
}

bool IsEquality(Comparison comparison) {
  return comparison == Comparison::kEq || comparison == Comparison::kNe;
}

std::string TextOf(const json::Value& value) {
  return value.is_string() ? std::string(json::ToStringView(value.get_string()))
                           : json::Serialize(value);
}

SqlValue NumberOf(const json::Value& value) {
  if (value.is_int64()) return value.get_int64();
  return value.to_number<double>();
}

// What lies at the path as a row `member` of json_each, or no row. Each step is a table of its
// own: the paths of json_extract() cannot name a member with a quote in it. Members have text
// keys, elements integer ones.
std::string SqliteMember(SqlDraft& draft, const json::Pointer& path) {
  std::string container = "json_array(json(i.value))";  // a row for the whole value too
  std::string rows;
  const std::vector<std::string>& tokens = path.tokens();
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    const std::string name = i == tokens.size() ? "member" : fmt::format("e{}", i);
    rows += fmt::format("{}json_each({}) AS {}", i == 0 ? "" : " JOIN ", container, name);
    if (i > 0) {
      std::string keys = draft.Bind(tokens[i - 1]);
      if (const std::optional<std::size_t> position = json::ListPosition(tokens[i - 1])) {
        keys += ", " + draft.Bind(static_cast<std::int64_t>(*position));
      }
      rows += fmt::format(" ON {}.key IN ({})", name, keys);
    }
    container = fmt::format(
        "CASE WHEN {}.type IN ('object', 'array') THEN {}.value ELSE '{{}}' END", name, name);
  }
  return rows;
}

// In FTS5's query language a quoted string is a word, and no word holds a quote.
std::string FtsBits(SqlDraft& draft, const std::vector<std::string>& words,
                    std::string_view scope) {
  std::string each;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string match = fmt::format("words : \"{}\"", words[i]);
    if (!scope.empty()) match = fmt::format("scopes : \"{}\" AND {}", scope.substr(1), match);
    each += fmt::format(
        "{}SELECT rowid AS id, {} AS bit FROM long_term_fts WHERE long_term_fts MATCH {}",
        i == 0 ? "" : " UNION ALL ", std::uint64_t{1} << i, draft.Bind(std::move(match)));
  }
  return each;
}

// In a tsquery a quoted string is a lexeme as it is.
std::string TsBits(SqlDraft& draft, const std::vector<std::string>& words) {
  std::string bits;
  for (std::size_t i = 0; i < words.size(); ++i) {
    bits += fmt::format("{}CASE WHEN i.terms @@ CAST({} AS TSQUERY) THEN {} ELSE 0 END",
                        i == 0 ? "" : " + ", draft.Bind(fmt::format("'{}'", words[i])),
                        std::uint64_t{1} << i);
  }
  return bits;
}

std::string TsAnyOf(const std::vector<std::string>& words, std::string_view scope) {
  std::string any;
  for (const std::string& word : words) {
    any += fmt::format("{}'{}'", any.empty() ? "" : " | ", word);
  }
  return scope.empty() ? any : fmt::format("'{}' & ({})", scope, any);
}

}  // namespace

std::string ScopeTerms(const StoreNamespace& ns) {
  std::string terms;
  StoreNamespace scope;
  for (const std::string& label : ns) {
    scope.push_back(label);
    terms += (terms.empty() ? "" : " ") + ScopeTerm(scope);
  }
  return terms;
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::string ItemQueries::Where(SqlDraft& draft, const StoreSearch& search, Timestamp now) const {
  const NamespaceRange range = RangeOf(search.prefix);
  std::string where = fmt::format("(i.expires_us IS NULL OR i.expires_us > {})",
                                  draft.Bind(now.time_since_epoch().count()));
  if (!range.end.empty()) {
    where += fmt::format(" AND i.ns >= {} AND i.ns < {}", draft.Bind(range.begin),
                         draft.Bind(range.end));
  }
  for (const Condition& condition : search.filter) where += " AND " + Filter(draft, condition);
  return where;
}

std::string ItemQueries::Filter(SqlDraft& draft, const Condition& condition) const {
  const json::Value& operand = condition.operand;
  if ((operand.is_null() || operand.is_bool()) && !IsEquality(condition.comparison)) {
    return "(1 = 0)";  // without an order
  }
  std::string holds = dialect_ == storage::Dialect::kSqlite ? SqliteComparison(draft, condition)
                                                            : PostgresComparison(draft, condition);
  return condition.comparison == Comparison::kNe ? "NOT " + holds : holds;
}

std::string ItemQueries::SqliteComparison(SqlDraft& draft, const Condition& condition) const {
  const std::string rows = SqliteMember(draft, condition.path);
  const auto exists = [&](const std::string& what) {
    return fmt::format("EXISTS (SELECT 1 FROM {} WHERE {})", rows, what);
  };
  const json::Value& operand = condition.operand;
  if (operand.is_null()) return "NOT " + exists("member.type <> 'null'");
  if (operand.is_bool()) {
    return exists(operand.get_bool() ? "member.type = 'true'" : "member.type = 'false'");
  }
  const std::string_view types = operand.is_string() ? "'text'" : "'integer', 'real'";
  const std::string value =
      draft.Bind(operand.is_string() ? SqlValue(TextOf(operand)) : NumberOf(operand));
  return exists(fmt::format("member.type IN ({}) AND member.atom {} {}", types,
                            Operator(condition.comparison), value));
}

// Absent members are SQL's NULL, which coalesce() turns into what it means here.
std::string ItemQueries::PostgresComparison(SqlDraft& draft, const Condition& condition) const {
  std::string member = "CAST(i.value AS JSONB)";
  for (const std::string& token : condition.path.tokens()) {
    // -> with a text finds members, #> also elements; "-1" and "01" would be elements to it.
    if (json::ListPosition(token)) {
      member = fmt::format("({} #> ARRAY[CAST({} AS TEXT)])", member, draft.Bind(token));
    } else {
      member = fmt::format("({} -> CAST({} AS TEXT))", member, draft.Bind(token));
    }
  }
  const json::Value& operand = condition.operand;
  const std::string type = fmt::format("coalesce(jsonb_typeof({}), 'null')", member);
  if (operand.is_null()) return fmt::format("({} = 'null')", type);
  if (operand.is_bool()) {
    return fmt::format("({} = 'boolean' AND coalesce({} #>> '{{}}', '') = {})", type, member,
                       operand.get_bool() ? "'true'" : "'false'");
  }
  const std::string text = fmt::format("({} #>> '{{}}')", member);
  const std::string_view op = Operator(condition.comparison);
  if (operand.is_string()) {
    return fmt::format(
        "(CASE WHEN {} = 'string' THEN {} COLLATE \"C\" {} CAST({} AS TEXT) ELSE FALSE END)", type,
        text, op, draft.Bind(TextOf(operand)));
  }
  // As its digits: a double's cast to numeric would keep 15 of them.
  return fmt::format(
      "(CASE WHEN {} = 'number' THEN CAST({} AS NUMERIC) {} CAST({} AS NUMERIC) ELSE FALSE END)",
      type, text, op, draft.Bind(TextOf(operand)));
}

storage::Statement ItemQueries::HoldersOf(const std::vector<std::string>& words,
                                          const StoreSearch& search, Timestamp now) const {
  const std::string scope = search.prefix.empty() ? std::string() : ScopeTerm(search.prefix);
  SqlDraft draft;
  if (dialect_ == storage::Dialect::kSqlite) {
    draft += fmt::format(
        "SELECT i.id, i.ns, i.key, i.updated_us, i.word_count, m.bits FROM "
        "(SELECT id, sum(bit) AS bits FROM ({}) GROUP BY id) AS m "
        "JOIN long_term_items AS i ON i.id = m.id WHERE ",
        FtsBits(draft, words, scope));
  } else {
    const std::string bits = TsBits(draft, words);
    draft += fmt::format(
        "SELECT i.id, i.ns, i.key, i.updated_us, i.word_count, CAST({} AS BIGINT) "
        "FROM long_term_items AS i WHERE i.terms @@ CAST({} AS TSQUERY) AND ",
        bits, draft.Bind(TsAnyOf(words, scope)));
  }
  draft += Where(draft, search, now);
  draft += fmt::format(" ORDER BY i.updated_us DESC, i.ns, i.key LIMIT {}", kMaxRanked);
  return std::move(draft).Take();
}

storage::Statement ItemQueries::VectorsAfter(VectorPlace last, std::size_t limit,
                                             std::string_view model, const StoreSearch& search,
                                             Timestamp now) const {
  SqlDraft draft;
  draft += fmt::format(
      "SELECT i.id, i.ns, i.key, i.updated_us, v.place, v.vector "
      "FROM long_term_vectors AS v JOIN long_term_items AS i ON i.id = v.item_id "
      "WHERE v.model = {} AND (v.item_id, v.place) > ({}, {}) AND ",
      draft.Bind(std::string(model)), draft.Bind(last.item_id), draft.Bind(last.place));
  draft += Where(draft, search, now);
  draft += fmt::format(" ORDER BY v.item_id, v.place LIMIT {}", limit);
  return std::move(draft).Take();
}

}  // namespace baton::checkpoint::internal
