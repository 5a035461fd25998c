// Org items and the wire's messages.
#pragma once

#include <string>

#include "base/status.h"
#include "proto/tool_service.pb.h"
#include "workspace/org/org_store.h"

namespace baton::rpc::internal {

// kInvalidArgument names the field that does not fit.
Result<workspace::org::OrgQuery> DecodeOrgSearch(tool_service::OrgSearchRequest& request);
workspace::org::NewEntry DecodeNewEntry(tool_service::AddOrgInboxItemRequest& request);
// The stamp of `scheduled` with the repeater, if one is given.
Result<workspace::org::Stamp> DecodeSchedule(
    const tool_service::SetOrgInboxScheduleRequest& request);

// For the requests that name an item by id or line.
template <typename Request>
workspace::org::EntryRef DecodeRef(const Request& request) {
  return {request.item_id(), request.line_index(), request.item_version()};
}

void EncodeOrgHit(workspace::org::OrgHit&& hit, tool_service::OrgSearchResult& out);
void EncodeInboxItem(workspace::org::Item&& item, tool_service::OrgInboxItem& out);
void EncodeItemDetails(workspace::org::Item&& item, tool_service::OrgInboxItemDetails& out);
void EncodeAgendaEntry(workspace::org::AgendaEntry&& entry, tool_service::OrgAgendaEntry& out);

}  // namespace baton::rpc::internal
