#include "tools/remote/tool_service_client.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "async/signal.h"
#include "proto/tool_service.grpc.pb.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using AsyncStub = wire::ToolService::StubInterface::async_interface;

// A lost service is noticed after their sum, and looked for again soon after it is back.
constexpr int kPingMillis = 30'000;
constexpr int kPingTimeoutMillis = 10'000;
constexpr int kFirstReconnectMillis = 100;
constexpr int kMaxReconnectMillis = 2'000;

// gRPC ends the process over a header with anything else in it.
bool FitsInHeader(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Status FromWire(const grpc::Status& status, const std::string& service) {
  if (status.ok()) return {};
  const int number = status.error_code();
  const bool known = number > 0 && number <= static_cast<int>(Code::kUnauthenticated);
  Status out(known ? static_cast<Code>(number) : Code::kUnknown, status.error_message());
  // Where the connection is at fault, it helps to know to whom.
  return out.code() == Code::kUnavailable ? std::move(out).Annotate(service) : out;
}

// gRPC keeps deadlines in wall-clock time.
gpr_timespec ToWireTime(Deadline deadline) {
  if (deadline.IsNever()) return gpr_inf_future(GPR_CLOCK_REALTIME);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.Remaining());
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME),
                      gpr_time_from_millis(left.count(), GPR_TIMESPAN));
}

// One unary call under way; gRPC and the coroutine that awaits it each hold a share.
template <typename Request, typename Response>
struct Exchange {
  Exchange(const async::Executor& executor, Request message)
      : request(std::move(message)), finished(executor) {}

  grpc::ClientContext context;
  Request request;
  Response response;
  std::optional<grpc::Status> status;  // the coroutine's executor, like `finished`
  async::Signal finished;
};

// Runs the call that `start` starts and waits for its end. When the task is cancelled, so is
// the call, and its end follows at once: nothing is left that could outlive the executor.
template <typename Request, typename Response>
async::Task<grpc::Status> Run(
    std::shared_ptr<Exchange<Request, Response>> exchange,
    std::function<void(Exchange<Request, Response>&, std::function<void(grpc::Status)>)> start) {
  const async::Executor home = co_await async::CurrentExecutor();
  // The share of gRPC's thread moves on with the post: the context holds the channel, and the
  // last channel must not go on a thread that gRPC then joins.
  start(*exchange, [share = exchange, home](const grpc::Status& status) mutable {
    boost::asio::post(home, [share = std::move(share), status] {
      share->status = status;
      share->finished.NotifyAll();
    });
  });
  if (co_await exchange->finished.Wait() == async::WaitResult::kCancelled) {
    exchange->context.TryCancel();
  }
  while (!exchange->status) co_await exchange->finished.WaitUncancellable();
  co_return *exchange->status;
}

std::string ValueOf(const google::protobuf::Map<std::string, std::string>& map,
                    const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

std::int64_t NumberOf(const google::protobuf::Map<std::string, std::string>& map,
                      const std::string& key) {
  const std::string text = ValueOf(map, key);
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

FoundPassage DecodePassage(wire::DocumentResult&& result) {
  const auto& metadata = result.metadata();
  FoundPassage passage;
  passage.path = ValueOf(metadata, "path");
  passage.heading = ValueOf(metadata, "heading");
  passage.begin = NumberOf(metadata, "begin");
  passage.end = NumberOf(metadata, "end");
  passage.score = result.relevance_score();
  passage.document_id = std::move(*result.mutable_document_id());
  passage.title = std::move(*result.mutable_title());
  passage.excerpt = std::move(*result.mutable_content_preview());
  return passage;
}

// grpc.health.v1.HealthCheckRequest{service = 1: string}, and a response with
// {status = 1: SERVING (1)}. The service's .proto is no part of our contract, and its two
// fields are shorter than what would generate them.
std::string HealthQuestion(std::string_view service) {
  std::string bytes = "\x0a";
  bytes.push_back(static_cast<char>(service.size()));
  return bytes.append(service);
}
constexpr std::string_view kServing = "\x08\x01";

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

struct ToolServiceClient::Connection {
  Connection(const std::shared_ptr<grpc::Channel>& channel, std::string service, std::string secret)
      : stub(wire::ToolService::NewStub(channel)),
        generic(channel),
        name(std::move(service)),
        token(std::move(secret)) {}

  template <typename Request, typename Response>
  using Method = void (AsyncStub::*)(grpc::ClientContext*, const Request*, Response*,
                                     std::function<void(grpc::Status)>);

  // Calls `method`; `caller` gives the key and the deadline, its user_id is in `request`.
  template <typename Request, typename Response>
  async::Task<Result<Response>> Call(Method<Request, Response> method, Request request,
                                     ToolContext caller) {
    if (!FitsInHeader(caller.idempotency_key)) {
      co_return Fail(Code::kInvalidArgument, "idempotency key: not visible ASCII");
    }
    auto exchange = std::make_shared<Exchange<Request, Response>>(co_await async::CurrentExecutor(),
                                                                  std::move(request));
    AddToken(exchange->context);
    if (!caller.idempotency_key.empty()) {
      exchange->context.AddMetadata("idempotency-key", caller.idempotency_key);
    }
    exchange->context.set_deadline(ToWireTime(caller.deadline));
    const grpc::Status status = co_await Run<Request, Response>(
        exchange,
        [this, method](Exchange<Request, Response>& call, std::function<void(grpc::Status)> done) {
          (stub->async()->*method)(&call.context, &call.request, &call.response, std::move(done));
        });
    if (!status.ok()) co_return Fail(FromWire(status, name));
    co_return std::move(exchange->response);
  }

  void AddToken(grpc::ClientContext& context) const {
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  }

  const std::unique_ptr<wire::ToolService::Stub> stub;
  grpc::GenericStub generic;
  const std::string name;
  const std::string token;
};

ToolServiceClient::ToolServiceClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
ToolServiceClient::~ToolServiceClient() = default;

Result<std::shared_ptr<ToolServiceClient>> ToolServiceClient::Connect(const std::string& address,
                                                                      std::string service_token) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // the service's answers are its own to bound
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMillis);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMillis);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // services talk to each other directly
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  return On(std::move(channel), "tool service at " + address, std::move(service_token));
}

