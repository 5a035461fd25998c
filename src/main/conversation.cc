#include "main/conversation.h"

#include <algorithm>
#include <csignal>
#include <istream>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/task_group.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

using async::Task;
namespace asio = boost::asio;

// What a turn left open when its stream ended.
struct TurnOutcome {
  Status status;
  std::int64_t last_seq = 0;
  std::vector<Question> questions;
};

TurnOutcome OutcomeOf(const runs::Chunk& last) {
  TurnOutcome outcome;
  outcome.last_seq = last.seq;
  if (last.type == "error") outcome.status = Status(Code::kUnknown, last.message);
  const auto found = last.metadata.find("questions");
  if (found != last.metadata.end()) outcome.questions = ParseQuestions(found->second);
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

Task<Result<TurnOutcome>> ReadTurn(runs::ChunkStream& stream, ChatView& view, bool& answered) {
  runs::Chunk last;
  for (;;) {
    Result<std::optional<runs::Chunk>> chunk = co_await stream.Next();
    if (!chunk) co_return Fail(std::move(chunk).error());
    if (!*chunk) co_return OutcomeOf(last);
    answered = true;
    view.Show(**chunk);
    last = std::move(**chunk);
  }
}

Task<Result<TurnOutcome>> RunTurn(runs::Orchestrator& orchestrator, runs::TurnRequest request,
                                  ChatView& view, bool& answered) {
  auto stream = co_await orchestrator.StreamChat(std::move(request));
  if (!stream) co_return Fail(std::move(stream).error());
  asio::signal_set signals(co_await async::CurrentExecutor(), SIGINT);
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(CancelOnInterrupt(signals, **stream));
  Result<TurnOutcome> outcome = co_await ReadTurn(**stream, view, answered);
  group.Cancel(CancelReason::kSuperseded);
  co_await group.Join();
  co_return outcome;
}

// Quoted if a shell would see more in it than a word.
std::string ShellWord(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.:/@").contains(c);
  });
  if (plain) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += R"('\'')";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace

std::string CommandToGoOn(const Settings& settings, std::string_view conversation_id) {
  std::string command = "baton chat --conversation " + ShellWord(conversation_id);
  for (const std::string key : {"user", "server"}) {
    if (!settings.IsDefault(key)) command += " --" + key + " " + ShellWord(settings.Text(key));
  }
  return command;
}

Conversation::Conversation(runs::Orchestrator& orchestrator, std::istream& in,
                           ConversationOptions options)
    : orchestrator_(orchestrator), in_(in), options_(std::move(options)), view_(options_.json) {}

Task<bool> Conversation::Turn(std::string query, bool resume, TurnFrom from) {
  runs::TurnRequest request = NewRequest();
  request.query = std::move(query);
  request.resume = resume;
  request.edit_message_id = std::move(from.edit_message_id);
  request.base_message_id = std::move(from.base_message_id);
  request.regenerate = from.regenerate;
  for (;;) {
    bool answered = false;
    Result<TurnOutcome> outcome =
        co_await RunTurn(orchestrator_, std::move(request), view_, answered);
    leads_on_ = outcome.has_value();
    if (!outcome) {
      ReportError(outcome.error(), HintFor(outcome.error(), answered));
      co_return false;
    }
    if (outcome->questions.empty() || options_.json) co_return outcome->status.ok();
    std::optional<Answers> answers = AskAll(outcome->questions);
    if (!answers) {
      leads_on_ = false;
      Terminal(stderr).WriteLine(
          options_.go_on.empty()
              ? "\nno answer: the run ends here"
              : "\nno answer: the run waits for one. go on with: " + options_.go_on + " --resume");
      co_return false;
    }
    request = NewRequest();
    request.resume = true;
    request.from_seq = outcome->last_seq;
    request.answers = *std::move(answers);
  }
}

std::optional<std::string> Conversation::Ask(const std::string& prompt) {
  Terminal(stderr).Write(prompt, Style::kBold);
  std::string line;
  if (!std::getline(in_, line)) return std::nullopt;
  return line;
}

std::optional<std::string> Conversation::AskUntilAnswered(const Question& question) {
  const std::string prompt = fmt::format("{}\n{}", DescribeQuestion(question), PromptFor(question));
  while (const auto line = Ask(prompt)) {
    const Result<std::string> answer = ReadAnswer(question, *line);
    if (answer) return *answer;
    ReportError(answer.error());
  }
  return std::nullopt;
}

// All of them, or none: what is answered in part would be asked in part again.
std::optional<Conversation::Answers> Conversation::AskAll(const std::vector<Question>& questions) {
  Answers answers;
  for (const Question& question : questions) {
    const auto answer = AskUntilAnswered(question);
    if (!answer) return std::nullopt;
    answers[question.id] = *answer;
  }
  return answers;
}

runs::TurnRequest Conversation::NewRequest() const {
  runs::TurnRequest request;
  request.user_id = options_.user;
  request.conversation_id = options_.id;
  request.session_id = "cli";
  request.agent_type = options_.agent;
  return request;
}

std::string Conversation::HintFor(const Status& status, bool answered) const {
  if (status.code() == Code::kUnavailable && !answered) {
    return "start one with `baton serve`, or name another with --server";
  }
  if (status.code() == Code::kUnavailable && !options_.go_on.empty()) {
    return "is `baton serve` running? The answer goes on with: " + options_.go_on + " --resume";
  }
  if (status.code() == Code::kUnauthenticated) return "set BATON_SERVICE_TOKEN as the server has";
  return {};
}

}  // namespace baton::app
