// A gRPC service made from its descriptor instead of generated code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>

#include "base/deadline.h"
#include "base/metrics.h"
#include "rpc/internal/call_tasks.h"
#include "rpc/internal/stream_call.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {

// Who may call: whoever has the service token, or everyone; the handler then asks the context
// whether the caller is trusted with details.
enum class Access { kToken, kEveryone };

// Registers every method that the .proto file declares: those given a handler run it, the
// others answer UNIMPLEMENTED with their name. Requests come in as bytes, since gRPC tells the
// sender of a message it cannot parse neither why nor where.
//
// A handler is `Task<Result<Response>>(Request, const CallContext&)`, or for a stream
// `Task<Status>(Request, const CallContext&, MessageWriter&)`. It is called on a thread of
// gRPC's and must be a coroutine or return one; that runs on a lane of `tasks`. Context and
// writer outlive it. What it returns is the call's status; on cancellation it ends soon.
//
// Lifetime: `tasks` and the registry outlive it; it outlives the gRPC server.
// Threads:  handlers are added before the server starts.
class DescribedService final : public grpc::Service {
 public:
  DescribedService(const google::protobuf::ServiceDescriptor& descriptor, CallTasks& tasks,
                   std::string service_token, MetricsRegistry& metrics);

  template <typename Request, typename Response, typename Handler>
  void ServeUnary(std::string_view name, Access access, Handler handler) {
    Method& method = Find(name, Request::descriptor(), Response::descriptor());
    method.access = access;
    method.unary = [handler = std::move(handler)](const grpc::ByteBuffer& bytes,
                                                  const CallContext& context,
                                                  grpc::ByteBuffer& reply) -> Prepared {
      Result<Request> request = ParseMessage<Request>(bytes);
      if (!request) return Fail(std::move(request).error());
      return Answer<Response>(handler(*std::move(request), context), reply);
    };
  }

  // A method that `handler` carries out with `object`, which outlives the service.
  template <typename Object, typename Request, typename Response>
  void ServeWith(std::string_view name, Object& object,
                 async::Task<Result<Response>> (*handler)(Object&, Request)) {
    ServeUnary<Request, Response>(name, Access::kToken,
                                  [&object, handler](Request request, const CallContext&) {
                                    return handler(object, std::move(request));
                                  });
  }
  template <typename Object, typename Request, typename Response>
  void ServeWith(std::string_view name, Object& object,
                 async::Task<Result<Response>> (*handler)(Object&, Request, Deadline)) {
    ServeUnary<Request, Response>(name, Access::kToken,
                                  [&object, handler](Request request, const CallContext& context) {
                                    return handler(object, std::move(request), context.deadline());
                                  });
  }

  template <typename Request, typename Response, typename Handler>
  void ServeStream(std::string_view name, Access access, Handler handler) {
    Method& method = Find(name, Request::descriptor(), Response::descriptor());
    method.access = access;
    method.stream = [handler = std::move(handler)](const grpc::ByteBuffer& bytes,
                                                   const CallContext& context,
                                                   MessageWriter& writer) -> Prepared {
      Result<Request> request = ParseMessage<Request>(bytes);
      if (!request) return Fail(std::move(request).error());
      return handler(*std::move(request), context, writer);
    };
  }

  const std::string& name() const { return descriptor_.full_name(); }

 private:
  // The parsed request bound to its handler; lazy, as every Task.
  using Prepared = Result<async::Task<Status>>;

  struct Method {
    const google::protobuf::MethodDescriptor* descriptor;
    std::string path;  // "/package.Service/Method"; gRPC keeps a pointer to it
    Access access = Access::kToken;
    std::function<Prepared(const grpc::ByteBuffer&, const CallContext&, grpc::ByteBuffer&)> unary;
    std::function<Prepared(const grpc::ByteBuffer&, const CallContext&, MessageWriter&)> stream;
    std::unique_ptr<MethodMetrics> metrics;
  };

  template <typename Response>
  static async::Task<Status> Answer(async::Task<Result<Response>> handler,
                                    grpc::ByteBuffer& reply) {
    Result<Response> response = co_await std::move(handler);
    if (!response) co_return std::move(response).error();
    Result<grpc::ByteBuffer> bytes = EncodeMessage(*response);
    if (!bytes) co_return std::move(bytes).error();
    reply = *std::move(bytes);
    co_return Status();
  }

  // The method called `name`; a bug if it is not declared with these messages.
  Method& Find(std::string_view name, const google::protobuf::Descriptor* request,
               const google::protobuf::Descriptor* response);

  void Register(Method& method, int index);
  Status Admit(const Method& method, const Status& token, bool served) const;
  grpc::ServerUnaryReactor* OnUnary(const Method& method, grpc::CallbackServerContext& context,
                                    const grpc::ByteBuffer& request, grpc::ByteBuffer& reply);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* OnStream(const Method& method,
                                                       grpc::CallbackServerContext& context,
                                                       const grpc::ByteBuffer& request);

  const google::protobuf::ServiceDescriptor& descriptor_;
  CallTasks& tasks_;
  const std::string service_token_;
  std::vector<std::unique_ptr<Method>> methods_;  // in the order of the descriptor
};

// "StartTask is not served by this version", for a method name or path.
Status NotServed(std::string_view method);

}  // namespace baton::rpc::internal
