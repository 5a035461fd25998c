// Who of several processes the store lets write.
#pragma once

#include <set>

namespace baton::simulation {

// Sees what becomes of every write of a thread. A process whose thread another one has written to
// is superseded, for good: each of its writes has to be refused from then on.
//
// Threads: one.
class Witness {
 public:
  // The write of `process` has changed the thread.
  void SawApplied(int process) {
    if (superseded_.contains(process)) broken_ = true;
    if (process == owner_) return;
    if (owner_ != kNobody) superseded_.insert(owner_);
    owner_ = process;
  }
  void SawRefused(int process) {
    if (superseded_.contains(process)) ++refused_;
  }

  bool IsSuperseded(int process) const { return superseded_.contains(process); }
  int refused() const { return refused_; }  // writes of superseded processes
  // One of them was not refused.
  bool broken() const { return broken_; }

 private:
  static constexpr int kNobody = -1;

  int owner_ = kNobody;
  std::set<int> superseded_;
  int refused_ = 0;
  bool broken_ = false;
};

}  // namespace baton::simulation
