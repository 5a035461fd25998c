#include "tools/remote/internal/org_write_tools.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using WriteStub = ToolServiceClient::Connection::AsyncStub;

// Every change of one item needs these.
constexpr std::string_view kItemId = "The item's id, as a tool has given it";
constexpr std::string_view kItemVersion =
    "The item's version, given with the id: the change is refused if the item is another by now";

json::Value TagsProperty() {
  return json::Object{{"type", "array"},
                      {"items", json::Object{{"type", "string"}, {"minLength", 1}}},
                      {"description", "Tags, without colons"}};
}

// `more` beside what names the item.
json::Value ItemSchema(json::Object more, json::Array required) {
  more["item_id"] = StringProperty(kItemId);
  more["item_version"] = StringProperty(kItemVersion);
  required.insert(required.begin(), {"item_id", "item_version"});
  return ObjectSchema(std::move(more), std::move(required));
}

template <typename Request>
void NameItem(const json::Object& arguments, Request& request) {
  request.set_item_id(TextArgument(arguments, "item_id"));
  request.set_item_version(TextArgument(arguments, "item_version"));
  request.set_line_index(-1);
}

template <typename Request>
void FillTags(const json::Object& arguments, Request& request) {
  const json::Value* tags = json::Find(arguments, "tags");
  if (tags == nullptr) return;
  for (const json::Value& tag : tags->as_array()) {
    request.add_tags(std::string(json::ToStringView(tag.as_string())));
  }
}

// What was done, and how the item is called now; or the service's reason.
template <typename Response>
Result<ToolResult> Outcome(const Response& response, std::string text) {
  if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
  return ToolResult{.text = std::move(text), .sources = {}};
}

template <typename Response>
std::string NamedNow(const Response& response) {
  return fmt::format("item_id: {} item_version: {}", response.item_id(), response.item_version());
}

Status AddAdd(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  const json::Value kinds =
      json::Object{{"enum", {"todo", "checkbox", "event", "contact", "plain"}},
                   {"description",
                    "todo, a task with a state; checkbox, a shopping-list line; event, "
                    "something at a time; contact, a person; plain, a note. todo if not given"}};
  const json::Value properties =
      json::Object{{"type", "object"},
                   {"additionalProperties", json::Object{{"type", "string"}}},
                   {"description", "Of a contact, such as EMAIL, PHONE, ADDRESS"}};
  return AddRpcTool<wire::AddOrgInboxItemRequest, wire::AddOrgInboxItemResponse>(
      registry, client,
      {.name = "add_org_inbox_item",
       .description = "Adds an item to the user's org inbox.",
       .parameters = ObjectSchema(
           {{"text", StringProperty("The title; further lines become the text below it")},
            {"kind", kinds},
            {"schedule", StringProperty("A date such as 2026-03-01 or 2026-03-01 10:00")},
            {"repeater", StringProperty("+1w, ++1m or .+2d; needs schedule")},
            {"tags", TagsProperty()},
            {"contact_properties", properties}},
           {"text"}),
       .effect = Effect::kWrite},
      {&WriteStub::AddOrgInboxItem,
       [](const json::Object& arguments, wire::AddOrgInboxItemRequest& request) {
         request.set_text(TextArgument(arguments, "text"));
         request.set_kind(TextArgument(arguments, "kind"));
         if (arguments.contains("schedule")) {
           request.set_schedule(TextArgument(arguments, "schedule"));
         }
         if (arguments.contains("repeater")) {
           request.set_repeater(TextArgument(arguments, "repeater"));
         }
         FillTags(arguments, request);
         const json::Value* contact = json::Find(arguments, "contact_properties");
         if (contact == nullptr) return;
         for (const auto& [key, value] : contact->as_object()) {
           (*request.mutable_contact_properties())[std::string(key)] =
               std::string(json::ToStringView(value.as_string()));
         }
       },
       [](const wire::AddOrgInboxItemResponse& response) {
         return Outcome(response, fmt::format("{}. {}", response.message(), NamedNow(response)));
       }});
}

Status AddToggle(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::ToggleOrgInboxItemRequest, wire::ToggleOrgInboxItemResponse>(
      registry, client,
      {.name = "toggle_org_inbox_item",
       .description = "Marks a task or checkbox as done, or a done one as open again. A task that "
                      "repeats moves on to its next date and stays open.",
       .parameters = ItemSchema({}, {}),
       .effect = Effect::kWrite},
      {&WriteStub::ToggleOrgInboxItem, NameItem<wire::ToggleOrgInboxItemRequest>,
       [](const wire::ToggleOrgInboxItemResponse& response) {
         return Outcome(response,
                        fmt::format("Now: {}\n{}", response.new_line(), NamedNow(response)));
       }});
}

Status AddUpdate(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::UpdateOrgInboxItemRequest, wire::UpdateOrgInboxItemResponse>(
      registry, client,
      {.name = "update_org_inbox_item",
       .description = "Gives an item another title. Its state and tags stay.",
       .parameters =
           ItemSchema({{"new_text", StringProperty("The new title, one line")}}, {"new_text"}),
       .effect = Effect::kWrite},
      {&WriteStub::UpdateOrgInboxItem,
       [](const json::Object& arguments, wire::UpdateOrgInboxItemRequest& request) {
         NameItem(arguments, request);
         request.set_new_text(TextArgument(arguments, "new_text"));
       },
       [](const wire::UpdateOrgInboxItemResponse& response) {
         return Outcome(response,
                        fmt::format("Now: {}\n{}", response.new_line(), NamedNow(response)));
       }});
}

