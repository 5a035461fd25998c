#include <fstream>

#include <google/protobuf/util/json_util.h>
#include <grpcpp/channel.h>

#include "async/block_on.h"
#include "grpc_client/endpoint.h"
#include "main/commands.h"
#include "main/terminal.h"
#include "proto/orchestrator.grpc.pb.h"

namespace baton::app {
namespace {

using async::Task;
namespace chat = ::orchestrator;
using Action = ConversationsCommand::Action;

// How long a call may take. An export of the largest conversation takes a second.
constexpr auto kCallPatience = std::chrono::seconds(30);

// Speaks to the service, and prints what it says.
class ConversationsClient {
 public:
  ConversationsClient(std::unique_ptr<grpc_client::Endpoint> server, const Settings& settings,
                      const ConversationsCommand& command)
      : server_(std::move(server)),
        stub_(chat::OrchestratorService::NewStub(server_->channel())),
        user_(settings.Text("user")),
        command_(command) {}

  Task<Status> Run();

 private:
  template <typename Request>
  Request About() const {
    Request request;
    request.set_user_id(user_);
    request.set_conversation_id(command_.conversation_id);
    return request;
  }
  template <typename Request, typename Response>
  Task<Result<Response>> Call(
      void (chat::OrchestratorService::StubInterface::async_interface::*rpc)(
          grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>),
      Request request) {
    return server_->Call(stub_->async(), rpc, std::move(request),
                         {.deadline = Deadline::In(kCallPatience)});
  }

  Task<Status> List();
  Task<Status> Show();
  Task<Status> Search();
  Task<Status> Export();
  Task<Status> Branch();
  Task<Status> Change();
  Task<Status> Delete();

  void PrintJson(const google::protobuf::Message& message);
  void PrintConversation(const chat::ConversationInfo& conversation);

  const std::unique_ptr<grpc_client::Endpoint> server_;
  const std::unique_ptr<chat::OrchestratorService::Stub> stub_;
  const std::string user_;
  const ConversationsCommand& command_;
  Terminal out_{stdout};
};

using Rpcs = chat::OrchestratorService::StubInterface::async_interface;

void ConversationsClient::PrintJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string line;
  static_cast<void>(google::protobuf::util::MessageToJsonString(message, &line, options));
  out_.WriteLine(line);
}

void ConversationsClient::PrintConversation(const chat::ConversationInfo& conversation) {
  if (command_.json) return PrintJson(conversation);
  out_.Write(conversation.conversation_id(), Style::kGreen);
  out_.Write("  " + conversation.updated_at().substr(0, 16), Style::kDim);
  std::string marks;
  if (conversation.pinned()) marks += " [pinned]";
  if (conversation.archived()) marks += " [archived]";
  if (!conversation.parent_conversation_id().empty()) {
    marks += " [branch of " + conversation.parent_conversation_id() + "]";
  }
  out_.WriteLine("  " + conversation.title() + marks);
}

Task<Status> ConversationsClient::List() {
  chat::ListConversationsRequest request;
  request.set_user_id(user_);
  request.set_archived(command_.archived);
  request.set_limit(command_.limit);
  do {
    const auto page = co_await Call(&Rpcs::ListConversations, request);
    if (!page) co_return page.error();
    for (const auto& conversation : page->conversations()) PrintConversation(conversation);
    request.set_page(page->next_page());
  } while (!request.page().empty() && command_.limit == 0);
  co_return Status();
}

Task<Status> ConversationsClient::Show() {
  auto request = About<chat::GetConversationRequest>();
  for (bool first = true;; first = false) {
    const auto page = co_await Call(&Rpcs::GetConversation, request);
    if (!page) co_return page.error();
    if (first) PrintConversation(page->conversation());
    if (page->messages().empty()) co_return Status();
    for (const chat::StoredMessage& message : page->messages()) {
      request.set_after_position(message.position());
      if (command_.json) {
        PrintJson(message);
        continue;
      }
      // A user's message has an agent too, if it answers one.
      const std::string& agent = message.agent_name();
      const bool names_role = agent.empty() || message.role() == "user";
      out_.WriteLine("");
      out_.Write(names_role ? message.role() : agent, Style::kGreen);
      out_.WriteLine("  " + message.message_id(), Style::kDim);
      out_.WriteLine(message.content());
    }
  }
}

Task<Status> ConversationsClient::Search() {
  chat::SearchConversationsRequest request;
  request.set_user_id(user_);
  request.set_query(command_.text);
  request.set_limit(command_.limit);
  const auto found = co_await Call(&Rpcs::SearchConversations, request);
  if (!found) co_return found.error();
  for (const chat::MessageHit& hit : found->hits()) {
    if (command_.json) {
      PrintJson(hit);
      continue;
    }
    out_.Write(hit.conversation_id(), Style::kGreen);
    out_.WriteLine("  " + hit.title() + "  " + hit.message_id(), Style::kDim);
    out_.WriteLine("  " + hit.role() + ": " + hit.excerpt());
  }
  co_return Status();
}

Task<Status> ConversationsClient::Export() {
  auto request = About<chat::ExportConversationRequest>();
  request.set_format(command_.json ? "json" : "markdown");
  const auto exported = co_await Call(&Rpcs::ExportConversation, request);
  if (!exported) co_return exported.error();
  if (command_.output.empty()) {
    out_.Write(exported->content());
    co_return Status();
  }
  std::ofstream file(command_.output, std::ios::binary);
  file << exported->content();
  file.close();
  if (file.fail()) {
    co_return Fail(Code::kUnavailable, "file '{}' cannot be written", command_.output.string());
  }
  co_return Status();
}

Task<Status> ConversationsClient::Branch() {
  auto request = About<chat::BranchConversationRequest>();
  request.set_message_id(command_.text);
  const auto branch = co_await Call(&Rpcs::BranchConversation, request);
  if (!branch) co_return branch.error();
  PrintConversation(*branch);
  co_return Status();
}

Task<Status> ConversationsClient::Change() {
  auto request = About<chat::UpdateConversationRequest>();
  if (command_.action == Action::kRename) request.set_title(command_.text);
  if (command_.action == Action::kPin) request.set_pinned(!command_.undo);
  if (command_.action == Action::kArchive) request.set_archived(!command_.undo);
  const auto changed = co_await Call(&Rpcs::UpdateConversation, request);
  if (!changed) co_return changed.error();
  PrintConversation(*changed);
  co_return Status();
}

Task<Status> ConversationsClient::Delete() {
  const auto deleted =
      co_await Call(&Rpcs::DeleteConversation, About<chat::DeleteConversationRequest>());
  co_return deleted ? Status() : deleted.error();
}

Task<Status> ConversationsClient::Run() {
  switch (command_.action) {
    case Action::kList:
      return List();
    case Action::kShow:
      return Show();
    case Action::kSearch:
      return Search();
    case Action::kExport:
      return Export();
    case Action::kBranch:
      return Branch();
    case Action::kDelete:
      return Delete();
    case Action::kRename:
    case Action::kPin:
    case Action::kArchive:
      break;
  }
  return Change();
}

}  // namespace

int RunConversations(const Settings& settings, const ConversationsCommand& command) {
  const std::string& address = settings.Text("server");
  auto server =
      grpc_client::Endpoint::Connect(address, "orchestrator", settings.Text("service_token"));
  if (!server) return ReportError(server.error());
  ConversationsClient client(*std::move(server), settings, command);
  const Status status = async::BlockOn(client.Run());
  if (status.ok()) return 0;
  return ReportServiceError(status);
}

}  // namespace baton::app
