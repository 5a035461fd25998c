#include "tools/remote/tool_service_client.h"

#include <charconv>
#include <functional>
#include <utility>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/tool_service.grpc.pb.h"
#include "tools/remote/internal/connection.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using grpc_client::Endpoint;
using AsyncStub = wire::ToolService::StubInterface::async_interface;

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

}  // namespace

ToolServiceClient::ToolServiceClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
ToolServiceClient::~ToolServiceClient() = default;

Result<std::shared_ptr<ToolServiceClient>> ToolServiceClient::Connect(const std::string& address,
                                                                      std::string service_token) {
  return To(Endpoint::Connect(address, "tool service", std::move(service_token)));
}

Result<std::shared_ptr<ToolServiceClient>> ToolServiceClient::On(
    std::shared_ptr<grpc::Channel> channel, std::string name, std::string service_token) {
  return To(Endpoint::On(std::move(channel), std::move(name), std::move(service_token)));
}

Result<std::shared_ptr<ToolServiceClient>> ToolServiceClient::To(
    Result<std::unique_ptr<Endpoint>> service) {
  if (!service) return Fail(std::move(service).error());
  auto connection = std::make_unique<Connection>(*std::move(service));
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
  co_return co_await connection_->service->CheckHealth(wire::ToolService::service_full_name(),
                                                       deadline);
}

}  // namespace baton::tools::remote
