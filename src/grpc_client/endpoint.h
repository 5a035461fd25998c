// A gRPC service elsewhere, and calls to it as coroutines.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "grpc_client/poller_wakeup.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace baton::grpc_client {

struct CallOptions {
  Deadline deadline = Deadline::Never();
  std::vector<std::pair<std::string, std::string>> metadata;  // beside the service token
};

// The other end of a channel: its name, the token it asks for, and unary calls to it. Stubs are
// made from channel(); a streaming call is their own, with a context from Prepare() and its
// failure Named().
//
// Lifetime: outlives its calls.
// Threads:  safe; a call resumes on its caller's executor.
// Errors:   as the service reports them; kUnavailable names the service.
// Cancel:   cancelling the coroutine, or its deadline, cancels the call at the service.
class Endpoint {
 public:
  // `address` is "host:port" or "unix:path"; messages call it "<what> at <address>". Connecting
  // happens in the background and again after a loss. `service_token` may be empty.
  // kInvalidArgument for a token that a header cannot carry.
  static Result<std::unique_ptr<Endpoint>> Connect(const std::string& address,
                                                   std::string_view what,
                                                   std::string service_token);

  // Over a channel that is there already, such as one inside this process.
  static Result<std::unique_ptr<Endpoint>> On(std::shared_ptr<grpc::Channel> channel,
                                              std::string name, std::string service_token);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& name() const { return name_; }

  using Done = std::function<void(grpc::Status)>;
  // The callback form of a stub's method: it calls `done` once, when `response` has been filled.
  template <typename Request, typename Response>
  using Method =
      std::function<void(grpc::ClientContext*, const Request*, Response*, const Done& done)>;

  // One unary call. kInvalidArgument for metadata that a header cannot carry.
  template <typename Request, typename Response>
  async::Task<Result<Response>> Call(Method<Request, Response> method, Request request,
                                     CallOptions options) const {
    struct Messages {
      Request request;
      Response response;
    };
    const auto messages = std::make_shared<Messages>(std::move(request), Response());
    const Start start = [messages, method](grpc::ClientContext* context, const Done& done) {
      method(context, &messages->request, &messages->response, done);
    };
    Status status = co_await Run(start, std::move(options));
    if (!status.ok()) co_return Fail(std::move(status));
    co_return std::move(messages->response);
  }

  // The same of a stub's `rpc`. `stub` is its async(), which outlives the call.
  template <typename Async, typename Request, typename Response>
  async::Task<Result<Response>> Call(std::type_identity_t<Async>* stub,
                                     void (Async::*rpc)(grpc::ClientContext*, const Request*,
                                                        Response*,
                                                        std::function<void(grpc::Status)>),
                                     Request request, CallOptions options) const {
    const Method<Request, Response> method =
        [stub, rpc](grpc::ClientContext* context, const Request* sent, Response* response,
                    const Done& done) { (stub->*rpc)(context, sent, response, done); };
    return Call(method, std::move(request), std::move(options));
  }

  // Ok if the service of that name says that it is serving (grpc.health.v1).
  async::Task<Status> CheckHealth(std::string service, Deadline deadline) const;

  // Gives the context of a call the token, the metadata and the deadline.
  Status Prepare(grpc::ClientContext& context, const CallOptions& options) const;
  // Where the connection is at fault (kUnavailable), it helps to know to whom.
  Status Named(Status status) const;

 private:
  using Start = std::function<void(grpc::ClientContext*, const Done& done)>;

  Endpoint(std::shared_ptr<grpc::Channel> channel, std::string name, std::string token);
  // Starts a call and waits for its end. `start` is kept until then.
  async::Task<Status> Run(Start start, CallOptions options) const;

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string name_;
  const std::string token_;
  const PollerWakeup wakeup_;
};

}  // namespace baton::grpc_client
