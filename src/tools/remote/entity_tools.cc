#include "tools/remote/entity_tools.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using EntityStub = ToolServiceClient::Connection::AsyncStub;
using internal::AddRpcTool;
using internal::IntegerProperty;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;
using EntityClient = std::shared_ptr<ToolServiceClient>;

json::Value NamesProperty() {
  return json::Object{{"type", "array"},
                      {"items", json::Object{{"type", "string"}, {"minLength", 1}}},
                      {"minItems", 1},
                      {"maxItems", 50},
                      {"description", "Names of people, organisations, places, works or dates"}};
}

template <typename Request>
void FillNames(const json::Object& arguments, Request& request) {
  for (const json::Value& name : json::Find(arguments, "names")->as_array()) {
    request.add_entity_names(std::string(json::ToStringView(name.as_string())));
  }
}

std::string EntityLine(const wire::Entity& entity) {
  const auto documents = entity.properties().find("documents");
  return fmt::format("{} ({}), in {} documents, entity_id: {}", entity.name(), entity.entity_type(),
                     documents == entity.properties().end() ? "?" : documents->second,
                     entity.entity_id());
}

template <typename Ids>
std::string DocumentLines(const Ids& ids) {
  std::string text = fmt::format("{} documents", ids.size());
  for (const std::string& id : ids) text += "\ndocument_id: " + id;
  return text;
}

Status AddSearchEntities(ToolRegistry& registry, const EntityClient& client) {
  const json::Value types = json::Object{
      {"type", "array"},
      {"items", json::Object{{"enum", {"person", "organization", "place", "work", "date"}}}},
      {"description", "Only of these kinds"}};
  return AddRpcTool<wire::EntitySearchRequest, wire::EntitySearchResponse>(
      registry, client,
      {.name = "search_entities",
       .description = "Finds the people, organisations, places, works and dates that the user's "
                      "documents name, the most frequent first.",
       .parameters = ObjectSchema({{"query", StringProperty("Part of the name")},
                                   {"types", types},
                                   {"limit", IntegerProperty(1, 100, "10 if not given")}},
                                  {})},
      {&EntityStub::SearchEntities,
       [](const json::Object& arguments, wire::EntitySearchRequest& request) {
         request.set_query(TextArgument(arguments, "query"));
         request.set_limit(static_cast<int>(json::GetInt(arguments, "limit", 0)));
         const json::Value* kinds = json::Find(arguments, "types");
         if (kinds == nullptr) return;
         for (const json::Value& kind : kinds->as_array()) {
           request.add_entity_types(std::string(json::ToStringView(kind.as_string())));
         }
       },
       [](const wire::EntitySearchResponse& response) -> Result<ToolResult> {
         ToolResult result;
         if (response.entities().empty()) result.text = "No document names such a one.";
         for (const wire::Entity& entity : response.entities()) {
           result.text += EntityLine(entity) + "\n";
         }
         return result;
       }});
}

Status AddGetEntity(ToolRegistry& registry, const EntityClient& client) {
  return AddRpcTool<wire::EntityRequest, wire::EntityResponse>(
      registry, client,
      {.name = "get_entity",
       .description = "Tells which of the user's documents mention an entity.",
       .parameters = ObjectSchema({{"entity_id", StringProperty("\"entity_…\"")}}, {"entity_id"})},
      {&EntityStub::GetEntity,
       [](const json::Object& arguments, wire::EntityRequest& request) {
         request.set_entity_id(TextArgument(arguments, "entity_id"));
       },
       [](const wire::EntityResponse& response) -> Result<ToolResult> {
         return ToolResult{.text = EntityLine(response.entity()) + "\n" +
                                   DocumentLines(response.related_documents()),
                           .sources = {}};
       }});
}

Status AddFindByEntities(ToolRegistry& registry, const EntityClient& client) {
  return AddRpcTool<wire::FindDocumentsByEntitiesRequest, wire::FindDocumentsByEntitiesResponse>(
      registry, client,
      {.name = "find_documents_by_entities",
       .description = "Finds the user's documents that mention these names, those with most of "
                      "them first.",
       .parameters = ObjectSchema({{"names", NamesProperty()}}, {"names"})},
      {&EntityStub::FindDocumentsByEntities,
       [](const json::Object& arguments, wire::FindDocumentsByEntitiesRequest& request) {
         FillNames(arguments, request);
       },
       [](const wire::FindDocumentsByEntitiesResponse& response) -> Result<ToolResult> {
         return ToolResult{.text = DocumentLines(response.document_ids()), .sources = {}};
       }});
}

Status AddFindRelated(ToolRegistry& registry, const EntityClient& client) {
  return AddRpcTool<wire::FindRelatedDocumentsByEntitiesRequest,
                    wire::FindRelatedDocumentsByEntitiesResponse>(
      registry, client,
      {.name = "find_related_documents",
       .description = "Finds documents that mention these names, and those that share other "
                      "names with them, near ones first.",
       .parameters =
           ObjectSchema({{"names", NamesProperty()},
                         {"max_hops", IntegerProperty(1, 4,
                                                      "How far connections are followed; 2 if not "
                                                      "given")}},
                        {"names"})},
      {&EntityStub::FindRelatedDocumentsByEntities,
       [](const json::Object& arguments, wire::FindRelatedDocumentsByEntitiesRequest& request) {
         FillNames(arguments, request);
         request.set_max_hops(static_cast<int>(json::GetInt(arguments, "max_hops", 0)));
       },
       [](const wire::FindRelatedDocumentsByEntitiesResponse& response) -> Result<ToolResult> {
         return ToolResult{.text = DocumentLines(response.document_ids()), .sources = {}};
       }});
}

Status AddFindCoOccurring(ToolRegistry& registry, const EntityClient& client) {
  return AddRpcTool<wire::FindCoOccurringEntitiesRequest, wire::FindCoOccurringEntitiesResponse>(
      registry, client,
      {.name = "find_co_occurring_entities",
       .description = "Tells who and what stands in the same documents as these names.",
       .parameters = ObjectSchema(
           {{"names", NamesProperty()},
            {"least", IntegerProperty(1, 1000, "In at least so many documents; 1 if not given")}},
           {"names"})},
      {&EntityStub::FindCoOccurringEntities,
       [](const json::Object& arguments, wire::FindCoOccurringEntitiesRequest& request) {
         FillNames(arguments, request);
         request.set_min_co_occurrences(static_cast<int>(json::GetInt(arguments, "least", 0)));
       },
       [](const wire::FindCoOccurringEntitiesResponse& response) -> Result<ToolResult> {
         ToolResult result;
         if (response.entities().empty()) result.text = "Nothing stands beside them.";
         for (const wire::EntityInfo& entity : response.entities()) {
           result.text += fmt::format("{} ({}), in {} documents\n", entity.name(), entity.type(),
                                      entity.co_occurrence_count());
         }
         return result;
       }});
}

}  // namespace

Status RegisterEntityTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client) {
  BATON_TRY(AddSearchEntities(registry, client));
  BATON_TRY(AddGetEntity(registry, client));
  BATON_TRY(AddFindByEntities(registry, client));
  BATON_TRY(AddFindRelated(registry, client));
  return AddFindCoOccurring(registry, client);
}

}  // namespace baton::tools::remote
