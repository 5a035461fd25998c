#include "rpc/internal/document_calls.h"

#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "base/check.h"
#include "base/utf8.h"
#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages; `tools` here would read as the module.
namespace wire = ::tool_service;
using workspace::DocumentStore;

using WireProperties = google::protobuf::Map<std::string, std::string>;

Status RequireText(const std::string& value, std::string_view field) {
  if (value.empty()) return Fail(Code::kInvalidArgument, "{} is empty", field);
  return {};
}

Result<workspace::SearchQuery> DecodeSearch(wire::SearchRequest& request) {
  BATON_TRY(RequireText(request.user_id(), "SearchRequest.user_id"));
  if (request.filters_size() == 0) {
    BATON_TRY(RequireText(request.query(), "SearchRequest.query"));
  }
  if (request.limit() < 0 || request.limit() > kMaxSearchLimit) {
    return Fail(Code::kInvalidArgument, "SearchRequest.limit is {}: 0 (for {}) to {} are possible",
                request.limit(), kDefaultSearchLimit, kMaxSearchLimit);
  }
  workspace::SearchQuery query;
  query.text = std::move(*request.mutable_query());
  const int limit = request.limit() == 0 ? kDefaultSearchLimit : request.limit();
  query.limit = static_cast<std::size_t>(limit);
  for (std::string& filter : *request.mutable_filters()) {
    query.filters.push_back(std::move(filter));
  }
  for (std::string& id : *request.mutable_exclude_document_ids()) {
    query.exclude_document_ids.push_back(std::move(id));
  }
  return query;
}

void EncodeHit(workspace::SearchHit&& hit, wire::DocumentResult& out) {
  const std::string preview = WireText(std::move(hit.snippet));
  out.set_document_id(std::move(hit.document.id));
  out.set_title(WireText(std::move(hit.document.title)));
  out.set_filename(WireText(std::move(hit.document.filename)));
  out.set_content_preview(std::string(Utf8Prefix(preview, kMaxPreviewBytes)));
  out.set_relevance_score(static_cast<float>(hit.score));
  WireProperties& metadata = *out.mutable_metadata();
  metadata["path"] = WireText(std::move(hit.document.path));
  metadata["heading"] = WireText(std::move(hit.chunk.heading));
  metadata["chunk_index"] = std::to_string(hit.chunk.index);
  metadata["begin"] = std::to_string(hit.chunk.begin);
  metadata["end"] = std::to_string(hit.chunk.end);
}

async::Task<Result<wire::SearchResponse>> SearchDocuments(DocumentStore& documents,
                                                          wire::SearchRequest request) {
  Result<workspace::SearchQuery> query = DecodeSearch(request);
  if (!query) co_return Fail(std::move(query).error());
  auto hits = co_await documents.Search(std::move(*request.mutable_user_id()), *std::move(query));
  if (!hits) co_return Fail(std::move(hits).error());
  wire::SearchResponse response;
  for (workspace::SearchHit& hit : *hits) {
    if (hit.score < kMinSearchScore) break;  // best first
    EncodeHit(std::move(hit), *response.add_results());
  }
  response.set_total_count(response.results_size());
  co_return response;
}

Status CheckDocumentRequest(const wire::DocumentRequest& request) {
  BATON_TRY(RequireText(request.user_id(), "DocumentRequest.user_id"));
  return RequireText(request.document_id(), "DocumentRequest.document_id");
}

async::Task<Result<wire::DocumentResponse>> GetDocument(DocumentStore& documents,
                                                        wire::DocumentRequest request) {
  BATON_CO_TRY(CheckDocumentRequest(request));
  auto document = co_await documents.Get(request.user_id(), request.document_id());
  if (!document) co_return Fail(std::move(document).error());
  wire::DocumentResponse response;
  response.set_document_id(std::move(document->id));
  response.set_title(WireText(std::move(document->title)));
  response.set_filename(WireText(std::move(document->filename)));
  response.set_content_type(std::move(document->content_type));
  WireProperties& metadata = *response.mutable_metadata();
  for (auto& [key, value] : document->metadata) metadata[WireText(key)] = WireText(value);
  metadata["path"] = WireText(std::move(document->path));
  metadata["characters"] = std::to_string(document->characters);
  metadata["created_at"] = std::move(document->created_at);
  metadata["updated_at"] = std::move(document->updated_at);
  co_return response;
}

