#include "rpc/internal/org_calls.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rpc/internal/org_wire.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages; `tools` here would read as the module.
namespace wire = ::tool_service;
namespace org = workspace::org;
using org::OrgStore;

// Where a changed item is now, for the responses that tell it.
template <typename Response>
Response ChangedItem(const org::Item& item) {
  Response response;
  response.set_success(true);
  response.set_item_id(WireText(item.id));
  response.set_item_version(item.version);
  return response;
}

async::Task<Result<wire::OrgSearchResponse>> SearchOrgFiles(OrgStore& store,
                                                            wire::OrgSearchRequest request) {
  Result<org::OrgQuery> query = DecodeOrgSearch(request);
  if (!query) co_return Fail(std::move(query).error());
  auto hits = co_await store.Search(request.user_id(), *std::move(query));
  if (!hits) co_return Fail(std::move(hits).error());
  wire::OrgSearchResponse response;
  for (org::OrgHit& hit : *hits) EncodeOrgHit(std::move(hit), *response.add_results());
  co_return response;
}

// Open items first: they are what an inbox is for.
async::Task<Result<wire::OrgInboxResponse>> GetOrgInboxItems(OrgStore& store,
                                                             wire::OrgInboxRequest request) {
  if (request.limit() < 0 || request.limit() > kMaxInboxItems) {
    co_return Fail(Code::kInvalidArgument,
                   "OrgInboxRequest.limit is {}: 0 (for {}) to {} are possible", request.limit(),
                   kDefaultInboxItems, kMaxInboxItems);
  }
  Result<org::Inbox> inbox = co_await store.ListInbox(request.user_id());
  if (!inbox) co_return Fail(std::move(inbox).error());
  const int limit = request.limit() == 0 ? kDefaultInboxItems : request.limit();
  wire::OrgInboxResponse response;
  for (const bool done : {false, true}) {
    for (org::Item& item : inbox->items) {
      if (item.done != done || response.items_size() == limit) continue;
      EncodeInboxItem(std::move(item), *response.add_items());
    }
  }
  co_return response;
}

async::Task<Result<wire::ListOrgInboxItemsResponse>> ListOrgInboxItems(
    OrgStore& store, wire::ListOrgInboxItemsRequest request) {
  Result<org::Inbox> inbox = co_await store.ListInbox(request.user_id());
  if (!inbox) co_return RefusedAs<wire::ListOrgInboxItemsResponse>(std::move(inbox).error());
  wire::ListOrgInboxItemsResponse response;
  response.set_success(true);
  response.set_path(WireText(std::move(inbox->path)));
  for (org::Item& item : inbox->items) EncodeItemDetails(std::move(item), *response.add_items());
  co_return response;
}

async::Task<Result<wire::AddOrgInboxItemResponse>> AddOrgInboxItem(
    OrgStore& store, wire::AddOrgInboxItemRequest request) {
  using Response = wire::AddOrgInboxItemResponse;
  org::NewEntry entry = DecodeNewEntry(request);
  const Result<org::Item> item = co_await store.Add(request.user_id(), std::move(entry));
  if (!item) co_return RefusedAs<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_line_index(static_cast<int>(item->line));
  response.set_message(WireText(fmt::format("Added '{}' to {}", item->title, item->path)));
  co_return response;
}

async::Task<Result<wire::ToggleOrgInboxItemResponse>> ToggleOrgInboxItem(
    OrgStore& store, wire::ToggleOrgInboxItemRequest request) {
  using Response = wire::ToggleOrgInboxItemResponse;
  const Result<org::Item> item = co_await store.Toggle(request.user_id(), DecodeRef(request));
  if (!item) co_return RefusedAs<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_updated_index(static_cast<int>(item->line));
  response.set_new_line(WireText(item->line_text));
  co_return response;
}

async::Task<Result<wire::UpdateOrgInboxItemResponse>> UpdateOrgInboxItem(
    OrgStore& store, wire::UpdateOrgInboxItemRequest request) {
  using Response = wire::UpdateOrgInboxItemResponse;
  const Result<org::Item> item =
      co_await store.SetTitle(request.user_id(), DecodeRef(request), request.new_text());
  if (!item) co_return RefusedAs<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_updated_index(static_cast<int>(item->line));
  response.set_new_line(WireText(item->line_text));
  co_return response;
}

async::Task<Result<wire::SetOrgInboxScheduleResponse>> SetOrgInboxSchedule(
    OrgStore& store, wire::SetOrgInboxScheduleRequest request) {
  using Response = wire::SetOrgInboxScheduleResponse;
  const Result<org::Stamp> stamp = DecodeSchedule(request);
  if (!stamp) co_return RefusedAs<Response>(stamp.error());
  const Result<org::Item> item =
      co_await store.Schedule(request.user_id(), DecodeRef(request), *stamp);
  if (!item) co_return RefusedAs<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_updated_index(static_cast<int>(item->line));
  response.set_scheduled_line(WireText(item->dated_line));
  co_return response;
}

async::Task<Result<wire::ApplyOrgInboxTagsResponse>> ApplyOrgInboxTags(
    OrgStore& store, wire::ApplyOrgInboxTagsRequest request) {
  using Response = wire::ApplyOrgInboxTagsResponse;
  std::vector<std::string> tags(request.tags().begin(), request.tags().end());
  const Result<org::Item> item =
      co_await store.AddTags(request.user_id(), DecodeRef(request), std::move(tags));
  if (!item) co_return RefusedAs<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  for (const std::string& tag : item->tags) response.add_applied_tags(WireText(tag));
  co_return response;
}

