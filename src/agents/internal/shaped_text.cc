#include "agents/internal/shaped_text.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "json/json.h"
#include "llm/structured_text.h"

namespace baton::agents {
namespace {

std::string_view Stripped(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// Cells of a row "| a | b |"; an escaped bar is none.
std::size_t CountCells(std::string_view row) {
  std::size_t cells = 0;
  for (std::size_t i = 1; i < row.size(); ++i) cells += row[i] == '|' && row[i - 1] != '\\' ? 1 : 0;
  return row.ends_with('|') ? cells : cells + 1;
}

Status CheckTable(std::string_view text) {
  std::size_t rows = 0;
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = Stripped(text.substr(at, end - at));
    at = end + 1;
    if (!line.starts_with('|')) continue;
    ++rows;
    const std::size_t cells = CountCells(line);
    if (rows == 1) columns = cells;
    if (rows == 2 && line.find_first_not_of("|-: \t") != std::string_view::npos) {
      return Fail(Code::kInvalidArgument, "the table's second row must be a line of dashes");
    }
    if (cells != columns) {
      return Fail(Code::kInvalidArgument, "row {} of the table has {} cells, the first has {}",
                  rows, cells, columns);
    }
  }
  if (rows < 2) return Fail(Code::kInvalidArgument, "there is no table");
  return {};
}

// Reads fields one by one: a quoted one may hold commas, line breaks and doubled quotes.
Status CheckCsv(std::string_view text) {
  std::vector<std::size_t> rows;
  bool quoted = false;
  bool row_begins = true;
  for (const char c : text) {
    if (!quoted && c == '\n') {
      row_begins = true;
      continue;
    }
    if (row_begins) rows.push_back(1);
    row_begins = false;
    if (c == '"') quoted = !quoted;  // a doubled one ends and begins again
    if (!quoted && c == ',') ++rows.back();
  }
  if (quoted) return Fail(Code::kInvalidArgument, "a quote of the CSV is not closed");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i] != rows[0]) {
      return Fail(Code::kInvalidArgument, "row {} of the CSV has {} fields, the first has {}",
                  i + 1, rows[i], rows[0]);
    }
  }
  return {};
}

}  // namespace

Status CheckForm(std::string_view form, std::string_view text) {
  if (form == "table") return CheckTable(text);
  if (form == "csv") return CheckCsv(llm::Unfenced(text));
  if (form != "json") return {};
  const Result<json::Value> value = llm::ParseAnswer(text);
  return value ? Status() : value.error();
}

}  // namespace baton::agents
