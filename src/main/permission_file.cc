#include "main/permission_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/read_file.h"

namespace baton::app {
namespace {

using agents::Permission;
using runs::PermissionPolicy;
using runs::PermissionRule;

constexpr std::array kEffects = {tools::Effect::kRead, tools::Effect::kNetwork,
                                 tools::Effect::kWrite, tools::Effect::kSend,
                                 tools::Effect::kSpend};

std::string ScalarOf(const YAML::Node& node) { return node.IsScalar() ? node.Scalar() : ""; }

Result<Permission> ParseDecision(std::string_view text) {
  if (text == "allow") return Permission::kAllow;
  if (text == "ask") return Permission::kAsk;
  if (text == "deny") return Permission::kDeny;
  return Fail(Code::kInvalidArgument, "'{}' is none of allow, ask, deny", text);
}

Result<tools::Effect> ParseEffect(std::string_view text) {
  const auto* const found = std::ranges::find_if(
      kEffects, [&](tools::Effect effect) { return tools::EffectName(effect) == text; });
  if (found != kEffects.end()) return *found;
  return Fail(Code::kInvalidArgument, "'{}' is none of read, network, write, send, spend", text);
}

// A mistake's place in front of it.
class PolicyReader {
 public:
  explicit PolicyReader(std::string_view file) : file_(file) {}

  Result<PermissionPolicy> Read(const YAML::Node& root) {
    PermissionPolicy policy;
    if (root.IsNull()) return policy;
    if (!root.IsMap()) return Fail(At(root, Fail(Code::kInvalidArgument, "must hold 'rules:'")));
    for (const auto& member : root) {
      const std::string key = ScalarOf(member.first);
      if (key == "rules") {
        BATON_TRY(ReadRules(member.second, policy));
      } else if (key == "by_effect") {
        BATON_TRY(ReadEffects(member.second, policy));
      } else {
        return Fail(At(member.first,
                       Fail(Code::kInvalidArgument, "unknown key '{}': rules or by_effect", key)));
      }
    }
    return policy;
  }

 private:
  Status At(const YAML::Node& node, Status status) const {
    return std::move(status).Annotate(fmt::format("{}:{}", file_, node.Mark().line + 1));
  }

  Status ReadRules(const YAML::Node& list, PermissionPolicy& policy) {
    if (!list.IsSequence()) return At(list, Fail(Code::kInvalidArgument, "'rules' is a list"));
    for (const YAML::Node& each : list) {
      if (!each.IsMap()) return At(each, Fail(Code::kInvalidArgument, "a rule is 'key: value'"));
      PermissionRule& rule = policy.rules.emplace_back();
      for (const auto& member : each) {
        Status read = ReadMember(ScalarOf(member.first), member.second, rule);
        if (!read.ok()) return At(member.first, std::move(read));
      }
      if (!each["decision"]) {
        return At(each, Fail(Code::kInvalidArgument, "a rule needs 'decision'"));
      }
      Status possible = CheckRestriction(rule.only);
      if (!possible.ok()) return At(each, std::move(possible));
      if (!rule.only.folder.empty() && !rule.only.folder.starts_with('/')) {
        return At(each, Fail(Code::kInvalidArgument,
                             "folder '{}': a rule's folder begins with '/', the user's root",
                             rule.only.folder));
      }
    }
    return {};
  }

  static Status ReadMember(const std::string& key, const YAML::Node& node, PermissionRule& rule) {
    const std::string value = ScalarOf(node);
    if (value.empty()) return Fail(Code::kInvalidArgument, "'{}' needs a value", key);
    const std::pair<std::string_view, std::string*> texts[] = {
        {"user", &rule.user},          {"agent", &rule.agent},        {"tool", &rule.tool},
        {"domain", &rule.only.domain}, {"folder", &rule.only.folder}, {"reason", &rule.reason}};
    for (const auto& [name, text] : texts) {
      if (key != name) continue;
      *text = value;
      return {};
    }
    if (key == "effect") {
      const auto effect = ParseEffect(value);
      if (!effect) return effect.error();
      rule.effect = *effect;
      return {};
    }
    if (key != "decision") {
      return Fail(Code::kInvalidArgument,
                  "unknown key '{}': user, agent, tool, effect, domain, folder, decision, reason",
                  key);
    }
    const auto decision = ParseDecision(value);
    if (!decision) return decision.error();
    rule.decision = *decision;
    return {};
  }

  Status ReadEffects(const YAML::Node& map, PermissionPolicy& policy) {
    if (!map.IsMap()) return At(map, Fail(Code::kInvalidArgument, "'by_effect' is 'send: ask'"));
    for (const auto& member : map) {
      const auto effect = ParseEffect(ScalarOf(member.first));
      if (!effect) return At(member.first, effect.error());
      const auto decision = ParseDecision(ScalarOf(member.second));
      if (!decision) return At(member.second, decision.error());
      policy.by_effect.at(static_cast<std::size_t>(*effect)) = *decision;
    }
    return {};
  }

  const std::string_view file_;
};

}  // namespace

Result<PermissionPolicy> ParsePermissionPolicy(const std::string& text,
                                               std::string_view file_name) {
  try {  // yaml-cpp reports by exception
    return PolicyReader(file_name).Read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    return Fail(Code::kInvalidArgument, "{}:{}: {}", file_name, e.mark.line + 1, e.msg);
  }
}

Result<PermissionPolicy> LoadPermissionPolicy(const Settings& settings) {
  const std::string& path = settings.Text("permissions.file");
  if (path.empty()) return PermissionPolicy();
  const Result<std::string> text = ReadFile(path);
  if (!text) return Fail(Status(text.error()).Annotate("setting 'permissions.file'"));
  return ParsePermissionPolicy(*text, path);
}

}  // namespace baton::app
