// Whether a chat message is an answer to "may I?".
#pragma once

#include <string_view>

#include "runs/permission_policy.h"

namespace baton::runs {

enum class GrantScope { kOnce, kConversation, kAlways };

std::string_view GrantScopeName(GrantScope scope);  // "once" "conversation" "always"
Result<GrantScope> ParseGrantScope(std::string_view name);

struct Consent {
  enum class Kind { kUnclear, kYes, kNo } kind = Kind::kUnclear;
  GrantScope scope = GrantScope::kOnce;  // of a yes
  Restriction only;                      // of a yes: "yes, but only example.org"
  bool all = false;                      // "yes to all": meant for every open question
};

// Reads `message` as a whole: it is an answer only if each of its words belongs to one. Whatever
// else it says, asks or wishes, and both a yes and a no, make it unclear. It knows English,
// German, French, Spanish and Italian. Pure; tests/consent/answers.jsonl is what it must do.
Consent ReadConsent(std::string_view message);

}  // namespace baton::runs
