#include "rpc/internal/org_wire.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rpc/internal/org_calls.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

namespace org = workspace::org;
namespace wire = ::tool_service;

using OrgProperties = google::protobuf::Map<std::string, std::string>;

Status SelectType(std::string_view type, org::OrgQuery& query) {
  if (type == "headings" || type == "heading" || type == "titles" || type == "title") {
    query.titles = true;
  } else if (type == "content" || type == "text" || type == "body") {
    query.content = true;
  } else if (type == "tags" || type == "tag") {
    query.tags = true;
  } else if (type == "all") {
    query.titles = query.content = query.tags = true;
  } else {
    return Fail(Code::kInvalidArgument,
                "OrgSearchRequest.search_types: '{}' is not known; there are headings, content, "
                "tags, all",
                type);
  }
  return {};
}

// What clients show of an item beside its title; absent where there is nothing to say.
void EncodeProperties(const org::Item& item, OrgProperties& out) {
  const std::pair<std::string_view, std::string> properties[] = {
      {"path", item.path},
      {"item_version", item.version},
      {"kind", item.kind},
      {"todo_state", item.state},
      {"priority", item.priority},
      {"tags", fmt::format("{}", fmt::join(item.tags, ", "))},
      {"scheduled", item.scheduled},
      {"deadline", item.deadline},
      {"above", fmt::format("{}", fmt::join(item.above, " > "))}};
  for (const auto& [key, value] : properties) {
    if (!value.empty()) out[std::string(key)] = WireText(value);
  }
  out["is_done"] = item.done ? "true" : "false";
}

std::string FormatClock(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

}  // namespace

Result<org::OrgQuery> DecodeOrgSearch(wire::OrgSearchRequest& request) {
  if (request.query().empty()) {
    return Fail(Code::kInvalidArgument, "OrgSearchRequest.query is empty");
  }
  if (request.limit() < 0 || request.limit() > kMaxOrgHits) {
    return Fail(Code::kInvalidArgument,
                "OrgSearchRequest.limit is {}: 0 (for {}) to {} are possible", request.limit(),
                kDefaultOrgHits, kMaxOrgHits);
  }
  org::OrgQuery query;
  query.text = std::move(*request.mutable_query());
  query.limit = static_cast<std::size_t>(request.limit() == 0 ? kDefaultOrgHits : request.limit());
  if (request.search_types_size() > 0) query.titles = query.content = query.tags = false;
  for (const std::string& type : request.search_types()) BATON_TRY(SelectType(type, query));
  return query;
}

org::NewEntry DecodeNewEntry(wire::AddOrgInboxItemRequest& request) {
  org::NewEntry entry;
  if (!request.kind().empty()) entry.kind = std::move(*request.mutable_kind());
  entry.text = std::move(*request.mutable_text());
  entry.schedule = request.schedule();
  entry.repeater = request.repeater();
  for (std::string& tag : *request.mutable_tags()) entry.tags.push_back(std::move(tag));
  for (const auto& [key, value] : request.contact_properties()) entry.properties[key] = value;
  return entry;
}

Result<org::Stamp> DecodeSchedule(const wire::SetOrgInboxScheduleRequest& request) {
  Result<org::Stamp> stamp = org::ParseStamp(request.scheduled());
  if (!stamp || request.repeater().empty()) return stamp;
  Result<org::Repeater> repeater = org::ParseRepeater(request.repeater());
  if (!repeater) return Fail(std::move(repeater).error());
  stamp->repeater = *repeater;
  return stamp;
}

void EncodeOrgHit(org::OrgHit&& hit, wire::OrgSearchResult& out) {
  const std::string& path = hit.item.path;
  EncodeProperties(hit.item, *out.mutable_metadata());
  if (!hit.item.id.empty()) (*out.mutable_metadata())["item_id"] = WireText(hit.item.id);
  out.set_document_id(hit.item.file_id);
  out.set_document_name(WireText(path.substr(path.rfind('/') + 1)));
  out.set_heading(WireText(std::move(hit.item.title)));
  out.set_content(WireText(std::move(hit.snippet)));
  out.set_line_number(static_cast<int>(hit.line) + 1);
}

void EncodeInboxItem(org::Item&& item, wire::OrgInboxItem& out) {
  EncodeProperties(item, *out.mutable_metadata());
  (*out.mutable_metadata())["line_index"] = std::to_string(item.line);
  out.set_item_id(WireText(std::move(item.id)));
  out.set_title(WireText(std::move(item.title)));
  out.set_content(WireText(std::move(item.content)));
  out.set_timestamp(WireText(std::move(item.created)));
}

void EncodeItemDetails(org::Item&& item, wire::OrgInboxItemDetails& out) {
  out.set_line_index(static_cast<int>(item.line));
  out.set_text(WireText(std::move(item.title)));
  out.set_item_type(std::move(item.kind));
  out.set_todo_state(WireText(std::move(item.state)));
  for (std::string& tag : item.tags) out.add_tags(WireText(std::move(tag)));
  out.set_is_done(item.done);
  out.set_item_id(WireText(std::move(item.id)));
  out.set_item_version(std::move(item.version));
  out.set_scheduled(WireText(std::move(item.scheduled)));
  out.set_deadline(WireText(std::move(item.deadline)));
}

void EncodeAgendaEntry(org::AgendaEntry&& entry, wire::OrgAgendaEntry& out) {
  constexpr std::string_view kKinds[] = {"scheduled", "deadline", "event"};
  out.set_day(org::FormatDay(entry.day));
  if (entry.minute) {
    std::string time = FormatClock(*entry.minute);
    if (entry.end_minute) time += "-" + FormatClock(*entry.end_minute);
    out.set_time(std::move(time));
  }
  out.set_kind(std::string(kKinds[static_cast<std::size_t>(entry.kind)]));
  out.set_days_late(entry.days_late);
  out.set_title(WireText(std::move(entry.item.title)));
  out.set_todo_state(WireText(std::move(entry.item.state)));
  for (std::string& tag : entry.item.tags) out.add_tags(WireText(std::move(tag)));
  out.set_item_id(WireText(std::move(entry.item.id)));
  out.set_item_version(std::move(entry.item.version));
  out.set_path(WireText(std::move(entry.item.path)));
  out.set_line_index(static_cast<int>(entry.item.line));
}

}  // namespace baton::rpc::internal
