// Test peers on loopback: a server that misbehaves as told, and an event to wait for.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "async/block_on.h"
#include "async/signal.h"
#include "async/task_group.h"

namespace baton::http::internal {

// Something that happens once. Open() from any thread; Await() on the executor.
class Gate {
 public:
  explicit Gate(async::Executor executor) : executor_(executor), changed_(std::move(executor)) {}

  void Open() {
    boost::asio::post(executor_, [this] {
      open_ = true;
      changed_.NotifyAll();
    });
  }
  // False if the task was cancelled first.
  async::Task<bool> Await() {
    while (!open_) {
      if (co_await changed_.Wait() == async::WaitResult::kCancelled) co_return false;
    }
    co_return true;
  }

 private:
  async::Executor executor_;
  async::Signal changed_;
  bool open_ = false;
};

// Accepts connections and runs a script on each. The destructor cancels and joins them.
class ScriptedPeer {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Script = std::function<async::Task<void>(Socket&)>;

  ScriptedPeer(const async::Executor& executor, Script script)
      : script_(std::move(script)),
        tasks_(executor),
        acceptor_(executor, {boost::asio::ip::make_address("127.0.0.1"), 0}),
        port_(acceptor_.local_endpoint().port()) {
    boost::asio::post(executor, [this] { tasks_.Spawn(AcceptLoop()); });
  }
  ~ScriptedPeer() { async::BlockOn(tasks_.executor(), Stop()); }

  std::string Url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int connections() const { return connections_; }

 private:
  async::Task<void> AcceptLoop() {
    while (!co_await async::IsCancelled()) {
      auto [error, socket] =
          co_await acceptor_.async_accept(boost::asio::as_tuple(boost::asio::use_awaitable));
      if (error) co_return;
      ++connections_;
      tasks_.Spawn(RunScript(std::move(socket)));
    }
  }
  async::Task<void> RunScript(Socket socket) { co_await script_(socket); }
  async::Task<bool> Stop() {
    tasks_.Cancel(CancelReason::kShutdown);
    co_await tasks_.Join();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    co_return true;
  }

  const Script script_;
  async::TaskGroup tasks_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::atomic<int> connections_ = 0;
};

// The request's header; what follows it is dropped.
inline async::Task<std::string> ReadHeader(ScriptedPeer::Socket& socket) {
  std::string text;
  co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n",
                                         boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return text;
}

// False if the peer has gone or the task was cancelled.
inline async::Task<bool> WriteText(ScriptedPeer::Socket& socket, std::string text) {
  const auto [error, bytes] = co_await boost::asio::async_write(
      socket, boost::asio::buffer(text), boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return !error;
}

// Suspends until the peer closes or resets. False if the task was cancelled first.
inline async::Task<bool> AwaitClosed(ScriptedPeer::Socket& socket) {
  char piece[4096];
  while (!co_await async::IsCancelled()) {
    const auto [error, bytes] = co_await socket.async_read_some(
        boost::asio::buffer(piece), boost::asio::as_tuple(boost::asio::use_awaitable));
    if (error == boost::asio::error::operation_aborted) co_return false;
    if (error) co_return true;
  }
  co_return false;
}

}  // namespace baton::http::internal
