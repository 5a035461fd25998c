#include "async/block_on.h"
#include "main/commands.h"
#include "main/terminal.h"
#include "rpc/remote_permissions.h"

namespace baton::app {
namespace {

using async::Task;
using runs::Permissions;
using Action = PermissionsCommand::Action;

// How many lines `log` shows.
constexpr std::int64_t kLogLines = 100;

std::string Limits(const runs::Restriction& only) {
  return only.empty() ? "" : ", only " + only.Describe();
}

void PrintRow(const runs::PendingPermission& pending, bool json, Terminal& out) {
  if (json) {
    out.WriteLine(json::Serialize(json::Object{{"question_id", pending.question_id},
                                               {"run_id", pending.run_id},
                                               {"conversation_id", pending.conversation_id},
                                               {"agent", pending.agent},
                                               {"tool", pending.tool},
                                               {"operation", pending.operation},
                                               {"effect", pending.effect},
                                               {"arguments", pending.arguments},
                                               {"reasoning", pending.reason},
                                               {"safety_level", pending.safety_level},
                                               {"asked_at", pending.asked_at},
                                               {"expires_at", pending.expires_at}}));
    return;
  }
  out.WriteLine(pending.question_id, Style::kBold);
  out.WriteLine(fmt::format("  {} wants {} {}", pending.agent, pending.tool,
                            json::Serialize(pending.arguments)));
  out.WriteLine(fmt::format("  {}", pending.reason));
  out.WriteLine(fmt::format("  risk {} ({}), conversation {}, until {}", pending.safety_level,
                            pending.effect, pending.conversation_id, pending.expires_at),
                Style::kDim);
}

void PrintRow(const runs::PermissionGrant& grant, bool json, Terminal& out) {
  if (json) {
    out.WriteLine(json::Serialize(json::Object{{"grant_id", grant.grant_id},
                                               {"conversation_id", grant.conversation_id},
                                               {"agent", grant.agent},
                                               {"tool", grant.tool},
                                               {"domain", grant.only.domain},
                                               {"folder", grant.only.folder},
                                               {"source", grant.source},
                                               {"created_at", grant.created_at}}));
    return;
  }
  const std::string where =
      grant.conversation_id.empty() ? "always" : "in conversation " + grant.conversation_id;
  out.WriteLine(fmt::format("{}  {} may use {} {}{} (given in {} at {})", grant.grant_id,
                            grant.agent.empty() ? "any agent" : grant.agent, grant.tool, where,
                            Limits(grant.only), grant.source, grant.created_at));
}

void PrintRow(const runs::PermissionEvent& event, bool json, Terminal& out) {
  if (json) {
    out.WriteLine(json::Serialize(json::Object{{"at", event.at},
                                               {"event", event.event},
                                               {"tool", event.tool},
                                               {"by", event.by},
                                               {"detail", event.detail},
                                               {"conversation_id", event.conversation_id},
                                               {"run_id", event.run_id}}));
    return;
  }
  out.WriteLine(fmt::format("{}  {} {} by {}  {}", event.at, event.event, event.tool, event.by,
                            event.detail));
}

template <typename Row>
int PrintRows(const Result<std::vector<Row>>& rows, bool json, std::string_view none) {
  if (!rows) return ReportServiceError(rows.error());
  Terminal out(stdout);
  for (const Row& row : *rows) PrintRow(row, json, out);
  if (rows->empty() && !json) out.WriteLine(none);
  return 0;
}

Task<int> AnswerQuestion(Permissions& permissions, const std::string& user,
                         const PermissionsCommand& command) {
  const Result<runs::GrantScope> scope = runs::ParseGrantScope(command.scope);
  if (!scope) co_return ReportError(scope.error());
  const auto outcome = co_await permissions.Answer({.user_id = user,
                                                    .question_id = command.id,
                                                    .approved = command.action == Action::kApprove,
                                                    .scope = *scope,
                                                    .only = {command.domain, command.folder}});
  if (!outcome) {
    co_return ReportServiceError(outcome.error(), "`baton permissions list` shows what is open");
  }
  if (!outcome->accepted) {
    co_return ReportError(Status(Code::kFailedPrecondition, outcome->message));
  }
  Terminal(stdout).WriteLine(outcome->message);
  co_return 0;
}

Task<int> Perform(Permissions& permissions, const std::string& user,
                  const PermissionsCommand& command) {
  switch (command.action) {
    case Action::kList:
      co_return PrintRows(co_await permissions.ListPending(user, command.conversation_id),
                          command.json, "nothing is asked");
    case Action::kApprove:
    case Action::kDeny:
      co_return co_await AnswerQuestion(permissions, user, command);
    case Action::kGrants:
      co_return PrintRows(co_await permissions.ListGrants(user), command.json, "no grants");
    case Action::kRevoke: {
      const Status revoked = co_await permissions.RevokeGrant(user, command.id);
      if (!revoked.ok()) {
        co_return ReportServiceError(revoked, "`baton permissions grants` shows what there is");
      }
      Terminal(stdout).WriteLine("revoked: " + command.id);
      co_return 0;
    }
    case Action::kLog:
      co_return PrintRows(co_await permissions.ListAudit(user, command.conversation_id, kLogLines),
                          command.json, "nothing has happened");
  }
  co_return 1;
}

}  // namespace

int RunPermissions(const Settings& settings, const PermissionsCommand& command) {
  auto permissions =
      rpc::ConnectPermissions(settings.Text("server"), settings.Text("service_token"));
  if (!permissions) return ReportError(permissions.error());
  return async::BlockOn(Perform(**permissions, settings.Text("user"), command));
}

}  // namespace baton::app
