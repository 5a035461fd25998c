// What the nodes of a random graph reach besides the state.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "graph/node.h"
#include "json/json.h"
#include "turns.h"

namespace baton::simulation {

// What lasts whatever process dies: the world that tools change, and the journal of these
// changes (docs/effects.md) with an intent before each and an outcome after it.
//
// Threads: one.
class Outside {
 public:
  struct Entry {
    int tries = 0;  // intents; above 0 without an outcome: in doubt
    bool has_outcome = false;
    std::int64_t draw = 0;  // of the first intent
  };

  // Of the call with this key: its task and its place in it.
  Entry& EntryOf(const std::string& key) { return journal_[key]; }

  // What a model says is never the same twice: a number that no call had before.
  std::int64_t Draw() { return ++draws_; }
  // A call came under the key that another had put down an intent under.
  void Mistake(const std::string& key) { mistaken_ = key; }
  const std::string& mistaken() const { return mistaken_; }  // empty if none was

  void Change(const std::string& key, const std::string& what) {
    ++made_[key];
    ++changes_[what];
  }
  bool WasMade(const std::string& key) const { return made_.contains(key); }

  // A call that was made more than once; empty if there is none.
  std::string MadeTwice() const {
    for (const auto& [key, times] : made_) {
      if (times > 1) return key;
    }
    return {};
  }
  // How often each thing was done, whichever call did it.
  const std::map<std::string, int>& changes() const { return changes_; }

 private:
  std::map<std::string, Entry> journal_;
  std::map<std::string, int> made_;
  std::map<std::string, int> changes_;
  std::int64_t draws_ = 0;
  std::string mistaken_;
};

// The same for one life of a process.
//
// Lifetime: turns and outside outlive it.
// Threads:  one.
class World : public graph::RunScope {
 public:
  World(Turns& the_turns, Outside& an_outside) : turns(the_turns), outside(an_outside) {}

  Turns& turns;
  Outside& outside;
  // A task starts. What it says is how the task ends, if not well.
  std::function<Status(const graph::NodeContext&)> on_start = [](const auto&) { return Status(); };
  // Between two things that a tool does: whether it gets to the second.
  std::function<bool()> survives = [] { return true; };
};

// The answer to a question, an integer as its schema wants it. To one about a call in doubt, as
// somebody gives it who has looked: kDone if the change is there, else kRetry.
inline constexpr int kRetry = 0;
inline constexpr int kDone = 1;
int AnswerTo(const json::Value& payload, const Outside& outside);

}  // namespace baton::simulation
