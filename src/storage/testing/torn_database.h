// A database whose batches are torn between two of their statements.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "storage/database.h"

namespace baton::storage::testing {

// Passes everything on to `inner`, until it is told to tear. To be killed, a connection to SQLite
// is opened after the first TornDatabase on SQLite has been made.
//
// Lifetime: `inner` outlives it.
// Threads:  one.
class TornDatabase final : public Database {
 public:
  // What happens between two statements of the next batch.
  enum class Tear {
    kFails,   // a statement of it is refused
    kKilled,  // the transaction loses its owner: PostgreSQL's process for this connection is
              // ended; with SQLite it is this process that is, by SIGKILL
  };

  explicit TornDatabase(Database& inner);

  // Of the coming calls of Write() one is torn, after `spared` others: before its statement `at`,
  // or, where it has no more than that, after the last one and before the commit.
  void TearNext(Tear tear, std::size_t at, std::size_t spared = 0) { tear_ = {tear, at, spared}; }
  // Whether that is still to come.
  bool tears() const { return tear_.has_value(); }
  // The next Write() is applied, and its caller hears that the connection broke.
  void DoubtNext() { doubt_ = true; }

  // How many statements the last torn Write() was given.
  std::size_t statements() const { return statements_; }

  Dialect dialect() const override { return inner_.dialect(); }
  async::Task<Result<Rows>> Read(Statement statement) override {
    co_return co_await inner_.Read(std::move(statement));
  }
  async::Task<Result<std::vector<Rows>>> Write(std::vector<Statement> batch,
                                               Durability durability) override;

 private:
  struct Planned {
    Tear tear;
    std::size_t at;
    std::size_t spared;
  };

  Database& inner_;
  std::optional<Planned> tear_;
  bool doubt_ = false;
  std::size_t statements_ = 0;
};

}  // namespace baton::storage::testing
