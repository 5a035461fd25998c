// HTTP requests to other servers: libcurl, driven by the caller's executor.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "http/address_policy.h"
#include "http/message.h"

namespace baton::http {

struct Request {
  std::string method = "GET";
  std::string url;  // http or https; nothing else is ever followed
  Headers headers;
  std::string body;
};

struct RequestOptions {
  Deadline deadline;  // for the whole exchange, the body included
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(120);  // between two reads
  std::size_t max_body_bytes = std::size_t{64} << 20U;
  // Above 0, the request's headers go to the new host too, except Authorization and Cookie.
  int max_redirects = 0;
  // Where this exchange, redirects included, may connect to; null: anywhere. With a policy no
  // proxy is used, which would connect to where it likes.
  std::shared_ptr<const AddressPolicy> addresses;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

// A response whose body is still arriving. Destroying it closes the connection unless the
// body was read to its end.
// Threads: the executor on which it was made.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;

  // All that has arrived since the last call, at least one byte; empty at the end.
  // kUnavailable if the connection breaks, kDeadlineExceeded, kResourceExhausted above the
  // body limit, kCancelled. While nobody reads, at most 256 KiB are taken from the socket.
  virtual async::Task<Result<std::optional<std::string>>> Read() = 0;
};

// Keeps connections alive and shares them, per executor.
//
// Threads: safe; each exchange lives on the executor of the coroutine that began it.
// Cancel:  cancelling Send() or Read() closes the socket before the call returns; a stream of a
//          shared HTTP/2 connection is reset instead.
// Proxies: those of the environment (http_proxy, https_proxy, no_proxy), never for loopback.
class Client {
 public:
  explicit Client(std::string user_agent = "baton");

  // Suspends until the response's header is there. An HTTP error status is a response, not a
  // failure. kUnavailable names the reason, "POST http://127.0.0.1:4010/v1/x: connect: Connection
  // refused"; a connect timeout is one. kDeadlineExceeded for the deadline and the idle timeout,
  // kPermissionDenied for an address that the policy forbids, kInvalidArgument for what cannot
  // be sent. No message holds credentials, query or header values.
  async::Task<Result<std::unique_ptr<ResponseStream>>> Send(Request request,
                                                            RequestOptions options) const;

  // Send() and the whole body.
  async::Task<Result<Response>> Fetch(Request request, RequestOptions options) const;

 private:
  std::string user_agent_;
};

}  // namespace baton::http
