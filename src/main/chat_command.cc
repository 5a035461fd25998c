#include <iostream>

#include "async/block_on.h"
#include "base/id_generator.h"
#include "main/commands.h"
#include "main/conversation.h"
#include "main/terminal.h"
#include "rpc/remote_orchestrator.h"

namespace baton::app {
namespace {

async::Task<int> Chat(Conversation& conversation, const ChatCommand& command,
                      const std::string& go_on) {
  bool ok = true;
  if (command.resume) {
    ok = co_await conversation.Turn("", true);
  } else if (command.regenerate || !command.question.empty()) {
    ok = co_await conversation.Turn(command.question, false,
                                    {.edit_message_id = command.edit,
                                     .base_message_id = command.after,
                                     .regenerate = command.regenerate});
  } else {
    while (const auto line = conversation.Ask("> ")) {
      if (!line->empty()) ok = co_await conversation.Turn(*line, false);
    }
    Terminal(stderr).WriteLine("");
  }
  if (conversation.leads_on() && !command.json)
    Terminal(stderr).WriteLine("go on with: " + go_on, Style::kDim);
  co_return ok ? 0 : 1;
}

}  // namespace

int RunChat(const Settings& settings, const ChatCommand& command) {
  auto orchestrator =
      rpc::ConnectOrchestrator(settings.Text("server"), settings.Text("service_token"));
  if (!orchestrator) return ReportError(orchestrator.error());
  IdGenerator ids(SystemClock());
  ConversationOptions options{
      .id = command.conversation_id.empty() ? ids.New("c") : command.conversation_id,
      .user = settings.Text("user"),
      .agent = command.agent,
      .json = command.json};
  options.go_on = CommandToGoOn(settings, options.id);
  const std::string go_on = options.go_on;
  Conversation conversation(**orchestrator, std::cin, std::move(options));
  return async::BlockOn(Chat(conversation, command, go_on));
}

}  // namespace baton::app
