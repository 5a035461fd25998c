// Who and what the documents of a user speak of, and what stands beside what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::workspace::entities {

struct Entity {
  std::string id;    // "entity_…", made of type and name
  std::string type;  // "person" "organization" "place" "work" "date"
  std::string name;
  std::int64_t documents = 0;  // of the user's that mention it
  std::int64_t mentions = 0;   // in them
};

struct EntityDetails {
  Entity entity;
  std::vector<std::string> document_ids;  // those that mention it most, first
};

struct CoOccurrence {
  std::string name;
  std::string type;
  std::int64_t documents = 0;  // in which it stands beside one of those asked for
};

struct EntityQuery {
  std::string text;                // words of the name, or beginnings of them; empty: any
  std::vector<std::string> types;  // empty: all
  int limit = 10;
};

inline constexpr int kMaxHops = 4;
inline constexpr std::size_t kMaxNames = 50;
inline constexpr int kMaxFoundDocuments = 200;

// A graph in SQL: documents and entities are its nodes, mentions its edges; they are stored with
// each document (DocumentStore). Every method acts for one user: what another's documents mention
// does not exist for it.
//
// Lifetime: the database outlives it, and a DocumentStore has been opened on it.
// Threads:  safe; calls resume on the caller's executor.
// Errors:   kInvalidArgument for more than kMaxNames names; the database's.
class EntityStore {
 public:
  explicit EntityStore(storage::Database& database) : database_(database) {}

  // Those in most documents first.
  async::Task<Result<std::vector<Entity>>> Search(std::string user_id, EntityQuery query);
  // kNotFound: no document of the user's mentions it.
  async::Task<Result<EntityDetails>> Get(std::string user_id, std::string entity_id);

  // Documents that mention one of `names` (case does not matter), those with most of them first.
  async::Task<Result<std::vector<std::string>>> FindDocuments(std::string user_id,
                                                              std::vector<std::string> names);
  // These, and those that a chain of at most `max_hops` shared entities leads to: one hop is the
  // documents that mention `names`, two those that share an entity with them; near ones first.
  // Dates lead nowhere.
  async::Task<Result<std::vector<std::string>>> FindRelated(std::string user_id,
                                                            std::vector<std::string> names,
                                                            int max_hops);
  // What stands in the same documents, in `least` of them or more; most first, at most 100.
  async::Task<Result<std::vector<CoOccurrence>>> CoOccurring(std::string user_id,
                                                             std::vector<std::string> names,
                                                             int least);

 private:
  storage::Database& database_;
};

}  // namespace baton::workspace::entities
