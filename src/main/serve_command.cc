#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "base/log.h"
#include "main/commands.h"
#include "main/database_address.h"
#include "main/service.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

namespace asio = boost::asio;

// Says that the service is `ready` and waits for SIGINT or SIGTERM. Until here they have their
// usual effect, also while the parts are being started, which may take as long as a database that
// does not answer: what the process owes to anyone is on disk. So it is for the second one.
async::Task<int> AwaitEndSignal(const std::function<void()>& ready) {
  asio::signal_set signals(co_await async::CurrentExecutor(), SIGINT, SIGTERM);
  ready();
  const auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return number;
}

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
  const auto flag = status.details().find(kPortFlagDetail);
  if (flag == status.details().end()) return std::string(RoomHint(status));
  return fmt::format("another port: {} PORT (0: any free one)", flag->second);
}

}  // namespace

int RunServe(const Settings& settings, const ServeCommand& command) {
  umask(0077);  // documents and conversations are their users' own
  auto service = Service::Start(settings, command.role);
  if (!service) return ReportError(service.error(), HintFor(service.error()));
  const int number = async::BlockOn(AwaitEndSignal([&] {
    const Service::Ports ports = (*service)->ports();
    Log(LogLevel::kInfo, "serving",
        {{"grpc_port", ports.grpc},
         {"tools_port", ports.tools},
         {"http_port", ports.http},
         {"model", (*service)->model_name()}});
    ShowBanner(settings, **service);
  }));
  Log(LogLevel::kInfo, "stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  (*service)->Stop();
  Log(LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace baton::app
