// Whether a tool call is allowed, asked about or denied, by what the operator has written down.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "json/json.h"
#include "tools/tool.h"

namespace baton::runs {

// What a consent or a rule is limited to. Empty members limit nothing.
struct Restriction {
  std::string domain;  // with its subdomains: "example.org"
  // With all below it: "/reports". Without the slash it is one below the tool's own root, as
  // the call has it.
  std::string folder;

  bool empty() const { return domain.empty() && folder.empty(); }
  std::string Describe() const;  // "example.org", "folder /reports", …
};

// kInvalidArgument for a domain that no host lies in (with a scheme, a port, a path, a '*') and a
// folder that leaves its root: a limit that never fits would be no limit, or a ban.
Status CheckRestriction(const Restriction& only);

// Where a call goes, as its arguments say.
struct CallTargets {
  // Hosts of the URLs in any argument, in lower case; "?" for what stands where a URL belongs and
  // is none.
  std::vector<std::string> hosts;
  // Of the arguments that name a file or a folder, without ".."; "?" where that is named by an id,
  // or leaves its root: it may be any.
  std::vector<std::string> paths;
};
CallTargets TargetsOf(const json::Object& arguments);

// Whether the call goes nowhere but there: for leave that is given. A call that names no host is
// not within a domain, one that names no path not within a folder.
bool IsWithin(const CallTargets& targets, const Restriction& only);
// Whether the call goes there at all, or may: for what is forbidden.
bool Touches(const CallTargets& targets, const Restriction& only);

// A line of the policy. What is empty fits every call.
struct PermissionRule {
  std::string user;
  std::string agent;  // without "_agent"
  std::string tool;   // its name, or an operation: "web_search"
  std::optional<tools::Effect> effect;
  Restriction only;  // `allow` where the call stays within it, `ask` and `deny` where it touches it
  agents::Permission decision = agents::Permission::kAsk;
  std::string reason;  // may be empty
};

struct PermissionPolicy {
  std::vector<PermissionRule> rules;  // the first that fits decides
  // Of tools that an agent's file only names: read, network, write, send, spend.
  std::array<agents::Permission, 5> by_effect = {
      agents::Permission::kAllow, agents::Permission::kAllow, agents::Permission::kAllow,
      agents::Permission::kAsk, agents::Permission::kAsk};
};

struct PolicyCall {
  std::string_view user;
  std::string_view agent;
  std::string_view tool;
  tools::Effect effect = tools::Effect::kRead;
  std::optional<agents::Permission> declared;  // by the agent's file
  const json::Object& arguments;
};

struct PolicyVerdict {
  agents::Permission verdict = agents::Permission::kAllow;
  std::string reason;  // of an `ask` or `deny`; empty: the agent's file says so
};

// A rule that fits, else the agent's file, else the effect.
PolicyVerdict Judge(const PermissionPolicy& policy, const PolicyCall& call);

// What the call is called in permissions: "web_search", "web_crawl", "external_api", "file_write",
// "send", "spend", "read".
std::string_view OperationOf(std::string_view tool, tools::Effect effect);
std::string_view SafetyLevelOf(tools::Effect effect);  // "low" "medium" "high"

}  // namespace baton::runs
