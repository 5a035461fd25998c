// Conversations at once, with cancels, rejoins, approvals and second messages at random. Every
// question carries a nonce, and its answer must: the model repeats it. In the end each message of
// the store must be in the conversation that asked, once, and no completed answer be missing.
//
//   conversation_soak SECONDS [CONVERSATIONS [SEED]]
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "base/log.h"
#include "runs/testing/orchestrator_world.h"

namespace baton::runs {
namespace {

using async::Task;
using testing::OrchestratorWorld;
using testing::Transcript;

// Says the newest question's text again, in pieces; where it has a tool, calls that first.
class EchoModel final : public llm::ChatModel {
 public:
  std::string_view name() const override { return "echo"; }
  Task<Result<llm::ChatResponse>> Chat(const llm::ChatRequest& request, llm::TextSink* sink,
                                       Deadline) override {
    llm::ChatResponse response;
    response.message.role = llm::Role::kAssistant;
    if (!request.tools.empty() && request.messages.back().role == llm::Role::kUser) {
      response.message.tool_calls.push_back(
          {.id = "call_1", .name = "lookup", .arguments = {{"q", "x"}}});
      response.finish_reason = llm::FinishReason::kToolCalls;
      co_return response;
    }
    std::string question;
    for (const llm::Message& message : request.messages) {
      if (message.role == llm::Role::kUser) question = message.content;
    }
    for (const std::string& piece : {std::string("echo "), question, std::string(".")}) {
      const Status said = co_await sink->OnText(piece);
      if (!said.ok()) co_return Fail(said);
      response.message.content += piece;
      // As a model would take its time: others come in between.
      if (co_await async::SleepUntil(Deadline::In(std::chrono::milliseconds(2))) ==
          async::WaitResult::kCancelled) {
        co_return Fail(Code::kCancelled, "cancelled");
      }
    }
    co_return response;
  }
  Task<Status> CheckHealth(Deadline) override { co_return Status(); }
};

class LookupTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  Task<Result<tools::ToolResult>> Call(const json::Object&, const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = "found"};
  }

 private:
  tools::ToolDefinition definition_{
      .name = "lookup", .description = "Looks up.", .parameters = json::Object{{"type", "object"}}};
};

agents::AgentSpec MakeAgent(std::string name, std::vector<agents::ToolGrant> tools) {
  agents::AgentSpec spec;
  spec.title = name;
  spec.name = std::move(name);
  spec.workflow = "conversation";
  spec.prompt = "Talk.";
  spec.tools = std::move(tools);
  return spec;
}

std::string EchoOf(const std::string& nonce) { return "echo " + nonce + "."; }

// What all conversations have found. Threads: safe.
struct Findings {
  std::atomic<int> turns{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> rejoined{0};
  std::atomic<int> approved{0};
  std::atomic<int> queued{0};
  std::atomic<int> mistakes{0};

  void Expect(bool holds, const std::string& what) {
    if (holds) return;
    ++mistakes;
    std::fprintf(stderr, "MISTAKE: %s\n", what.c_str());
  }
};

// One conversation, turn after turn. Lives on one executor.
class Talker {
 public:
  Talker(Orchestrator& orchestrator, Findings& findings, int number, unsigned seed)
      : orchestrator_(orchestrator),
        findings_(findings),
        id_(fmt::format("c{}", number)),
        user_(fmt::format("u{}", number % 50)),
        random_(seed + static_cast<unsigned>(number)) {}

  Task<void> TalkUntil(Deadline end) {
    while (!end.Expired()) {
      const unsigned dice = random_() % 100;
      if (dice < 15) {
        co_await CancelOne();
      } else if (dice < 30) {
        co_await RejoinOne();
      } else if (dice < 45) {
        co_await ApproveOne();
      } else if (dice < 55) {
        co_await AskTwoAtOnce();
      } else {
        co_await AskOne();
      }
    }
  }