// "text/markdown" → "markdown"; the contract's name for "text/plain" is "text".
std::string FormatName(std::string_view content_type) {
  const std::string_view subtype = content_type.substr(content_type.rfind('/') + 1);
  return std::string(subtype == "plain" ? "text" : subtype);
}

async::Task<Result<wire::DocumentContentResponse>> GetDocumentContent(
    DocumentStore& documents, wire::DocumentRequest request) {
  BATON_CO_TRY(CheckDocumentRequest(request));
  auto document = co_await documents.Get(request.user_id(), request.document_id());
  if (!document) co_return Fail(std::move(document).error());
  auto content = co_await documents.GetContent(request.user_id(), request.document_id());
  if (!content) co_return Fail(std::move(content).error());
  wire::DocumentContentResponse response;
  response.set_document_id(std::move(document->id));
  response.set_content(WireText(*std::move(content)));
  response.set_format(FormatName(document->content_type));
  co_return response;
}

// {"begin":0,"end":412,"heading":"Install"}
std::string ChunkProperties(const workspace::Chunk& chunk) {
  google::protobuf::Struct properties;
  auto& fields = *properties.mutable_fields();
  fields["heading"].set_string_value(WireText(chunk.heading));
  fields["begin"].set_number_value(static_cast<double>(chunk.begin));
  fields["end"].set_number_value(static_cast<double>(chunk.end));
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(properties, &json);
  BATON_CHECK(status.ok(), "a Struct of text and numbers has a JSON form");
  return json;
}

async::Task<Result<wire::DocumentChunksResponse>> GetDocumentChunks(DocumentStore& documents,
                                                                    wire::DocumentRequest request) {
  BATON_CO_TRY(CheckDocumentRequest(request));
  auto chunks = co_await documents.GetChunks(request.user_id(), request.document_id());
  if (!chunks) co_return Fail(std::move(chunks).error());
  wire::DocumentChunksResponse response;
  response.set_document_id(request.document_id());
  for (workspace::Chunk& chunk : *chunks) {
    wire::DocumentChunk& out = *response.add_chunks();
    out.set_metadata(ChunkProperties(chunk));
    out.set_chunk_id(std::move(chunk.id));
    out.set_document_id(std::move(chunk.document_id));
    out.set_content(WireText(std::move(chunk.content)));
    out.set_chunk_index(static_cast<int>(chunk.index));
  }
  co_return response;
}

async::Task<Result<wire::FindDocumentByPathResponse>> FindDocumentByPath(
    DocumentStore& documents, wire::FindDocumentByPathRequest request) {
  BATON_CO_TRY(RequireText(request.user_id(), "FindDocumentByPathRequest.user_id"));
  BATON_CO_TRY(RequireText(request.file_path(), "FindDocumentByPathRequest.file_path"));
  auto document =
      co_await documents.FindByPath(request.user_id(), request.file_path(), request.base_path());
  wire::FindDocumentByPathResponse response;
  if (!document) {
    if (!IsAskersToMend(document.error())) co_return Fail(std::move(document).error());
    response.set_error(WireText(document.error().message()));
    co_return response;
  }
  response.set_success(true);
  response.set_document_id(std::move(document->id));
  response.set_filename(WireText(std::move(document->filename)));
  response.set_resolved_path(WireText(std::move(document->path)));
  co_return response;
}

}  // namespace

void ServeDocuments(DescribedService& service, DocumentStore& documents) {
  service.ServeWith("SearchDocuments", documents, SearchDocuments);
  service.ServeWith("GetDocument", documents, GetDocument);
  service.ServeWith("GetDocumentContent", documents, GetDocumentContent);
  service.ServeWith("GetDocumentChunks", documents, GetDocumentChunks);
  service.ServeWith("FindDocumentByPath", documents, FindDocumentByPath);
}

}  // namespace baton::rpc::internal
