#include "async/block_on.h"
#include "async/timeout.h"
#include "json/json.h"
#include "main/commands.h"
#include "main/terminal.h"
#include "rpc/remote_orchestrator.h"

namespace baton::app {
namespace {

using async::Task;

// How long a dependency may take before it counts as failed.
constexpr auto kPatience = std::chrono::seconds(10);

// Prints results and remembers whether all of them passed.
class CheckReport {
 public:
  explicit CheckReport(bool json) : json_(json), out_(stdout) {}

  void Add(const std::string& what, bool passed, const std::string& detail) {
    all_passed_ = all_passed_ && passed;
    if (json_) {
      out_.WriteLine(
          json::Serialize(json::Object{{"check", what}, {"passed", passed}, {"detail", detail}}));
      return;
    }
    out_.Write(passed ? "PASS " : "FAIL ", passed ? Style::kGreen : Style::kRed);
    out_.WriteLine(detail.empty() ? what : what + ": " + detail);
  }
  bool all_passed() const { return all_passed_; }

 private:
  const bool json_;
  Terminal out_;
  bool all_passed_ = true;
};

struct Answers {
  runs::Health health;
  Status token;  // of a call that asks for it
};

// Joins a run that does not exist: of the calls that ask for the token the one that does nothing.
Task<Status> TryToken(runs::Orchestrator& orchestrator) {
  runs::TurnRequest turn;
  turn.user_id = "baton-check";
  turn.conversation_id = "baton-check";
  turn.resume = true;
  const auto stream = co_await async::WithDeadline(orchestrator.StreamChat(std::move(turn)),
                                                   Deadline::In(kPatience), "the token's check");
  if (stream || stream.error().code() == Code::kNotFound) co_return Status();
  co_return stream.error();
}

Task<Answers> AskAll(runs::Orchestrator& orchestrator) {
  Answers answers;
  answers.health = co_await orchestrator.CheckHealth(Deadline::In(kPatience));
  answers.token = co_await TryToken(orchestrator);
  co_return answers;
}

// What the service depends on; only who has the token is told.
void ReportDependencies(const runs::Health& health, CheckReport& report) {
  for (const std::string name : {"store", "tool_service", "model"}) {
    const auto found = health.details.find(name);
    const std::string state = found == health.details.end() ? "not reported" : found->second;
    report.Add(name, state == "ok", state == "ok" ? "" : state);
  }
}

}  // namespace

int RunCheck(const Settings& settings, const CheckCommand& command) {
  CheckReport report(command.json);
  const std::string& address = settings.Text("server");
  auto orchestrator = rpc::ConnectOrchestrator(address, settings.Text("service_token"));
  if (!orchestrator) return ReportError(orchestrator.error());
  const Answers answers = async::BlockOn(AskAll(**orchestrator));
  const auto error = answers.health.details.find("error");
  const bool reachable = error == answers.health.details.end();
  report.Add("gRPC at " + address, reachable, reachable ? "" : error->second);
  if (reachable) {
    const bool accepted = answers.token.ok();
    report.Add("service token accepted", accepted, accepted ? "" : answers.token.message());
    if (accepted) ReportDependencies(answers.health, report);
    report.Add("overall", answers.health.status == "healthy", answers.health.status);
  }
  if (report.all_passed()) return 0;
  if (!reachable) {
    ReportError(Status(Code::kUnavailable, "no Baton answers at " + address),
                "start one with `make run` or `baton serve`, or name another with --server");
  }
  return 1;
}

}  // namespace baton::app
