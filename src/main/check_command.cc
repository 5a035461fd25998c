#include "async/block_on.h"
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

Task<runs::Health> AskHealth(runs::Orchestrator& orchestrator) {
  co_return co_await orchestrator.CheckHealth(Deadline::In(kPatience));
}

}  // namespace

int RunCheck(const Settings& settings, const CheckCommand& command) {
  CheckReport report(command.json);
  const std::string& address = settings.Text("server");
  auto orchestrator = rpc::ConnectOrchestrator(address, settings.Text("service_token"));
  if (!orchestrator) return ReportError(orchestrator.error());
  const runs::Health health = async::BlockOn(AskHealth(**orchestrator));
  const auto detail = [&health](const std::string& key) {
    const auto found = health.details.find(key);
    return found == health.details.end() ? std::string() : found->second;
  };
  const bool reachable = health.details.contains("store");
  report.Add("gRPC at " + address, reachable, reachable ? "" : detail("error"));
  for (const std::string name : {"store", "tool_service", "model"}) {
    if (reachable) report.Add(name, detail(name) == "ok", detail(name) == "ok" ? "" : detail(name));
  }
  if (reachable) report.Add("overall", health.status == "healthy", health.status);
  if (report.all_passed()) return 0;
  if (!reachable) {
    ReportError(Status(Code::kUnavailable, "no Baton answers at " + address),
                "start one with `make run` or `baton serve`, or name another with --server");
  }
  return 1;
}

}  // namespace baton::app
