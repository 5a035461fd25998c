// TextIndex by FTS5.
#pragma once

#include <string>
#include <vector>

#include "workspace/text_index.h"

namespace baton::workspace::internal {

class SqliteTextIndex final : public TextIndex {
 public:
  explicit SqliteTextIndex(storage::Database& database) : database_(database) {}

  std::vector<storage::Statement> OnPut(const std::string& document_id) const override;
  std::vector<storage::Statement> OnRemove(const std::string& document_id) const override;
  async::Task<Result<std::vector<QueryTerm>>> Weigh(std::string user_id, std::string text) override;
  async::Task<Result<std::vector<TextMatch>>> MatchTerms(SearchScope scope,
                                                         std::vector<QueryTerm> terms,
                                                         TermsNeeded needed,
                                                         std::size_t limit) override;

 private:
  storage::Database& database_;
};

}  // namespace baton::workspace::internal
