// A run's tool calls before the policy and the user's grants.
#pragma once

#include <string>
#include <vector>

#include "agents/tool_gate.h"
#include "runs/permission_policy.h"
#include "runs/permission_store.h"
#include "runs/run_record.h"

namespace baton::runs {

// What is decided is in the audit where it is not plainly allowed. Grants are read only for a
// call that would be asked about.
//
// Lifetime: one activation; policy and store outlive it.
// Threads:  the run's executor.
class PermissionGate final : public agents::ToolGate {
 public:
  // `granted`: by the request, for this run: operations and tools.
  PermissionGate(const PermissionPolicy& policy, PermissionStore& store, RunRecord record,
                 std::vector<std::string> granted)
      : policy_(policy), store_(store), record_(std::move(record)), granted_(std::move(granted)) {}

  async::Task<Result<std::vector<agents::GateDecision>>> Decide(
      std::vector<agents::GatedCall> calls) override;

 private:
  PermissionEvent EventOf(const agents::GatedCall& call, std::string event, std::string by,
                          std::string detail) const;

  const PermissionPolicy& policy_;
  PermissionStore& store_;
  const RunRecord record_;
  const std::vector<std::string> granted_;
};

// The grant that allows the call, null if none does.
const PermissionGrant* FindGrantFor(const std::vector<PermissionGrant>& grants,
                                    std::string_view conversation, const agents::GatedCall& call);

}  // namespace baton::runs
