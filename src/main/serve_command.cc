#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "base/log.h"
#include "main/commands.h"
#include "main/service.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

using Role = ServeCommand::Role;

// The signals that end the server, blocked in every thread that is started after this, so that
// only Wait() receives them.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  int Wait() {
    int number = 0;
    sigwait(&set_, &number);
    // A second one ends the process at once.
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
    return number;
  }

 private:
  sigset_t set_{};
};

std::string ShownAddress(const std::string& address, int port) {
  return fmt::format("{}:{}", address, port);
}

// For a person at a terminal; everyone else reads the log.
void ShowBanner(const Settings& settings, const Service& service) {
  Terminal out(stdout);
  if (!out.is_terminal()) return;
  const Service::Ports ports = service.ports();
  out.WriteLine("\nBaton is ready.", Style::kBold);
  if (ports.grpc != 0) {
    out.WriteLine("  gRPC         " + ShownAddress(settings.Text("grpc.address"), ports.grpc));
  }
  if (ports.tools != 0) {
    out.WriteLine("  ToolService  " + ShownAddress(settings.Text("tools.address"), ports.tools));
  }
  out.WriteLine(
      fmt::format("  HTTP         http://{}:{}/health", settings.Text("http.address"), ports.http));
  const std::string data = std::filesystem::absolute(settings.Text("data")).string();
  out.WriteLine("  data         " + data);
  if (const std::string model = service.model_name(); !model.empty()) {
    const bool offline = model == "offline";
    out.WriteLine("  model        " + model +
                  (offline ? " (OPENAI_API_KEY or OPENAI_BASE_URL gives it a real one)" : ""));
  }
  if (ports.grpc != 0 && ports.tools != 0) {
    out.WriteLine("\nNow, in another terminal:\n  baton import --data " + data +
                      " ~/notes\n  baton chat \"…\"\n",
                  Style::kDim);
  }
}

std::string HintFor(const Status& status) {
  if (status.code() == Code::kUnavailable) {
    return "another port: --grpc, --tools, --http (0: any free one)";
  }
  return {};
}

}  // namespace

int RunServe(const Settings& settings, const ServeCommand& command) {
  umask(0077);  // documents and conversations are their users' own
  EndSignals signals;
  auto service = Service::Start(settings, command.role);
  if (!service) return ReportError(service.error(), HintFor(service.error()));
  const Service::Ports ports = (*service)->ports();
  Log(LogLevel::kInfo, "serving",
      {{"grpc_port", ports.grpc},
       {"tools_port", ports.tools},
       {"http_port", ports.http},
       {"model", (*service)->model_name()}});
  ShowBanner(settings, **service);
  const int number = signals.Wait();
  Log(LogLevel::kInfo, "stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  (*service)->Stop();
  Log(LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace baton::app
