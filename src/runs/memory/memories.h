// What a user has the agents remember beyond a conversation: what the edges see.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"

namespace baton::runs::memory {

// saved: agents are told it. proposed: an agent would like it remembered, and its user has not
// decided; nobody is told it.
enum class MemoryState { kSaved, kProposed };

std::string_view MemoryStateName(MemoryState state);  // "saved" "proposed"
Result<MemoryState> ParseMemoryState(std::string_view name);

// fact: told where its words fit the question. preference: how the user likes things, told always.
enum class MemoryKind { kFact, kPreference };

std::string_view MemoryKindName(MemoryKind kind);           // "fact" "preference"
Result<MemoryKind> ParseMemoryKind(std::string_view name);  // "" is a fact

struct Memory {
  std::string memory_id;
  std::string user_id;
  std::string text;
  MemoryKind kind = MemoryKind::kFact;
  MemoryState state = MemoryState::kSaved;
  std::string conversation_id;  // where it was said; empty: outside of any
  std::string run_id;
  std::string created_at;  // ISO 8601
  std::string updated_at;
  std::string expires_at;       // of a proposal: when it goes by itself
  std::optional<double> score;  // of a search: 0 to 1
};

// `user_id` is vouched for.
struct NewMemory {
  std::string user_id;
  std::string text;
  MemoryKind kind = MemoryKind::kFact;
  bool proposed = false;  // its user is to decide
  std::string conversation_id;
  std::string run_id;
  std::string key;  // saved twice with one key, it is one memory; empty: none
};

struct MemoryFilter {
  std::string user_id;
  std::optional<MemoryState> state;  // empty: all
  std::optional<MemoryKind> kind;    // likewise
  std::size_t limit = 0;             // 0: 100
  std::string page_token;            // of the page before; empty: the first
};

struct MemoryPage {
  std::vector<Memory> memories;  // what was changed last comes first
  std::string next_page_token;   // empty: the last page
};

// Threads: safe.
// Errors:  kNotFound for a memory that is not there or is another user's, the two not being told
//          apart; kInvalidArgument for what cannot be; kResourceExhausted above a limit, which it
//          names; those of the store.
class Memories {
 public:
  virtual ~Memories() = default;

  // On disk when this returns. A text that is there already is not there twice: what was proposed
  // and is now saved becomes saved, anything else stays as it is.
  virtual async::Task<Result<Memory>> Save(NewMemory memory) = 0;

  virtual async::Task<Result<MemoryPage>> List(MemoryFilter filter) = 0;

  // Saved ones that hold words of the query, the best first; at most `limit` (0: 10).
  virtual async::Task<Result<std::vector<Memory>>> Search(std::string user_id, std::string query,
                                                          std::size_t limit) = 0;

  // Accepted, a proposal is saved; rejected, it is gone. Yields it as it was or is then. What is
  // saved already may be accepted again, and is kFailedPrecondition to reject.
  virtual async::Task<Result<Memory>> Decide(std::string user_id, std::string memory_id,
                                             bool accepted) = 0;

  virtual async::Task<Status> Delete(std::string user_id, std::string memory_id) = 0;
};

}  // namespace baton::runs::memory
