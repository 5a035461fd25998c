#include "rpc/internal/entity_calls.h"

#include <string>
#include <utility>
#include <vector>

#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace entities = workspace::entities;
using entities::EntityStore;

void EncodeEntity(entities::Entity&& entity, wire::Entity& out) {
  out.set_entity_id(std::move(entity.id));
  out.set_entity_type(std::move(entity.type));
  out.set_name(WireText(std::move(entity.name)));
  (*out.mutable_properties())["documents"] = std::to_string(entity.documents);
  (*out.mutable_properties())["mentions"] = std::to_string(entity.mentions);
}

template <typename Request>
Result<std::vector<std::string>> NamesIn(const Request& request, std::string_view field) {
  if (request.entity_names().empty()) return Fail(Code::kInvalidArgument, "{} is empty", field);
  return std::vector<std::string>(request.entity_names().begin(), request.entity_names().end());
}

template <typename Response>
Result<Response> DocumentsResponse(Result<std::vector<std::string>> ids) {
  if (!ids) return Fail(std::move(ids).error());
  Response response;
  for (std::string& id : *ids) response.add_document_ids(std::move(id));
  response.set_total_count(response.document_ids_size());
  return response;
}

async::Task<Result<wire::EntitySearchResponse>> SearchEntities(EntityStore& store,
                                                               wire::EntitySearchRequest request) {
  const auto limit =
      LimitOf(request.limit(), kDefaultEntities, kMaxEntities, "EntitySearchRequest.limit");
  if (!limit) co_return Fail(limit.error());
  entities::EntityQuery query{
      .text = request.query(),
      .types = {request.entity_types().begin(), request.entity_types().end()},
      .limit = *limit};
  auto found = co_await store.Search(request.user_id(), std::move(query));
  if (!found) co_return Fail(std::move(found).error());
  wire::EntitySearchResponse response;
  for (entities::Entity& entity : *found) EncodeEntity(std::move(entity), *response.add_entities());
  co_return response;
}

async::Task<Result<wire::EntityResponse>> GetEntity(EntityStore& store,
                                                    wire::EntityRequest request) {
  auto found = co_await store.Get(request.user_id(), request.entity_id());
  if (!found) co_return Fail(std::move(found).error());
  wire::EntityResponse response;
  EncodeEntity(std::move(found->entity), *response.mutable_entity());
  for (std::string& id : found->document_ids) response.add_related_documents(std::move(id));
  co_return response;
}

async::Task<Result<wire::FindDocumentsByEntitiesResponse>> FindDocumentsByEntities(
    EntityStore& store, wire::FindDocumentsByEntitiesRequest request) {
  auto names = NamesIn(request, "FindDocumentsByEntitiesRequest.entity_names");
  if (!names) co_return Fail(std::move(names).error());
  co_return DocumentsResponse<wire::FindDocumentsByEntitiesResponse>(
      co_await store.FindDocuments(request.user_id(), *std::move(names)));
}

async::Task<Result<wire::FindRelatedDocumentsByEntitiesResponse>> FindRelatedDocuments(
    EntityStore& store, wire::FindRelatedDocumentsByEntitiesRequest request) {
  auto names = NamesIn(request, "FindRelatedDocumentsByEntitiesRequest.entity_names");
  if (!names) co_return Fail(std::move(names).error());
  const auto hops = LimitOf(request.max_hops(), kDefaultHops, entities::kMaxHops,
                            "FindRelatedDocumentsByEntitiesRequest.max_hops");
  if (!hops) co_return Fail(hops.error());
  co_return DocumentsResponse<wire::FindRelatedDocumentsByEntitiesResponse>(
      co_await store.FindRelated(request.user_id(), *std::move(names), *hops));
}

async::Task<Result<wire::FindCoOccurringEntitiesResponse>> FindCoOccurringEntities(
    EntityStore& store, wire::FindCoOccurringEntitiesRequest request) {
  auto names = NamesIn(request, "FindCoOccurringEntitiesRequest.entity_names");
  if (!names) co_return Fail(std::move(names).error());
  if (request.min_co_occurrences() < 0) {
    co_return Fail(Code::kInvalidArgument,
                   "FindCoOccurringEntitiesRequest.min_co_occurrences is {}",
                   request.min_co_occurrences());
  }
  auto found = co_await store.CoOccurring(request.user_id(), *std::move(names),
                                          request.min_co_occurrences());
  if (!found) co_return Fail(std::move(found).error());
  wire::FindCoOccurringEntitiesResponse response;
  for (entities::CoOccurrence& each : *found) {
    wire::EntityInfo& out = *response.add_entities();
    out.set_name(WireText(std::move(each.name)));
    out.set_type(std::move(each.type));
    out.set_co_occurrence_count(static_cast<int>(each.documents));
  }
  co_return response;
}

}  // namespace

void ServeEntities(DescribedService& service, EntityStore& entities) {
  service.ServeWith("SearchEntities", entities, SearchEntities);
  service.ServeWith("GetEntity", entities, GetEntity);
  service.ServeWith("FindDocumentsByEntities", entities, FindDocumentsByEntities);
  service.ServeWith("FindRelatedDocumentsByEntities", entities, FindRelatedDocuments);
  service.ServeWith("FindCoOccurringEntities", entities, FindCoOccurringEntities);
}

}  // namespace baton::rpc::internal
