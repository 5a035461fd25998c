#include "rpc/internal/org_calls.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/client_error.h"
#include "rpc/internal/org_wire.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages; `tools` here would read as the module.
namespace wire = ::tool_service;
namespace org = workspace::org;
using org::OrgStore;

// What the asker can do something about: said in the response. Anything else is a status, and so
// is a failure of the database, whatever its code: its words are not for clients.
bool IsRefusal(const Status& status) {
  if (status.details().contains(std::string(kInternalDetail))) return false;
  switch (status.code()) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kFailedPrecondition:
    case Code::kAborted:
    case Code::kOutOfRange:
    case Code::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

template <typename Response>
Result<Response> Refused(Status status) {
  if (!IsRefusal(status)) return Fail(std::move(status));
  Response response;
  response.set_success(false);
  response.set_error(WireText(status.message()));
  return response;
}

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
  if (!inbox) co_return Refused<wire::ListOrgInboxItemsResponse>(std::move(inbox).error());
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
  if (!item) co_return Refused<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_line_index(static_cast<int>(item->line));
  response.set_message(WireText(fmt::format("Added '{}' to {}", item->title, item->path)));
  co_return response;
}

async::Task<Result<wire::ToggleOrgInboxItemResponse>> ToggleOrgInboxItem(
    OrgStore& store, wire::ToggleOrgInboxItemRequest request) {
  using Response = wire::ToggleOrgInboxItemResponse;
  const Result<org::Item> item = co_await store.Toggle(request.user_id(), DecodeRef(request));
  if (!item) co_return Refused<Response>(item.error());
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
  if (!item) co_return Refused<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_updated_index(static_cast<int>(item->line));
  response.set_new_line(WireText(item->line_text));
  co_return response;
}

async::Task<Result<wire::SetOrgInboxScheduleResponse>> SetOrgInboxSchedule(
    OrgStore& store, wire::SetOrgInboxScheduleRequest request) {
  using Response = wire::SetOrgInboxScheduleResponse;
  const Result<org::Stamp> stamp = DecodeSchedule(request);
  if (!stamp) co_return Refused<Response>(stamp.error());
  const Result<org::Item> item =
      co_await store.Schedule(request.user_id(), DecodeRef(request), *stamp);
  if (!item) co_return Refused<Response>(item.error());
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
  if (!item) co_return Refused<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  for (const std::string& tag : item->tags) response.add_applied_tags(WireText(tag));
  co_return response;
}

async::Task<Result<wire::ArchiveOrgInboxDoneResponse>> ArchiveOrgInboxDone(
    OrgStore& store, wire::ArchiveOrgInboxDoneRequest request) {
  using Response = wire::ArchiveOrgInboxDoneResponse;
  const Result<int> count = co_await store.ArchiveDone(request.user_id());
  if (!count) co_return Refused<Response>(count.error());
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
  if (!status.ok()) co_return Refused<Response>(status);
  Response response;
  response.set_success(true);
  response.set_message("Appended to the inbox");
  co_return response;
}

async::Task<Result<wire::GetOrgInboxPathResponse>> GetOrgInboxPath(
    OrgStore& store, wire::GetOrgInboxPathRequest request) {
  using Response = wire::GetOrgInboxPathResponse;
  const Result<org::Inbox> inbox = co_await store.ListInbox(request.user_id());
  if (!inbox) co_return Refused<Response>(inbox.error());
  if (inbox->path.empty()) {
    co_return Refused<Response>(Status(
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
    co_return Refused<Response>(
        Status(Code::kInvalidArgument,
               "RefileOrgItemRequest: neither target_item_id nor target_path is given"));
  }
  org::RefileTarget target{request.target_item_id(), request.target_path()};
  const Result<org::Item> item =
      co_await store.Refile(request.user_id(), DecodeRef(request), std::move(target));
  if (!item) co_return Refused<Response>(item.error());
  auto response = ChangedItem<Response>(*item);
  response.set_path(WireText(item->path));
  response.set_updated_index(static_cast<int>(item->line));
  co_return response;
}

// Binds one of the coroutines above to its method.
template <typename Request, typename Response>
void ServeOrgCall(DescribedService& service, std::string_view name, OrgStore& store,
                  async::Task<Result<Response>> (*handler)(OrgStore&, Request)) {
  service.ServeUnary<Request, Response>(name, Access::kToken,
                                        [&store, handler](Request request, const CallContext&) {
                                          return handler(store, std::move(request));
                                        });
}

}  // namespace

void ServeOrg(DescribedService& service, OrgStore& store) {
  ServeOrgCall(service, "SearchOrgFiles", store, SearchOrgFiles);
  ServeOrgCall(service, "GetOrgInboxItems", store, GetOrgInboxItems);
  ServeOrgCall(service, "ListOrgInboxItems", store, ListOrgInboxItems);
  ServeOrgCall(service, "AddOrgInboxItem", store, AddOrgInboxItem);
  ServeOrgCall(service, "ToggleOrgInboxItem", store, ToggleOrgInboxItem);
  ServeOrgCall(service, "UpdateOrgInboxItem", store, UpdateOrgInboxItem);
  ServeOrgCall(service, "SetOrgInboxSchedule", store, SetOrgInboxSchedule);
  ServeOrgCall(service, "ApplyOrgInboxTags", store, ApplyOrgInboxTags);
  ServeOrgCall(service, "ArchiveOrgInboxDone", store, ArchiveOrgInboxDone);
  ServeOrgCall(service, "AppendOrgInboxText", store, AppendOrgInboxText);
  ServeOrgCall(service, "GetOrgInboxPath", store, GetOrgInboxPath);
  ServeOrgCall(service, "GetOrgAgenda", store, GetOrgAgenda);
  ServeOrgCall(service, "RefileOrgItem", store, RefileOrgItem);
}

}  // namespace baton::rpc::internal
