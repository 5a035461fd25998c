// The file of permission rules.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "main/settings.h"
#include "runs/permission_policy.h"

namespace baton::app {

// Reads the policy (docs/permissions.md):
//
//   rules:                       # the first that fits a call decides
//     - user: ann                # each of these may be left out, and then fits all
//       agent: research
//       tool: read_web_pages     # or an operation: web_search
//       effect: network
//       domain: example.org
//       folder: /reports
//       decision: allow          # allow, ask or deny
//       reason: …                # for the user
//   by_effect: {write: ask}      # of tools that an agent's file only names
//
// kInvalidArgument names the file and the line. Unknown keys are mistakes: a limit that is
// misspelt must not be a limit that is not there.
Result<runs::PermissionPolicy> ParsePermissionPolicy(const std::string& text,
                                                     std::string_view file_name);

// Of the file that the settings name; without one the policy that there is by default.
Result<runs::PermissionPolicy> LoadPermissionPolicy(const Settings& settings);

}  // namespace baton::app
