// A response written to a connection's socket.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "http/server.h"

namespace baton::http::internal {

// A peer that takes nothing for `timeout` is cut off: the socket is closed, and what waits in
// the kernel for it is dropped.
//
// Lifetime: one response. `socket`, which is non-blocking, outlives it.
// Threads:  the socket's executor.
class SocketWriter final : public ResponseWriter {
 public:
  struct Terms {
    bool head_only = false;    // a HEAD request: what a body would be is not sent
    bool is_http_1_0 = false;  // knows no chunks: a streamed body ends with the connection
    bool keep_alive = false;
  };

  SocketWriter(boost::asio::ip::tcp::socket& socket, Terms terms, std::chrono::milliseconds timeout)
      : socket_(socket), terms_(terms), timeout_(timeout) {}

  async::Task<Status> Send(int status, Headers headers, std::string body) override;
  async::Task<Status> Start(int status, Headers headers) override;
  async::Task<Status> Write(std::string piece) override;

  // Ends the response: 500 if there is none, the last chunk of a streamed one. False if the
  // connection cannot carry another request.
  async::Task<bool> Finish();

  // An interim response: "HTTP/1.1 100 Continue".
  async::Task<Status> SendContinue();

 private:
  enum class State { kNothing, kStreaming, kComplete, kBroken };

  std::string Head(int status, const Headers& headers, const std::string& framing) const;
  async::Task<Status> Put(std::string_view first, std::string_view second = {},
                          std::string_view third = {});
  async::Task<Status> AwaitRoom();

  boost::asio::ip::tcp::socket& socket_;
  const Terms terms_;
  const std::chrono::milliseconds timeout_;
  State state_ = State::kNothing;
  bool chunked_ = false;
};

}  // namespace baton::http::internal
