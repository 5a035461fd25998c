#include "rpc/internal/described_service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>

#include "base/check.h"
#include "grpc_client/grpc_values.h"
#include "rpc/internal/bearer_token.h"

namespace baton::rpc::internal {

Status NotServed(std::string_view method) {
  return Fail(Code::kUnimplemented, "{} is not served by this version", method);
}

DescribedService::DescribedService(const google::protobuf::ServiceDescriptor& descriptor,
                                   CallTasks& tasks, std::string service_token,
                                   MetricsRegistry& metrics)
    : descriptor_(descriptor), tasks_(tasks), service_token_(std::move(service_token)) {
  for (int i = 0; i < descriptor.method_count(); ++i) {
    Method& method = *methods_.emplace_back(std::make_unique<Method>());
    method.descriptor = descriptor.method(i);
    method.path = "/" + descriptor.full_name() + "/" + method.descriptor->name();
    method.metrics = std::make_unique<MethodMetrics>(metrics, method.descriptor->name());
    Register(method, i);
  }
}

// What generated code does for a method with raw messages: AddMethod and MarkMethodRawCallback
// are the interface between the two.
void DescribedService::Register(Method& method, int index) {
  namespace gi = grpc::internal;
  using Bytes = grpc::ByteBuffer;
  BATON_CHECK(!method.descriptor->client_streaming(), "client streams are not supported");
  const bool streams = method.descriptor->server_streaming();
  AddMethod(new gi::RpcServiceMethod(
      method.path.c_str(), streams ? gi::RpcMethod::SERVER_STREAMING : gi::RpcMethod::NORMAL_RPC,
      nullptr));
  if (streams) {
    MarkMethodRawCallback(
        index, new gi::CallbackServerStreamingHandler<Bytes, Bytes>(
                   [this, &method](grpc::CallbackServerContext* context, const Bytes* request) {
                     return OnStream(method, *context, *request);
                   }));
    return;
  }
  MarkMethodRawCallback(index, new gi::CallbackUnaryHandler<Bytes, Bytes>(
                                   [this, &method](grpc::CallbackServerContext* context,
                                                   const Bytes* request, Bytes* reply) {
                                     return OnUnary(method, *context, *request, *reply);
                                   }));
}

DescribedService::Method& DescribedService::Find(std::string_view name,
                                                 const google::protobuf::Descriptor* request,
                                                 const google::protobuf::Descriptor* response) {
  const auto* method = descriptor_.FindMethodByName(std::string(name));
  BATON_CHECK(method != nullptr, name);
  BATON_CHECK(method->input_type() == request && method->output_type() == response, name);
  return *methods_[static_cast<std::size_t>(method->index())];
}

Status DescribedService::Admit(const Method& method, const Status& token, bool served) const {
  if (method.access == Access::kToken) BATON_TRY(token);
  if (!served) return NotServed(method.descriptor->name());
  if (tasks_.is_draining()) {
    return Fail(Code::kUnavailable, "this server is shutting down: try again, or another one");
  }
  return {};
}

grpc::ServerUnaryReactor* DescribedService::OnUnary(const Method& method,
                                                    grpc::CallbackServerContext& context,
                                                    const grpc::ByteBuffer& request,
                                                    grpc::ByteBuffer& reply) {
  const auto call = std::make_shared<UnaryCall>(grpc_client::FromGprTime(context.raw_deadline()),
                                                *method.metrics);
  const Status token = CheckBearerToken(context, service_token_);
  const Status admitted = Admit(method, token, method.unary != nullptr);
  if (!admitted.ok()) return call->Refuse(call, admitted);
  call->set_trusted(token.ok());
  Prepared handler = method.unary(request, call->context(), reply);
  if (!handler) return call->Refuse(call, handler.error());
  return call->Start(call, tasks_.Pick(), *std::move(handler));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* DescribedService::OnStream(
    const Method& method, grpc::CallbackServerContext& context, const grpc::ByteBuffer& request) {
  const auto call = std::make_shared<StreamCall>(grpc_client::FromGprTime(context.raw_deadline()),
                                                 *method.metrics);
  const Status token = CheckBearerToken(context, service_token_);
  const Status admitted = Admit(method, token, method.stream != nullptr);
  if (!admitted.ok()) return call->Refuse(call, admitted);
  call->set_trusted(token.ok());
  Prepared handler = method.stream(request, call->context(), *call);
  if (!handler) return call->Refuse(call, handler.error());
  return call->Start(call, tasks_.Pick(), *std::move(handler));
}

}  // namespace baton::rpc::internal