  std::string thread() const { return user_ + ":" + id_; }
  const std::set<std::string>& asked() const { return asked_; }
  const std::set<std::string>& answered() const { return answered_; }

 private:
  TurnRequest NewTurn(std::string agent = "chat") {
    TurnRequest turn{.user_id = user_, .conversation_id = id_, .agent_type = std::move(agent)};
    turn.query = fmt::format("nonce-{}-{}", id_, ++count_);
    asked_.insert(turn.query);
    ++findings_.turns;
    return turn;
  }

  void ExpectAnswer(const Transcript& transcript, const std::string& nonce) {
    findings_.Expect(
        transcript.status.ok() && transcript.last_type() == "complete" &&
            transcript.answer() == EchoOf(nonce),
        fmt::format("{}: '{}' was answered '{}' ({}, {})", id_, nonce, transcript.answer(),
                    transcript.last_type(), transcript.status.ToString()));
    answered_.insert(nonce);
  }

  Task<std::unique_ptr<ChunkStream>> Open(TurnRequest turn) {
    auto stream = co_await orchestrator_.StreamChat(std::move(turn));
    findings_.Expect(stream.has_value(), id_ + ": " + (stream ? "" : stream.error().ToString()));
    co_return stream ? *std::move(stream) : nullptr;
  }

  Task<void> AskOne() {
    TurnRequest turn = NewTurn();
    const std::string nonce = turn.query;
    ExpectAnswer(co_await testing::RunTurn(orchestrator_, std::move(turn)), nonce);
  }

  // The run may have ended before; what it says it is must be so.
  Task<void> CancelOne() {
    TurnRequest turn = NewTurn();
    const std::string nonce = turn.query;
    const auto stream = co_await Open(std::move(turn));
    if (stream == nullptr) co_return;
    static_cast<void>(co_await stream->Next());
    stream->Cancel(CancelReason::kUser);
    const Transcript rest = co_await testing::ReadToEnd(*stream);
    if (rest.last_type() == "complete") answered_.insert(nonce);
    findings_.Expect(rest.last_type() == "complete" || rest.meta("state") == "cancelled",
                     id_ + ": a cancelled run ended as " + rest.meta("state"));
    ++findings_.cancelled;
  }

  // A second reader, from the middle, by the run's id.
  Task<void> RejoinOne() {
    TurnRequest turn = NewTurn();
    const std::string nonce = turn.query;
    const auto stream = co_await Open(std::move(turn));
    if (stream == nullptr) co_return;
    const auto first = co_await stream->Next();
    findings_.Expect(first && *first, id_ + ": a stream without a chunk");
    if (!first || !*first) co_return;
    const auto joined = co_await Open(
        {.user_id = user_, .resume = true, .run_id = (*first)->run_id, .from_seq = 1});
    const Transcript rest = co_await testing::ReadToEnd(*stream);
    ExpectAnswer(rest, nonce);
    if (joined == nullptr) co_return;
    const Transcript copy = co_await testing::ReadToEnd(*joined);
    findings_.Expect(copy.answer() == rest.answer() && copy.chunks.size() == rest.chunks.size(),
                     id_ + ": who joined read something else");
    ++findings_.rejoined;
  }

  Task<void> ApproveOne() {
    TurnRequest turn = NewTurn("careful");
    const std::string nonce = turn.query;
    const Transcript asked = co_await testing::RunTurn(orchestrator_, std::move(turn));
    findings_.Expect(asked.meta("state") == "waiting", id_ + ": nothing was asked");
    TurnRequest answer{.user_id = user_, .conversation_id = id_, .resume = true};
    answer.run_id = asked.run_id();
    answer.answers = {{"", R"({"approved": true})"}};
    ExpectAnswer(co_await testing::RunTurn(orchestrator_, std::move(answer)), nonce);
    ++findings_.approved;
  }

