#include "rpc/internal/conversation_calls.h"

#include <string>
#include <utility>

#include "proto/orchestrator.pb.h"
#include "runs/conversation_export.h"

namespace baton::rpc::internal {
namespace {

namespace chat = ::orchestrator;
using runs::ConversationStore;

template <typename T>
using Answer = async::Task<Result<T>>;

Status CheckUser(const std::string& user_id) {
  if (user_id.empty()) return {Code::kInvalidArgument, "user_id is empty"};
  return {};
}

void EncodeConversation(runs::Conversation&& conversation, chat::ConversationInfo& out) {
  out.set_conversation_id(WireText(std::move(conversation.conversation_id)));
  out.set_title(WireText(std::move(conversation.title)));
  out.set_titled_by(WireText(std::move(conversation.titled_by)));
  out.set_pinned(conversation.pinned);
  out.set_archived(conversation.archived);
  out.set_parent_conversation_id(WireText(std::move(conversation.parent_conversation_id)));
  out.set_parent_message_id(WireText(std::move(conversation.parent_message_id)));
  out.set_created_at(WireText(std::move(conversation.created)));
  out.set_updated_at(WireText(std::move(conversation.updated)));
}

Result<chat::ConversationInfo> EncodeInfo(Result<runs::Conversation> conversation) {
  if (!conversation) return Fail(std::move(conversation).error());
  chat::ConversationInfo info;
  EncodeConversation(*std::move(conversation), info);
  return info;
}

void EncodeMessage(runs::PlacedMessage&& placed, chat::StoredMessage& out) {
  runs::ConversationMessage& message = placed.message;
  out.set_position(placed.position);
  out.set_message_id(WireText(std::move(message.message_id)));
  out.set_run_id(WireText(std::move(message.run_id)));
  out.set_role(WireText(std::move(message.role)));
  out.set_content(WireText(std::move(message.content)));
  if (!message.agent.empty()) out.set_agent_name(WireText(message.agent + "_agent"));
  out.set_sources_json(WireText(std::move(message.sources)));
  out.set_created_at(WireText(std::move(message.created)));
}

Answer<chat::ListConversationsResponse> ListConversations(ConversationStore& store,
                                                          chat::ListConversationsRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  auto page = co_await store.List(
      request.user_id(),
      {.archived = request.archived(), .limit = request.limit(), .after = request.page()});
  if (!page) co_return Fail(std::move(page).error());
  chat::ListConversationsResponse response;
  for (runs::Conversation& each : page->conversations) {
    EncodeConversation(std::move(each), *response.add_conversations());
  }
  response.set_next_page(WireText(std::move(page->next)));
  co_return response;
}

Answer<chat::GetConversationResponse> GetConversation(ConversationStore& store,
                                                      chat::GetConversationRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  auto conversation = co_await store.Get(request.user_id(), request.conversation_id());
  if (!conversation) co_return Fail(std::move(conversation).error());
  auto messages = co_await store.ReadMessages(request.user_id(), request.conversation_id(),
                                              request.after_position());
  if (!messages) co_return Fail(std::move(messages).error());
  chat::GetConversationResponse response;
  EncodeConversation(*std::move(conversation), *response.mutable_conversation());
  for (runs::PlacedMessage& each : *messages) {
    EncodeMessage(std::move(each), *response.add_messages());
  }
  co_return response;
}

Answer<chat::SearchConversationsResponse> SearchConversations(
    ConversationStore& store, chat::SearchConversationsRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  auto matches = co_await store.Search(request.user_id(), request.query(), request.limit());
  if (!matches) co_return Fail(std::move(matches).error());
  chat::SearchConversationsResponse response;
  for (runs::MessageMatch& match : *matches) {
    chat::MessageHit& hit = *response.add_hits();
    hit.set_conversation_id(WireText(std::move(match.conversation_id)));
    hit.set_title(WireText(std::move(match.title)));
    hit.set_message_id(WireText(std::move(match.message_id)));
    hit.set_role(WireText(std::move(match.role)));
    hit.set_created_at(WireText(std::move(match.created)));
    hit.set_excerpt(WireText(std::move(match.excerpt)));
  }
  co_return response;
}

Answer<chat::ConversationInfo> UpdateConversation(ConversationStore& store,
                                                  chat::UpdateConversationRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  runs::ConversationChange change;
  if (request.has_title()) change.title = request.title();
  if (request.has_pinned()) change.pinned = request.pinned();
  if (request.has_archived()) change.archived = request.archived();
  co_return EncodeInfo(
      co_await store.Change(request.user_id(), request.conversation_id(), std::move(change)));
}

Answer<chat::DeleteConversationResponse> DeleteConversation(
    ConversationStore& store, chat::DeleteConversationRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  BATON_CO_TRY(co_await store.Delete(request.user_id(), request.conversation_id()));
  co_return chat::DeleteConversationResponse();
}

Answer<chat::ExportConversationResponse> ServeExport(ConversationStore& store,
                                                     chat::ExportConversationRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  const auto format = runs::ParseExportFormat(request.format());
  if (!format) co_return Fail(format.error());
  auto exported = co_await runs::ExportConversation(store, request.user_id(),
                                                    request.conversation_id(), *format);
  if (!exported) co_return Fail(std::move(exported).error());
  chat::ExportConversationResponse response;
  response.set_content(WireText(std::move(exported->content)));
  response.set_content_type(std::move(exported->content_type));
  response.set_filename(std::move(exported->filename));
  co_return response;
}

Answer<chat::ConversationInfo> BranchConversation(ConversationStore& store,
                                                  chat::BranchConversationRequest request) {
  BATON_CO_TRY(CheckUser(request.user_id()));
  co_return EncodeInfo(co_await store.Branch(request.user_id(), request.conversation_id(),
                                             request.message_id(), request.new_conversation_id()));
}

}  // namespace

void ServeConversations(DescribedService& service, ConversationStore& store) {
  service.ServeWith("ListConversations", store, ListConversations);
  service.ServeWith("GetConversation", store, GetConversation);
  service.ServeWith("SearchConversations", store, SearchConversations);
  service.ServeWith("UpdateConversation", store, UpdateConversation);
  service.ServeWith("DeleteConversation", store, DeleteConversation);
  service.ServeWith("ExportConversation", store, ServeExport);
  service.ServeWith("BranchConversation", store, BranchConversation);
}

}  // namespace baton::rpc::internal
