#include "storage/internal/merged_inserts.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace baton::storage::internal {
namespace {

// Each number of rows is a prepared statement of its own: only powers of two, and up to this.
constexpr std::size_t kMostRows = 64;

// The server's limit is 65,535 parameters to a statement; a statement of this many is as good.
constexpr std::size_t kMostParams = 1024;

// "($1, $2, $3)", counted from `first`.
std::string Placeholders(std::size_t first, std::size_t count) {
  std::string list = "(";
  for (std::size_t i = 0; i < count; ++i) {
    fmt::format_to(std::back_inserter(list), "{}${}", i == 0 ? "" : ", ", first + i);
  }
  return list + ")";
}

bool IsPlainInsert(const Statement& statement) {
  return statement.free_order && statement.min_rows == 0 && statement.sql.starts_with("INSERT ") &&
         statement.sql.ends_with(" VALUES " + Placeholders(1, statement.params.size()));
}

Statement MergedInsert(std::span<const Statement* const> given,
                       std::span<const std::size_t> indices) {
  const Statement& first = *given[indices.front()];
  const std::size_t width = first.params.size();
  Statement merged{.sql = first.sql};
  merged.params.reserve(width * indices.size());
  for (const std::size_t index : indices) {
    if (!merged.params.empty()) merged.sql += ", " + Placeholders(merged.params.size() + 1, width);
    const std::vector<SqlValue>& row = given[index]->params;
    merged.params.insert(merged.params.end(), row.begin(), row.end());
  }
  return merged;
}

}  // namespace

MergedInserts::MergedInserts(std::span<const Statement* const> given) : given_(given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (IsPlainInsert(*given[i])) {
      waiting_[given[i]->sql].push_back(i);
      continue;
    }
    if (!given[i]->free_order) Merge();
    Keep(i);
  }
  Merge();
}

void MergedInserts::Keep(std::size_t index) {
  statements_.push_back(given_[index]);
  sources_.push_back({index});
}

void MergedInserts::Merge() {
  for (const auto& [sql, indices] : waiting_) {
    const std::size_t width = std::max<std::size_t>(given_[indices.front()]->params.size(), 1);
    const std::size_t most =
        std::min(kMostRows, std::bit_floor(std::max<std::size_t>(kMostParams / width, 1)));
    std::span<const std::size_t> rest = indices;
    while (!rest.empty()) {
      const std::size_t count = std::clamp<std::size_t>(std::bit_floor(rest.size()), 1, most);
      AddMerged(rest.first(count));
      rest = rest.subspan(count);
    }
  }
  waiting_.clear();
}

void MergedInserts::AddMerged(std::span<const std::size_t> indices) {
  if (indices.size() == 1) return Keep(indices.front());
  merged_.push_back(MergedInsert(given_, indices));
  statements_.push_back(&merged_.back());
  sources_.emplace_back(indices.begin(), indices.end());
}

std::vector<Rows> MergedInserts::RowsOfGiven(std::vector<Rows> rows) const {
  std::vector<Rows> of_given(given_.size());
  for (std::size_t sent = 0; sent < rows.size(); ++sent) {
    if (IsMerged(sent)) {
      for (const std::size_t given : sources_[sent]) of_given[given].changed = 1;
    } else {
      of_given[SourceOf(sent)] = std::move(rows[sent]);
    }
  }
  return of_given;
}

}  // namespace baton::storage::internal