async::Task<Result<wire::ArchiveOrgInboxDoneResponse>> ArchiveOrgInboxDone(
    OrgStore& store, wire::ArchiveOrgInboxDoneRequest request) {
  using Response = wire::ArchiveOrgInboxDoneResponse;
  const Result<int> count = co_await store.ArchiveDone(request.user_id());
  if (!count) co_return RefusedAs<Response>(count.error());
  Response response;
  response.set_success(true);
  response.set_archived_count(*count);
  response.set_message(*count == 0 ? "Nothing is done: nothing was archived"
                                   : fmt::format("{} archived", *count));
  co_return response;
}

async::Task<Result<wire::AppendOrgInboxTextResponse>> AppendOrgInboxText(
    OrgStore& store, wire::AppendOrgInboxTextRequest request) {
  using Response = wire::AppendOrgInboxTextResponse;
  const Status status = co_await store.Append(request.user_id(), request.text());
  if (!status.ok()) co_return RefusedAs<Response>(status);
  Response response;
  response.set_success(true);
  response.set_message("Appended to the inbox");
  co_return response;
}

async::Task<Result<wire::GetOrgInboxPathResponse>> GetOrgInboxPath(
    OrgStore& store, wire::GetOrgInboxPathRequest request) {
  using Response = wire::GetOrgInboxPathResponse;
  const Result<org::Inbox> inbox = co_await store.ListInbox(request.user_id());
  if (!inbox) co_return RefusedAs<Response>(inbox.error());
  if (inbox->path.empty()) {
    co_return RefusedAs<Response>(Status(
        Code::kNotFound,
        fmt::format("user_id '{}' is no person: org files are personal", request.user_id())));
  }
  Response response;
  response.set_success(true);
  response.set_path(WireText(inbox->path));
  co_return response;
}

Result<org::Day> DecodeDay(std::string_view text, std::string_view field, org::Day otherwise) {
  if (text.empty()) return otherwise;
  const Result<org::Stamp> stamp = org::ParseStamp(text);
  if (stamp) return stamp->day;
  return Fail(Code::kInvalidArgument, "OrgAgendaRequest.{} is '{}': write 2026-03-01", field, text);
}

async::Task<Result<wire::OrgAgendaResponse>> GetOrgAgenda(OrgStore& store,
                                                          wire::OrgAgendaRequest request) {
  const org::Day today = std::chrono::floor<std::chrono::days>(store.Now());
  const Result<org::Day> first = DecodeDay(request.from_day(), "from_day", today);
  if (!first) co_return Fail(first.error());
  const org::Day week_later = *first + std::chrono::days(kDefaultAgendaDays - 1);
  const Result<org::Day> last = DecodeDay(request.to_day(), "to_day", week_later);
  if (!last) co_return Fail(last.error());
  auto agenda = co_await store.Agenda(request.user_id(), *first, *last);
  if (!agenda) co_return Fail(std::move(agenda).error());
  wire::OrgAgendaResponse response;
  response.set_today(org::FormatDay(today));
  for (org::AgendaEntry& entry : *agenda) {
    EncodeAgendaEntry(std::move(entry), *response.add_entries());
  }
  co_return response;
}

async::Task<Result<wire::RefileOrgItemResponse>> RefileOrgItem(OrgStore& store,
                                                               wire::RefileOrgItemRequest request) {
  using Response = wire::RefileOrgItemResponse;
  if (request.target_item_id().empty() && request.target_path().empty()) {
    co_return RefusedAs<Response>(
        Status(Code::kInvalidArgument,
               "RefileOrgItemRequest: neither target_item_id nor target_path is given"));
  }
  org::RefileTarget target{request.target_item_id(), request.target_path()};
  const Result<org::Item> item =
      co_await store.Refile(request.user_id(), DecodeRef(request), std::move(target));
  if (!item) co_return RefusedAs<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_path(WireText(item->path));
  response.set_updated_index(static_cast<int>(item->line));
  co_return response;
}

}  // namespace

void ServeOrg(DescribedService& service, OrgStore& store) {
  service.ServeWith("SearchOrgFiles", store, SearchOrgFiles);
  service.ServeWith("GetOrgInboxItems", store, GetOrgInboxItems);
  service.ServeWith("ListOrgInboxItems", store, ListOrgInboxItems);
  service.ServeWith("AddOrgInboxItem", store, AddOrgInboxItem);
  service.ServeWith("ToggleOrgInboxItem", store, ToggleOrgInboxItem);
  service.ServeWith("UpdateOrgInboxItem", store, UpdateOrgInboxItem);
  service.ServeWith("SetOrgInboxSchedule", store, SetOrgInboxSchedule);
  service.ServeWith("ApplyOrgInboxTags", store, ApplyOrgInboxTags);
  service.ServeWith("ArchiveOrgInboxDone", store, ArchiveOrgInboxDone);
  service.ServeWith("AppendOrgInboxText", store, AppendOrgInboxText);
  service.ServeWith("GetOrgInboxPath", store, GetOrgInboxPath);
  service.ServeWith("GetOrgAgenda", store, GetOrgAgenda);
  service.ServeWith("RefileOrgItem", store, RefileOrgItem);
}

}  // namespace baton::rpc::internal
