#include "tools/remote/org_tools.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/remote/internal/org_write_tools.h"
#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using OrgStub = ToolServiceClient::Connection::AsyncStub;
using internal::AddRpcTool;
using internal::IntegerProperty;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;

constexpr std::int64_t kMaxOrgResults = 50;

std::string ValueIn(const google::protobuf::Map<std::string, std::string>& map,
                    const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

// " (key: value)", or nothing for no value.
std::string Noted(std::string_view key, std::string_view value) {
  return value.empty() ? std::string() : fmt::format(" ({}: {})", key, value);
}

// How an item is named to the model, and by it in a change.
std::string Handle(std::string_view id, std::string_view version) {
  return fmt::format("item_id: {} item_version: {}", id, version);
}

Status AddSearch(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  const json::Value places =
      json::Object{{"type", "array"},
                   {"items", json::Object{{"enum", {"headings", "content", "tags"}}}},
                   {"description", "Where to look; everywhere if not given"}};
  return AddRpcTool<wire::OrgSearchRequest, wire::OrgSearchResponse>(
      registry, client,
      {.name = "search_org_files",
       .description = "Searches the user's org files: notes, tasks, contacts, events. Returns "
                      "numbered entries with their file; cite them by number.",
       .parameters = ObjectSchema(
           {{"query", StringProperty("The words that matter")},
            {"in", places},
            {"limit", IntegerProperty(1, kMaxOrgResults, "How many entries; 10 if not given")}},
           {"query"})},
      {&OrgStub::SearchOrgFiles,
       [](const json::Object& arguments, wire::OrgSearchRequest& request) {
         request.set_query(TextArgument(arguments, "query"));
         request.set_limit(static_cast<int>(json::GetInt(arguments, "limit", 0)));
         const json::Value* in = json::Find(arguments, "in");
         if (in == nullptr) return;
         for (const json::Value& each : in->as_array()) {
           request.add_search_types(std::string(json::ToStringView(each.as_string())));
         }
       },
       [](const wire::OrgSearchResponse& response) -> Result<ToolResult> {
         ToolResult result;
         if (response.results().empty()) result.text = "No entry of the org files matches.";
         for (const wire::OrgSearchResult& each : response.results()) {
           const auto& notes = each.metadata();
           const std::string place =
               fmt::format("{}:{}", ValueIn(notes, "path"), each.line_number());
           const std::string state = ValueIn(notes, "todo_state");
           const std::string title = state.empty() ? each.heading() : state + " " + each.heading();
           std::string text = Handle(ValueIn(notes, "item_id"), ValueIn(notes, "item_version"));
           text += Noted("scheduled", ValueIn(notes, "scheduled"));
           text += Noted("deadline", ValueIn(notes, "deadline"));
           if (!each.content().empty()) text += "\n" + each.content();
           if (!result.text.empty()) result.text += "\n\n";
           result.text += internal::NumberedBlock(result.sources.size() + 1, title, place, text);
           result.sources.push_back({.id = each.document_id(),
                                     .title = each.heading(),
                                     .locator = place,
                                     .excerpt = each.content()});
         }
         return result;
       }});
}

Status AddInboxItems(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::OrgInboxRequest, wire::OrgInboxResponse>(
      registry, client,
      {.name = "get_org_inbox_items",
       .description = "Reads the user's org inbox with the text below each item, open items "
                      "first.",
       .parameters = ObjectSchema(
           {{"limit", IntegerProperty(1, kMaxOrgResults, "How many items; 10 if not given")}}, {})},
      {&OrgStub::GetOrgInboxItems,
       [](const json::Object& arguments, wire::OrgInboxRequest& request) {
         request.set_limit(static_cast<int>(json::GetInt(arguments, "limit", 0)));
       },
       [](const wire::OrgInboxResponse& response) -> Result<ToolResult> {
         ToolResult result;
         if (response.items().empty()) result.text = "The inbox is empty.";
         for (const wire::OrgInboxItem& item : response.items()) {
           const auto& notes = item.metadata();
           if (!result.text.empty()) result.text += "\n\n";
           result.text += fmt::format("{} {}", ValueIn(notes, "todo_state"), item.title());
           result.text += Noted("tags", ValueIn(notes, "tags"));
           result.text += Noted("scheduled", ValueIn(notes, "scheduled"));
           result.text += Noted("deadline", ValueIn(notes, "deadline"));
           result.text += Noted("created", item.timestamp());
           result.text += "\n" + Handle(item.item_id(), ValueIn(notes, "item_version"));
           if (!item.content().empty()) result.text += "\n" + item.content();
         }
         return result;
       }});
}

Status AddInboxList(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::ListOrgInboxItemsRequest, wire::ListOrgInboxItemsResponse>(
      registry, client,
      {.name = "list_org_inbox_items",
       .description = "Lists every item of the user's org inbox, one a line, with the id and "
                      "version that a change of it needs.",
       .parameters = ObjectSchema({}, {})},
      {&OrgStub::ListOrgInboxItems, [](const json::Object&, wire::ListOrgInboxItemsRequest&) {},
       [](const wire::ListOrgInboxItemsResponse& response) -> Result<ToolResult> {
         if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
         ToolResult result;
         result.text =
             response.items().empty() ? "The inbox is empty." : fmt::format("{}:", response.path());
         int number = 0;
         for (const wire::OrgInboxItemDetails& item : response.items()) {
           const std::string& state = item.todo_state();
           result.text += fmt::format(
               "\n{}. [{}] {}{}", ++number, state.empty() ? item.item_type() : state, item.text(),
               Noted("tags", fmt::format("{}", fmt::join(item.tags(), ", "))));
           result.text += Noted("scheduled", item.scheduled());
           result.text += Noted("deadline", item.deadline());
           result.text += " " + Handle(item.item_id(), item.item_version());
         }
         return result;
       }});
}

Status AddInboxPath(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::GetOrgInboxPathRequest, wire::GetOrgInboxPathResponse>(
      registry, client,
      {.name = "get_org_inbox_path",
       .description = "Tells which file is the user's org inbox.",
       .parameters = ObjectSchema({}, {})},
      {&OrgStub::GetOrgInboxPath, [](const json::Object&, wire::GetOrgInboxPathRequest&) {},
       [](const wire::GetOrgInboxPathResponse& response) -> Result<ToolResult> {
         if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
         return ToolResult{.text = response.path(), .sources = {}};
       }});
}

std::string_view LateNote(int days_late) {
  if (days_late == 0) return "";
  return days_late > 0 ? " days late" : " days ahead";
}

Status AddAgenda(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::OrgAgendaRequest, wire::OrgAgendaResponse>(
      registry, client,
      {.name = "get_org_agenda",
       .description = "What the user's org files have scheduled, due or happening on a range of "
                      "days, what is overdue included.",
       .parameters = ObjectSchema(
           {{"from_day", StringProperty("First day, such as 2026-03-01; today if not given")},
            {"to_day", StringProperty("Last day; a week from the first if not given")}},
           {})},
      {&OrgStub::GetOrgAgenda,
       [](const json::Object& arguments, wire::OrgAgendaRequest& request) {
         request.set_from_day(TextArgument(arguments, "from_day"));
         request.set_to_day(TextArgument(arguments, "to_day"));
       },
       [](const wire::OrgAgendaResponse& response) -> Result<ToolResult> {
         ToolResult result;
         result.text = fmt::format("Today is {}.", response.today());
         if (response.entries().empty()) result.text += " Nothing is planned.";
         for (const wire::OrgAgendaEntry& entry : response.entries()) {
           result.text += fmt::format("\n{} {} {}: {} {}", entry.day(), entry.time(), entry.kind(),
                                      entry.todo_state(), entry.title());
           if (entry.days_late() != 0) {
             result.text +=
                 fmt::format(" ({}{})", std::abs(entry.days_late()), LateNote(entry.days_late()));
           }
           result.text += " " + Handle(entry.item_id(), entry.item_version());
         }
         return result;
       }});
}

}  // namespace

Status RegisterOrgTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client) {
  BATON_TRY(AddSearch(registry, client));
  BATON_TRY(AddInboxItems(registry, client));
  BATON_TRY(AddInboxList(registry, client));
  BATON_TRY(AddInboxPath(registry, client));
  BATON_TRY(AddAgenda(registry, client));
  return internal::RegisterOrgWriteTools(registry, client);
}

}  // namespace baton::tools::remote
