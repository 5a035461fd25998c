#include <csignal>
#include <iostream>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/task_group.h"
#include "base/id_generator.h"
#include "json/json.h"
#include "main/chat_view.h"
#include "main/commands.h"
#include "main/terminal.h"
#include "rpc/remote_orchestrator.h"

namespace baton::app {
namespace {

using async::Task;
namespace asio = boost::asio;

// What a turn left open when its stream ended.
struct TurnOutcome {
  Status status;
  std::int64_t last_seq = 0;
  std::vector<std::pair<std::string, std::string>> questions;  // id, question JSON
};

TurnOutcome OutcomeOf(const runs::Chunk& last) {
  TurnOutcome outcome;
  outcome.last_seq = last.seq;
  if (last.type == "error") outcome.status = Status(Code::kUnknown, last.message);
  const auto found = last.metadata.find("questions");
  const auto questions =
      found == last.metadata.end() ? Result<json::Value>(nullptr) : json::Parse(found->second);
  if (!questions || !questions->is_array()) return outcome;
  for (const json::Value& question : questions->get_array()) {
    outcome.questions.emplace_back(json::GetString(question, "id"), json::Serialize(question));
  }
  return outcome;
}

// The first Ctrl-C cancels the run; a second one ends the program.
Task<void> CancelOnInterrupt(asio::signal_set& signals, runs::ChunkStream& stream) {
  if (co_await async::IsCancelled()) co_return;  // the turn was over before this began
  const auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return;
  Terminal(stderr).WriteLine("\ncancelling …", Style::kYellow);
  std::signal(SIGINT, SIG_DFL);
  stream.Cancel(CancelReason::kUser);
}

Task<Result<TurnOutcome>> ReadTurn(runs::ChunkStream& stream, ChatView& view) {
  runs::Chunk last;
  for (;;) {
    Result<std::optional<runs::Chunk>> chunk = co_await stream.Next();
    if (!chunk) co_return Fail(std::move(chunk).error());
    if (!*chunk) co_return OutcomeOf(last);
    view.Show(**chunk);
    last = std::move(**chunk);
  }
}

Task<Result<TurnOutcome>> RunTurn(runs::Orchestrator& orchestrator, runs::TurnRequest request,
                                  ChatView& view) {
  auto stream = co_await orchestrator.StreamChat(std::move(request));
  if (!stream) co_return Fail(std::move(stream).error());
  asio::signal_set signals(co_await async::CurrentExecutor(), SIGINT);
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(CancelOnInterrupt(signals, **stream));
  Result<TurnOutcome> outcome = co_await ReadTurn(**stream, view);
  group.Cancel(CancelReason::kSuperseded);
  co_await group.Join();
  co_return outcome;
}

std::optional<std::string> Ask(const std::string& prompt) {
  Terminal(stderr).Write(prompt, Style::kBold);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

// Whether a tool may be used; nothing at the end of the input.
std::optional<json::Object> AskPermission(const std::string& question) {
  while (const auto line = Ask(ChatView::DescribeQuestion(question) + "\nAllow? [y/n] ")) {
    const bool yes = *line == "y" || *line == "yes";
    if (yes || *line == "n" || *line == "no") return json::Object{{"approved", yes}};
  }
  return std::nullopt;
}

// What is to become of a call that a crash has left in doubt.
std::optional<json::Object> AskAboutDoubt(const std::string& question) {
  while (const auto line =
             Ask(ChatView::DescribeQuestion(question) + "\n[r]etry, [s]kip or [d]one? ")) {
    if (*line == "r" || *line == "retry") return json::Object{{"action", "retry"}};
    if (*line == "s" || *line == "skip") return json::Object{{"action", "skip"}};
    if (*line != "d" && *line != "done") continue;
    const auto result = Ask("With what result? (may be left empty) ");
    if (!result) return std::nullopt;
    return json::Object{{"action", "done"}, {"result", *result}};
  }
  return std::nullopt;
}

// Answers for what a run asks; empty if the person gave none.
std::map<std::string, std::string> AskQuestions(const TurnOutcome& outcome) {
  std::map<std::string, std::string> answers;
  for (const auto& [id, question] : outcome.questions) {
    const auto answer = ChatView::KindOf(question) == "effect_in_doubt" ? AskAboutDoubt(question)
                                                                        : AskPermission(question);
    if (!answer) return {};
    answers[id] = json::Serialize(*answer);
  }
  return answers;
}

class Conversation {
 public:
  Conversation(runs::Orchestrator& orchestrator, const Settings& settings,
               const ChatCommand& command, std::string id)
      : orchestrator_(orchestrator),
        user_(settings.Text("user")),
        command_(command),
        id_(std::move(id)),
        view_(command.json) {}

  // One turn, with the questions it asks. False if it failed.
  Task<bool> Turn(std::string query, bool resume) {
    runs::TurnRequest request = NewRequest();
    request.query = std::move(query);
    request.resume = resume;
    for (;;) {
      Result<TurnOutcome> outcome = co_await RunTurn(orchestrator_, std::move(request), view_);
      if (!outcome) {
        ReportError(outcome.error(), HintFor(outcome.error()));
        co_return false;
      }
      if (outcome->questions.empty() || command_.json) co_return outcome->status.ok();
      request = NewRequest();
      request.resume = true;
      request.from_seq = outcome->last_seq;
      request.answers = AskQuestions(*outcome);
      if (request.answers.empty()) co_return false;
    }
  }

  const std::string& id() const { return id_; }

 private:
  runs::TurnRequest NewRequest() const {
    runs::TurnRequest request;
    request.user_id = user_;
    request.conversation_id = id_;
    request.session_id = "cli";
    request.agent_type = command_.agent;
    return request;
  }

  std::string HintFor(const Status& status) const {
    if (status.code() == Code::kUnavailable) {
      return "is `baton serve` running? An answer that was cut off goes on with: baton chat "
             "--conversation " +
             id_ + " --resume";
    }
    if (status.code() == Code::kUnauthenticated) return "set BATON_SERVICE_TOKEN as the server has";
    return {};
  }

  runs::Orchestrator& orchestrator_;
  const std::string user_;
  const ChatCommand& command_;
  const std::string id_;
  ChatView view_;
};

Task<int> Chat(Conversation& conversation, const ChatCommand& command) {
  bool ok = true;
  if (command.resume) {
    ok = co_await conversation.Turn("", true);
  } else if (!command.question.empty()) {
    ok = co_await conversation.Turn(command.question, false);
  } else {
    while (const auto line = Ask("> ")) {
      if (!line->empty()) ok = co_await conversation.Turn(*line, false);
    }
    Terminal(stderr).WriteLine("");
  }
  if (ok && !command.json) {
    Terminal(stderr).WriteLine("go on with: baton chat --conversation " + conversation.id(),
                               Style::kDim);
  }
  co_return ok ? 0 : 1;
}

}  // namespace

int RunChat(const Settings& settings, const ChatCommand& command) {
  auto orchestrator =
      rpc::ConnectOrchestrator(settings.Text("server"), settings.Text("service_token"));
  if (!orchestrator) return ReportError(orchestrator.error());
  IdGenerator ids(SystemClock());
  const std::string id = command.conversation_id.empty() ? ids.New("c") : command.conversation_id;
  Conversation conversation(**orchestrator, settings, command, id);
  return async::BlockOn(Chat(conversation, command));
}

}  // namespace baton::app
