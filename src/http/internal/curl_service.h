// libcurl's multi interface on an io_context.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <unordered_map>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "async/task.h"

namespace baton::http::internal {

// Who decides where an easy handle connects to, and learns that it is done.
class CurlListener {
 public:
  // Whether a socket to `address` may be opened. Called from inside curl.
  virtual bool MayConnect(const sockaddr& address) = 0;

  // The handle has left the service. Called from the event loop, never from inside curl.
  virtual void OnDone(CURLcode result) = 0;

 protected:
  ~CurlListener() = default;
};

// One curl multi handle per io_context: its connections are shared by all exchanges of that
// context and die with it. curl tells which sockets it waits for and until when; Asio waits.
//
// Lifetime: a service of the context, made on first use. At the context's end handles that are
//           still in it are taken out without a word to their listeners.
// Threads:  that of the context, which must be a single one.
class CurlService : public boost::asio::execution_context::service {
 public:
  using key_type = CurlService;
  inline static boost::asio::execution_context::id id;

  explicit CurlService(boost::asio::execution_context& context);

  // `executor` must be one of an io_context.
  static CurlService& Of(const async::Executor& executor);

  // Begins the transfer of `easy`. Both stay valid until OnDone() or Remove().
  CURLcode Add(CURL* easy, CurlListener& listener);

  // Takes `easy` out and closes its connection if a response was under way (on HTTP/2: resets
  // the stream). OnDone() is not called. No effect on a handle that is not in the service.
  void Remove(CURL* easy);

 private:
  using Clock = std::chrono::steady_clock;

  // What curl hands back when it wants a socket for a handle.
  struct Exchange {
    CurlService* service;
    CurlListener* listener;
  };

  struct Socket {
    explicit Socket(boost::asio::io_context& context) : descriptor(context) {}
    boost::asio::posix::stream_descriptor descriptor;
    bool owned = false;  // made by us for curl; others are curl's own and closed by it
    int wanted = CURL_POLL_NONE;
    bool waiting_to_read = false;
    bool waiting_to_write = false;
  };
  using SocketPtr = std::shared_ptr<Socket>;

  void shutdown() noexcept override;

  static curl_socket_t OpenSocket(void* exchange, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* self, curl_socket_t fd);
  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);

  SocketPtr Adopt(curl_socket_t fd, bool owned);
  void Forget(curl_socket_t fd);
  void WaitFor(const SocketPtr& socket);
  void ArmTimer();
  void WakeUpIfDue();
  void Act(curl_socket_t fd, int events);
  void ReportFinished();

  boost::asio::io_context& context_;
  boost::asio::steady_timer timer_;
  bool timer_armed_ = false;
  std::optional<Clock::time_point> wakeup_;  // when curl wants to be called
  CURLM* multi_;                             // null after shutdown
  std::unordered_map<curl_socket_t, SocketPtr> sockets_;
  std::unordered_map<CURL*, Exchange> active_;  // curl keeps pointers to the values
};

}  // namespace baton::http::internal
