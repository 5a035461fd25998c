#include "http/server.h"

#include <atomic>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/task_group.h"
#include "base/log.h"
#include "http/internal/connection.h"

namespace baton::http {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// Connections above the limit that are told so; beyond them a new one is closed without a word.
constexpr std::size_t kMaxTurnedAway = 64;

// Out of descriptors or memory, trying again at once would only burn a core.
constexpr std::chrono::milliseconds kAcceptPause{50};

async::Task<bool> CancelTasks(async::TaskGroup& group) {
  group.Cancel(CancelReason::kShutdown);
  co_return true;
}

async::Task<bool> JoinTasks(async::TaskGroup& group) {
  co_await group.Join();
  co_return true;
}

// A listening socket on the first executor, and connections spread over all of them.
class TcpServer final : public Server {
 public:
  TcpServer(async::Runtime& runtime, ServerOptions options, Handler handler);
  ~TcpServer() override { Stop(); }

  Status Listen();
  std::uint16_t port() const override { return port_; }
  void Stop() override;

 private:
  async::Task<void> AcceptLoop();
  async::Task<void> Serve(Tcp::socket socket);

  const ServerOptions options_;
  const Handler handler_;
  internal::BodyBudget bodies_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  bool stopped_ = true;  // until Listen() has succeeded

  // On the first executor.
  Tcp::acceptor acceptor_;
  async::TaskGroup accepting_;

  // The connections of each executor; a group is touched there only.
  std::vector<std::unique_ptr<async::TaskGroup>> serving_;
};

TcpServer::TcpServer(async::Runtime& runtime, ServerOptions options, Handler handler)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      bodies_(options_.max_total_body_bytes),
      acceptor_(runtime.At(0)),
      accepting_(runtime.At(0)) {
  for (std::size_t i = 0; i < runtime.size(); ++i) {
    serving_.push_back(std::make_unique<async::TaskGroup>(runtime.At(i)));
  }
}

Status TcpServer::Listen() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error) {
    return Fail(Code::kInvalidArgument, "listen: '{}' is not an IP address", options_.address);
  }
  const Tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Fail(Code::kUnavailable, "listen {}:{}: {}", options_.address, options_.port,
                error.message());
  }
  port_ = acceptor_.local_endpoint(error).port();
  stopped_ = false;
  asio::post(acceptor_.get_executor(), [this] { accepting_.Spawn(AcceptLoop()); });
  return {};
}

void TcpServer::Stop() {
  if (std::exchange(stopped_, true)) return;
  async::BlockOn(accepting_.executor(), CancelTasks(accepting_));
  async::BlockOn(accepting_.executor(), JoinTasks(accepting_));
  // The accept loop posts each connection to its executor: those are ahead of us there.
  for (const auto& group : serving_) async::BlockOn(group->executor(), CancelTasks(*group));
  for (const auto& group : serving_) async::BlockOn(group->executor(), JoinTasks(*group));
}

async::Task<void> TcpServer::AcceptLoop() {
  for (std::size_t next = 0; !co_await async::IsCancelled(); ++next) {
    async::TaskGroup& group = *serving_[next % serving_.size()];
    auto [error, socket] =
        co_await acceptor_.async_accept(group.executor(), asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) break;
    if (error) {
      Log(LogLevel::kWarning, "accept failed", {{"reason", error.message()}});
      if (co_await async::SleepUntil(Deadline::In(kAcceptPause)) == async::WaitResult::kCancelled) {
        break;
      }
      continue;
    }
    asio::post(group.executor(), [this, &group, accepted = std::move(socket)]() mutable {
      group.Spawn(Serve(std::move(accepted)));
    });
  }
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

async::Task<void> TcpServer::Serve(Tcp::socket socket) {
  const std::size_t others = connections_.fetch_add(1, std::memory_order_relaxed);
  if (others < options_.max_connections + kMaxTurnedAway) {
    internal::Connection connection(std::move(socket), options_, handler_, bodies_);
    if (others < options_.max_connections) {
      co_await connection.Run();
    } else {
      co_await connection.TurnAway();
    }
  }
  connections_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

Result<std::unique_ptr<Server>> StartServer(async::Runtime& runtime, ServerOptions options,
                                            Handler handler) {
  auto server = std::make_unique<TcpServer>(runtime, std::move(options), std::move(handler));
  BATON_TRY(server->Listen());
  return server;
}

}  // namespace baton::http
