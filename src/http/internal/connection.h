// One client's connection: requests in sequence until either side ends it.
#pragma once

#include <array>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "async/task_group.h"
#include "http/internal/body_budget.h"
#include "http/internal/request_parser.h"
#include "http/internal/socket_writer.h"
#include "http/server.h"

namespace baton::http::internal {

// Lifetime: on the stack of the coroutine that awaits Run(). What it is given outlives it.
// Threads:  the socket's executor.
class Connection {
 public:
  Connection(boost::asio::ip::tcp::socket socket, const ServerOptions& options,
             const Handler& handler, BodyBudget& bodies);

  // Serves until the connection ends or the task is cancelled.
  async::Task<void> Run();

  // Answers 503 to whatever comes.
  async::Task<void> TurnAway();

 private:
  enum class Outcome { kRequest, kRefused, kNoRoom, kTimedOut, kClosed };

  async::Task<Outcome> ReadRequest(RequestParser& parser, BodyBudget::Share& body);
  Deadline ReadDeadline(const RequestParser& parser);
  async::Task<Result<std::size_t>> ReadSome();

  async::Task<bool> Answer(RequestParser& parser);
  async::Task<void> Handle(const ServerRequest& request, ResponseWriter& writer);
  async::Task<void> WatchPeer(async::TaskGroup& handling);
  async::Task<void> Refuse(int status, std::string reason);
  async::Task<void> DrainAndClose();

  boost::asio::ip::tcp::socket socket_;
  const ServerOptions& options_;
  const Handler& handler_;
  BodyBudget& bodies_;
  const std::string remote_address_;
  std::string input_;  // read, not yet consumed: also pipelined requests
  std::array<char, 16 << 10U> piece_;
  Deadline header_deadline_;  // never: between two requests
  bool peer_gone_ = false;
};

}  // namespace baton::http::internal
