// HTTP for browsers and scrapers: requests in, whole or streamed responses out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "async/runtime.h"
#include "async/task.h"
#include "base/status.h"
#include "http/message.h"

namespace baton::http {

struct ServerRequest {
  std::string method;
  std::string path;                          // decoded, without the query
  std::map<std::string, std::string> query;  // decoded; the last of a name wins
  Headers headers;
  std::string body;
  std::string remote_address;  // without the port
};

// The response under way. Exactly one of Send() and Start() is called; a handler that calls
// neither has answered 500. Framing (Content-Length, chunks, Connection) is the server's.
// Threads: the connection's executor.
// Errors:  kCancelled once the peer has gone, which includes one that does not read, or the
//          handler was cancelled; kInvalidArgument for
//          a header that would break the response; kFailedPrecondition for calls out of order.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  virtual async::Task<Status> Send(int status, Headers headers, std::string body) = 0;

  // A body that comes in pieces (chunked). Each Write() is on its way when it returns; it
  // suspends while the peer does not read. kCancelled once the peer has gone.
  virtual async::Task<Status> Start(int status, Headers headers) = 0;
  virtual async::Task<Status> Write(std::string piece) = 0;
};

using Handler = std::function<async::Task<void>(const ServerRequest&, ResponseWriter&)>;

// All limits hold before a handler can ask who the peer is.
struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::size_t max_body_bytes = std::size_t{64} << 20U;
  std::size_t max_header_bytes = 64 << 10U;
  std::size_t max_connections = 4096;

  // The bodies that have arrived, of all requests that are not answered yet. Four of the
  // largest: without it a peer that sends slowly on many connections holds all memory there is.
  std::size_t max_total_body_bytes = std::size_t{256} << 20U;

  std::chrono::milliseconds header_timeout = std::chrono::seconds(10);  // from its first byte
  std::chrono::milliseconds body_timeout = std::chrono::seconds(60);    // between two pieces
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);    // between two requests

  // How long a peer may take nothing of its response. It is cut off then: what waits for it is
  // the handler's memory and the kernel's. As long as a phone may be without a network.
  std::chrono::milliseconds write_timeout = std::chrono::seconds(60);
};

// A running HTTP/1.1 server. The handler is cancelled when its peer goes away, which includes
// one that shuts down its sending side.
//
// Lifetime: `runtime` outlives it and is still running when it stops. Stop() (or the
//           destructor) closes the port, cancels the handlers and waits for them.
// Threads:  the handler runs on the connection's executor, one of the runtime's. Stop() is
//           called from a thread that is not the runtime's.
// Errors:   what is no request is answered with 400, 408, 413, 431 or 503 and a JSON body
//           (error_response.h) without asking the handler.
class Server {
 public:
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  virtual void Stop() = 0;
};

// kUnavailable, with the address, if the port is taken.
Result<std::unique_ptr<Server>> StartServer(async::Runtime& runtime, ServerOptions options,
                                            Handler handler);

}  // namespace baton::http
