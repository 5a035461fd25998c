#include "runs/permission_policy.h"

#include <algorithm>
#include <filesystem>
#include <initializer_list>

#include <fmt/format.h>

#include "http/url.h"

namespace baton::runs {
namespace {

using agents::Permission;

constexpr std::string_view kUnreadable = "?";

std::string HostOf(std::string_view text) {
  const bool absolute = text.contains("://");
  const std::string url = absolute ? std::string(text) : fmt::format("https://{}", text);
  const Result<std::string> resolved = http::ResolveUrl("", url);
  if (!resolved) return std::string(kUnreadable);
  const auto parts = http::SplitUrl(*resolved);
  if (!parts) return std::string(kUnreadable);
  std::string host(parts->host);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

// Without ".", ".." and doubled slashes; absolute if `path` is. kUnreadable if it leaves its root.
std::string PlainPath(std::string_view path) {
  std::string plain = std::filesystem::path(path).lexically_normal().string();
  while (plain.starts_with("//")) plain.erase(0, 1);
  if (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  const bool leaves = plain == ".." || plain.starts_with("../");
  return leaves ? std::string(kUnreadable) : plain;
}

bool NamesUrl(std::string_view key) {
  return key == "url" || key == "urls" || key == "domain" || key == "domains" || key == "site" ||
         key.ends_with("_url") || key.ends_with("_urls") || key.ends_with("_domain") ||
         key.ends_with("_domains");
}

// Whether `key` is one of these words, their plural, or something's: "target_paths".
bool IsOneOf(std::string_view key, std::initializer_list<std::string_view> words) {
  if (key.ends_with('s')) key.remove_suffix(1);
  return std::ranges::any_of(words, [&](std::string_view word) {
    return key == word || key.ends_with(fmt::format("_{}", word));
  });
}

bool NamesFolder(std::string_view key) {
  return IsOneOf(key, {"folder", "folder_path", "directory", "directorie", "parent"});
}

bool NamesPath(std::string_view key) {
  return NamesFolder(key) || IsOneOf(key, {"path", "file", "filename"});
}

// Something of the user's that lies in a folder, which the id does not tell.
bool NamesById(std::string_view key) {
  return IsOneOf(key, {"document_id", "item_id", "proposal_id", "folder_id", "file_id"});
}

void Collect(std::string_view key, const json::Value& value, CallTargets& targets);

void CollectMembers(const json::Object& object, CallTargets& targets) {
  const bool has_folder = std::ranges::any_of(object, [](const auto& member) {
    return NamesFolder(member.key()) && member.value().is_string() &&
           !member.value().get_string().empty();
  });
  for (const auto& member : object) {
    // A mere name beside its folder is no path.
    const bool is_name = has_folder && member.key() == "filename" && member.value().is_string() &&
                         !json::ToStringView(member.value().get_string()).contains('/');
    if (!is_name) Collect(member.key(), member.value(), targets);
  }
}

void Collect(std::string_view key, const json::Value& value, CallTargets& targets) {
  if (value.is_array()) {
    for (const json::Value& element : value.get_array()) Collect(key, element, targets);
  } else if (value.is_object()) {
    CollectMembers(value.get_object(), targets);
  } else if (value.is_string() && !value.get_string().empty()) {
    const std::string_view text = json::ToStringView(value.get_string());
    const bool is_url = text.starts_with("http://") || text.starts_with("https://");
    if (is_url || NamesUrl(key)) targets.hosts.push_back(HostOf(text));
    if (!is_url && NamesPath(key)) targets.paths.push_back(PlainPath(text));
    if (NamesById(key)) targets.paths.emplace_back(kUnreadable);
  }
}

bool HostIsWithin(std::string_view host, std::string_view domain) {
  return host == domain ||
         (host.ends_with(domain) && host.substr(0, host.size() - domain.size()).ends_with('.'));
}

bool PathIsWithin(std::string_view path, std::string_view folder) {
  return folder == "/" || path == folder ||
         (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

// Where a relative path lies, only the tool knows.
bool MayBeAnywhere(std::string_view path, std::string_view folder) {
  return path == kUnreadable || path.starts_with('/') != folder.starts_with('/');
}

bool Fits(const PermissionRule& rule, const PolicyCall& call, const CallTargets& targets) {
  if (!rule.user.empty() && rule.user != call.user) return false;
  if (!rule.agent.empty() && rule.agent != call.agent) return false;
  if (!rule.tool.empty() && rule.tool != call.tool &&
      rule.tool != OperationOf(call.tool, call.effect)) {
    return false;
  }
  if (rule.effect && *rule.effect != call.effect) return false;
  if (rule.only.empty()) return true;
  return rule.decision == Permission::kAllow ? IsWithin(targets, rule.only)
                                             : Touches(targets, rule.only);
}

std::string ReasonOf(const PermissionRule& rule, const PolicyCall& call) {
  if (!rule.reason.empty() || rule.decision == Permission::kAllow) return rule.reason;
  const std::string where = rule.only.empty() ? "" : " for " + rule.only.Describe();
  return rule.decision == Permission::kDeny
             ? fmt::format("the policy of this server forbids '{}'{}.", call.tool, where)
             : fmt::format("The policy of this server asks before '{}'{}.", call.tool, where);
}

std::string_view WhatEffectDoes(tools::Effect effect) {
  switch (effect) {
    case tools::Effect::kRead:
      return "reads your data";
    case tools::Effect::kNetwork:
      return "reads from the network";
    case tools::Effect::kWrite:
      return "changes your data";
    case tools::Effect::kSend:
      return "sends something to others";
    case tools::Effect::kSpend:
      return "costs money";
  }
  return "";
}

}  // namespace

std::string Restriction::Describe() const {
  if (folder.empty()) return domain;
  if (domain.empty()) return "folder " + folder;
  return fmt::format("{}, folder {}", domain, folder);
}

Status CheckRestriction(const Restriction& only) {
  const std::string& domain = only.domain;
  if (!domain.empty() &&
      (domain.find_first_of(":/*@?# ") != std::string::npos || HostOf(domain) == kUnreadable)) {
    return Fail(Code::kInvalidArgument,
                "'{}' is no domain: write a host's name, such as example.org, which is with its "
                "subdomains; scheme, port, path and '*' are not part of it",
                domain);
  }
  if (!only.folder.empty() && PlainPath(only.folder) == kUnreadable) {
    return Fail(Code::kInvalidArgument, "folder '{}' lies outside its root", only.folder);
  }
  return {};
}

CallTargets TargetsOf(const json::Object& arguments) {
  CallTargets targets;
  CollectMembers(arguments, targets);
  return targets;
}

bool IsWithin(const CallTargets& targets, const Restriction& only) {
  const std::string domain = only.domain.empty() ? "" : HostOf(only.domain);
  const std::string folder = PlainPath(only.folder);
  if (domain == kUnreadable) return false;
  const auto host_fits = [&](const std::string& host) { return HostIsWithin(host, domain); };
  const auto path_fits = [&](const std::string& path) {
    return !MayBeAnywhere(path, folder) && PathIsWithin(path, folder);
  };
  if (!only.domain.empty() &&
      (targets.hosts.empty() || !std::ranges::all_of(targets.hosts, host_fits))) {
    return false;
  }
  return only.folder.empty() ||
         (!targets.paths.empty() && std::ranges::all_of(targets.paths, path_fits));
}

bool Touches(const CallTargets& targets, const Restriction& only) {
  const std::string domain = only.domain.empty() ? "" : HostOf(only.domain);
  const std::string folder = PlainPath(only.folder);
  return (!only.domain.empty() && std::ranges::any_of(targets.hosts,
                                                      [&](const std::string& host) {
                                                        return host == kUnreadable ||
                                                               HostIsWithin(host, domain);
                                                      })) ||
         (!only.folder.empty() && std::ranges::any_of(targets.paths, [&](const std::string& path) {
           return MayBeAnywhere(path, folder) || PathIsWithin(path, folder) ||
                  PathIsWithin(folder, path);
         }));
}

PolicyVerdict Judge(const PermissionPolicy& policy, const PolicyCall& call) {
  // No rule opens what the agent was never meant to have.
  if (call.declared == Permission::kDeny) {
    return {Permission::kDeny, fmt::format("this agent may not use '{}'.", call.tool)};
  }
  const CallTargets targets = policy.rules.empty() ? CallTargets() : TargetsOf(call.arguments);
  for (const PermissionRule& rule : policy.rules) {
    if (Fits(rule, call, targets)) return {rule.decision, ReasonOf(rule, call)};
  }
  if (call.declared) return {*call.declared, ""};
  const Permission verdict = policy.by_effect.at(static_cast<std::size_t>(call.effect));
  if (verdict == Permission::kAllow) return {};
  return {verdict, fmt::format("'{}' {}{}", call.tool, WhatEffectDoes(call.effect),
                               verdict == Permission::kAsk ? ": it is done only when you allow it."
                                                           : ", which this server forbids.")};
}

std::string_view OperationOf(std::string_view tool, tools::Effect effect) {
  switch (effect) {
    case tools::Effect::kRead:
      return "read";
    case tools::Effect::kWrite:
      return "file_write";
    case tools::Effect::kSend:
      return "send";
    case tools::Effect::kSpend:
      return "spend";
    case tools::Effect::kNetwork:
      break;
  }
  if (tool.contains("crawl") || tool.contains("site")) return "web_crawl";
  return tool.contains("web") ? "web_search" : "external_api";
}

std::string_view SafetyLevelOf(tools::Effect effect) {
  switch (effect) {
    case tools::Effect::kRead:
    case tools::Effect::kNetwork:
      return "low";
    case tools::Effect::kWrite:
      return "medium";
    case tools::Effect::kSend:
    case tools::Effect::kSpend:
      break;
  }
  return "high";
}

}  // namespace baton::runs