  Task<void> AskTwoAtOnce() {
    TurnRequest one = NewTurn();
    TurnRequest two = NewTurn();
    const std::string first_nonce = one.query;
    const std::string second_nonce = two.query;
    const auto first = co_await Open(std::move(one));
    const auto second = co_await Open(std::move(two));
    if (first == nullptr || second == nullptr) co_return;
    ExpectAnswer(co_await testing::ReadToEnd(*first), first_nonce);
    ExpectAnswer(co_await testing::ReadToEnd(*second), second_nonce);
    ++findings_.queued;
  }

  Orchestrator& orchestrator_;
  Findings& findings_;
  const std::string id_;
  const std::string user_;
  std::minstd_rand random_;
  int count_ = 0;
  std::set<std::string> asked_;
  std::set<std::string> answered_;
};

// The store, against what the conversation knows.
void Judge(OrchestratorWorld& world, const Talker& talker, Findings& findings) {
  const storage::Rows rows =
      world.Query("SELECT role, content FROM messages WHERE thread_id = $1 ORDER BY position",
                  {talker.thread()});
  std::map<std::string, int> questions;
  std::map<std::string, int> answers;
  std::string newest;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const std::string content(rows.Text(row, 1));
    if (rows.Text(row, 0) == "user") {
      newest = content;
      ++questions[content];
      continue;
    }
    findings.Expect(content == EchoOf(newest),
                    talker.thread() + ": '" + content + "' follows '" + newest + "'");
    ++answers[newest];
  }
  for (const std::string& nonce : talker.asked()) {
    findings.Expect(questions[nonce] == 1, nonce + ": is there not once");
  }
  findings.Expect(questions.size() == talker.asked().size(),
                  talker.thread() + ": foreign messages");
  for (const auto& [nonce, count] : answers) {
    const int expected = talker.answered().contains(nonce) ? 1 : 0;
    findings.Expect(count == expected, nonce + ": answered a wrong number of times");
  }
  for (const std::string& nonce : talker.answered()) {
    findings.Expect(answers.contains(nonce), nonce + ": its answer is lost");
  }
}

Task<bool> TalkAll(std::vector<Talker*> talkers, Deadline end) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (Talker* talker : talkers) group.Spawn(talker->TalkUntil(end));
  co_await group.Join();
  co_return true;
}

int RunSoak(int seconds, int conversations, unsigned seed) {
  OrchestratorWorld world(SystemClock(), std::make_shared<EchoModel>());
  BATON_CHECK(world.tools.Add(std::make_unique<LookupTool>()).ok(), "tool");
  world.agents.AddWorkflow(MakeAgent("chat", {}));
  world.agents.AddWorkflow(MakeAgent("careful", {{"lookup", agents::Permission::kAsk}}));
  world.Start();
  Findings findings;
  std::vector<std::unique_ptr<Talker>> talkers;
  std::vector<Talker*> all;
  for (int i = 0; i < conversations; ++i) {
    talkers.push_back(std::make_unique<Talker>(*world.orchestrator, findings, i, seed));
    all.push_back(talkers.back().get());
  }
  async::BlockOn(world.runtime.At(0), TalkAll(all, Deadline::In(std::chrono::seconds(seconds))));
  for (const auto& talker : talkers) Judge(world, *talker, findings);
  std::printf(
      "%d conversations, %d turns (%d cancelled, %d rejoined, %d approved, %d times two "
      "at once), %d mistakes; seed %u\n",
      conversations, findings.turns.load(), findings.cancelled.load(), findings.rejoined.load(),
      findings.approved.load(), findings.queued.load(), findings.mistakes.load(), seed);
  return findings.mistakes == 0 && findings.turns >= conversations ? 0 : 1;
}

}  // namespace
}  // namespace baton::runs

int main(int argc, char** argv) {
  baton::SetLogLevel(baton::LogLevel::kError);
  const auto argument = [&](int place, int fallback) {
    return place < argc ? std::atoi(argv[place]) : fallback;
  };
  return baton::runs::RunSoak(argument(1, 20), argument(2, 200),
                              static_cast<unsigned>(argument(3, 1)));
}