Status AddSchedule(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::SetOrgInboxScheduleRequest, wire::SetOrgInboxScheduleResponse>(
      registry, client,
      {.name = "set_org_inbox_schedule",
       .description = "Schedules an item for a day, or changes the day it is scheduled for.",
       .parameters = ItemSchema(
           {{"scheduled", StringProperty("A date such as 2026-03-01 or 2026-03-01 10:00")},
            {"repeater", StringProperty("+1w, ++1m or .+2d, for an item that repeats")}},
           {"scheduled"}),
       .effect = Effect::kWrite},
      {&WriteStub::SetOrgInboxSchedule,
       [](const json::Object& arguments, wire::SetOrgInboxScheduleRequest& request) {
         NameItem(arguments, request);
         request.set_scheduled(TextArgument(arguments, "scheduled"));
         if (arguments.contains("repeater")) {
           request.set_repeater(TextArgument(arguments, "repeater"));
         }
       },
       [](const wire::SetOrgInboxScheduleResponse& response) {
         return Outcome(response,
                        fmt::format("Now: {}\n{}", response.scheduled_line(), NamedNow(response)));
       }});
}

Status AddTags(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::ApplyOrgInboxTagsRequest, wire::ApplyOrgInboxTagsResponse>(
      registry, client,
      {.name = "apply_org_inbox_tags",
       .description = "Adds tags to an item; those it has stay.",
       .parameters = ItemSchema({{"tags", TagsProperty()}}, {"tags"}),
       .effect = Effect::kWrite},
      {&WriteStub::ApplyOrgInboxTags,
       [](const json::Object& arguments, wire::ApplyOrgInboxTagsRequest& request) {
         NameItem(arguments, request);
         FillTags(arguments, request);
       },
       [](const wire::ApplyOrgInboxTagsResponse& response) {
         return Outcome(response,
                        fmt::format("Tags now: {}\n{}", fmt::join(response.applied_tags(), ", "),
                                    NamedNow(response)));
       }});
}

Status AddRefile(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::RefileOrgItemRequest, wire::RefileOrgItemResponse>(
      registry, client,
      {.name = "refile_org_item",
       .description = "Moves a heading with all below it: below another heading, or to the top "
                      "level of a file. One of the two targets is needed.",
       .parameters =
           ItemSchema({{"target_item_id", StringProperty("The id of the heading to move below")},
                       {"target_path", StringProperty("The path of the org file to move to")}},
                      {}),
       .effect = Effect::kWrite},
      {&WriteStub::RefileOrgItem,
       [](const json::Object& arguments, wire::RefileOrgItemRequest& request) {
         NameItem(arguments, request);
         request.set_target_item_id(TextArgument(arguments, "target_item_id"));
         request.set_target_path(TextArgument(arguments, "target_path"));
       },
       [](const wire::RefileOrgItemResponse& response) {
         return Outcome(response, fmt::format("Moved to {}:{}\n{}", response.path(),
                                              response.updated_index() + 1, NamedNow(response)));
       }});
}

Status AddArchive(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::ArchiveOrgInboxDoneRequest, wire::ArchiveOrgInboxDoneResponse>(
      registry, client,
      {.name = "archive_org_inbox_done",
       .description = "Moves everything in the org inbox that is done to its archive file.",
       .parameters = ObjectSchema({}, {}),
       .effect = Effect::kWrite},
      {&WriteStub::ArchiveOrgInboxDone,
       [](const json::Object&, wire::ArchiveOrgInboxDoneRequest&) {},
       [](const wire::ArchiveOrgInboxDoneResponse& response) {
         return Outcome(response, response.message());
       }});
}

Status AddAppend(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return AddRpcTool<wire::AppendOrgInboxTextRequest, wire::AppendOrgInboxTextResponse>(
      registry, client,
      {.name = "append_org_inbox_text",
       .description = "Adds org text as it is at the end of the user's org inbox, for more than "
                      "one item at once, such as a project with its tasks.",
       .parameters = ObjectSchema({{"text", StringProperty("Org text, whole lines")}}, {"text"}),
       .effect = Effect::kWrite},
      {&WriteStub::AppendOrgInboxText,
       [](const json::Object& arguments, wire::AppendOrgInboxTextRequest& request) {
         request.set_text(TextArgument(arguments, "text"));
       },
       [](const wire::AppendOrgInboxTextResponse& response) {
         return Outcome(response, response.message());
       }});
}

}  // namespace

Status RegisterOrgWriteTools(ToolRegistry& registry,
                             const std::shared_ptr<ToolServiceClient>& client) {
  BATON_TRY(AddAdd(registry, client));
  BATON_TRY(AddToggle(registry, client));
  BATON_TRY(AddUpdate(registry, client));
  BATON_TRY(AddSchedule(registry, client));
  BATON_TRY(AddTags(registry, client));
  BATON_TRY(AddRefile(registry, client));
  BATON_TRY(AddArchive(registry, client));
  return AddAppend(registry, client);
}

}  // namespace baton::tools::remote::internal
