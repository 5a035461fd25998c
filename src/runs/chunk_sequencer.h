// The order of a run's stream: which number each chunk gets, and what it makes void.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runs/stored_chunk.h"

namespace baton::runs {

// What the run says, before it has a place in the stream.
struct ChunkDraft {
  std::string type;  // as Chunk::type; empty: only a note that `task_id` starts anew
  std::string message;
  std::string agent_name;  // empty: the agent that answers
  std::map<std::string, std::string> metadata;
  std::string task_id;    // content: whose model call
  int attempt = 0;        // content: the node's attempt
  std::string tool_used;  // named in tools_used from this chunk on
};

// Turns drafts into numbered chunks. The pure core of the stream log: no clock, no I/O.
//
// The rule for readers: a chunk with supersedes_seq = s voids every content chunk from s up to
// itself. Who applies it holds, at any time, text(). Since a range may hold text of tasks that
// did not start anew, what is still valid of it is sent again behind the superseding chunk's
// place, before anything new.
//
// Threads: a value.
class ChunkSequencer {
 public:
  // `agent_name` is that of the agent that answers: "research_agent".
  ChunkSequencer(std::string run_id, std::int64_t epoch, std::string agent_name)
      : run_id_(std::move(run_id)), epoch_(epoch), agent_name_(std::move(agent_name)) {}

  // Takes in what the log already holds, in its order.
  void Replay(const StoredChunk& stored);

  // Goes on behind `seq`, where what the log holds cannot be read: its content is unknown.
  void SkipTo(std::int64_t seq);

  // Numbers `draft` and appends what follows from it to `out`.
  void Add(ChunkDraft draft, std::string_view timestamp, std::vector<StoredChunk>& out);

  // Makes the valid content exactly `answer`: appends what is missing, or, where it differs,
  // supersedes all of it. To be followed by the last chunk.
  void Settle(std::string_view answer, std::string_view timestamp, std::vector<StoredChunk>& out);

  std::string text() const;  // the valid content
  std::int64_t last_seq() const { return last_seq_; }
  std::int64_t epoch() const { return epoch_; }
  const std::vector<std::string>& tools_used() const { return tools_used_; }
  bool HasContentOf(std::string_view task_id) const;

 private:
  // Content of one call whose chunks follow one another.
  struct Segment {
    std::int64_t first_seq;
    std::string agent_name;
    std::string task_id;
    std::int64_t epoch;
    int attempt;
    std::string text;
  };

  void VoidTask(std::string_view task_id);
  bool IsStale(const ChunkDraft& draft) const;
  void Emit(StoredChunk stored, std::string_view timestamp, std::vector<StoredChunk>& out);
  void EmitContent(const ChunkDraft& draft, std::int64_t epoch, std::string_view timestamp,
                   std::vector<StoredChunk>& out);
  void SendSurvivorsAgain(std::string_view timestamp, std::vector<StoredChunk>& out);
  void Remember(const StoredChunk& stored);

  std::string run_id_;
  std::int64_t epoch_;
  std::string agent_name_;
  std::int64_t last_seq_ = 0;
  std::vector<Segment> valid_;  // by first_seq
  // Readers still hold content from here on that is void; 0: none. The next content chunk, or
  // the last chunk, says so.
  std::int64_t void_from_ = 0;
  std::vector<std::string> tools_used_;
};

}  // namespace baton::runs