Result<std::shared_ptr<ToolServiceClient>> ToolServiceClient::On(
    std::shared_ptr<grpc::Channel> channel, std::string name, std::string service_token) {
  if (!FitsInHeader(service_token)) {
    return Fail(Code::kInvalidArgument,
                "the service token for {} holds characters that a gRPC header cannot carry", name);
  }
  auto connection =
      std::make_unique<Connection>(channel, std::move(name), std::move(service_token));
  return std::shared_ptr<ToolServiceClient>(new ToolServiceClient(std::move(connection)));
}

async::Task<Result<std::vector<FoundPassage>>> ToolServiceClient::SearchDocuments(
    ToolContext context, std::string query, int limit) {
  wire::SearchRequest request;
  request.set_user_id(context.user_id);
  request.set_query(std::move(query));
  request.set_limit(limit);
  auto response = co_await connection_->Call<wire::SearchRequest, wire::SearchResponse>(
      &AsyncStub::SearchDocuments, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  std::vector<FoundPassage> passages;
  for (auto& result : *response->mutable_results()) {
    passages.push_back(DecodePassage(std::move(result)));
  }
  co_return passages;
}

async::Task<Result<DocumentCard>> ToolServiceClient::GetDocument(ToolContext context,
                                                                 std::string document_id) {
  wire::DocumentRequest request;
  request.set_user_id(context.user_id);
  request.set_document_id(std::move(document_id));
  auto response = co_await connection_->Call<wire::DocumentRequest, wire::DocumentResponse>(
      &AsyncStub::GetDocument, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  DocumentCard card;
  card.id = std::move(*response->mutable_document_id());
  card.title = std::move(*response->mutable_title());
  card.filename = std::move(*response->mutable_filename());
  card.content_type = std::move(*response->mutable_content_type());
  for (auto& [key, value] : *response->mutable_metadata()) {
    card.metadata.emplace(key, std::move(value));
  }
  co_return card;
}

async::Task<Result<std::string>> ToolServiceClient::GetDocumentContent(ToolContext context,
                                                                       std::string document_id) {
  wire::DocumentRequest request;
  request.set_user_id(context.user_id);
  request.set_document_id(std::move(document_id));
  auto response = co_await connection_->Call<wire::DocumentRequest, wire::DocumentContentResponse>(
      &AsyncStub::GetDocumentContent, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  co_return std::move(*response->mutable_content());
}

async::Task<Result<ResolvedPath>> ToolServiceClient::FindDocumentByPath(ToolContext context,
                                                                        std::string path,
                                                                        std::string base_path) {
  wire::FindDocumentByPathRequest request;
  request.set_user_id(context.user_id);
  request.set_file_path(std::move(path));
  request.set_base_path(std::move(base_path));
  auto response =
      co_await connection_->Call<wire::FindDocumentByPathRequest, wire::FindDocumentByPathResponse>(
          &AsyncStub::FindDocumentByPath, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  if (!response->success()) co_return Fail(Status(Code::kNotFound, response->error()));
  co_return ResolvedPath{.document_id = std::move(*response->mutable_document_id()),
                         .filename = std::move(*response->mutable_filename()),
                         .path = std::move(*response->mutable_resolved_path())};
}

async::Task<Status> ToolServiceClient::CheckHealth(Deadline deadline) {
  using Bytes = grpc::ByteBuffer;
  const grpc::Slice question(HealthQuestion(wire::ToolService::service_full_name()));
  auto exchange = std::make_shared<Exchange<Bytes, Bytes>>(co_await async::CurrentExecutor(),
                                                           Bytes(&question, 1));
  exchange->context.set_deadline(ToWireTime(deadline));
  const grpc::Status status = co_await Run<Bytes, Bytes>(
      exchange, [this](Exchange<Bytes, Bytes>& call, std::function<void(grpc::Status)> done) {
        connection_->generic.UnaryCall(&call.context, "/grpc.health.v1.Health/Check", {},
                                       &call.request, &call.response, std::move(done));
      });
  if (!status.ok()) co_return FromWire(status, connection_->name);
  if (!BytesOf(exchange->response).starts_with(kServing)) {
    co_return Fail(Code::kUnavailable, "{}: not serving", connection_->name);
  }
  co_return Status();
}

}  // namespace baton::tools::remote
