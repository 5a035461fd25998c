#include "runs/local_orchestrator.h"

#include <gtest/gtest.h>

#include "base/client_error.h"
#include "runs/limits.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::BreaksOffAfter;
using baton::testing::Calls;
using baton::testing::Fails;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::SaysInPieces;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using testing::FunctionNode;
using testing::OrchestratorWorld;
using testing::ReadToEnd;
using testing::Transcript;

class NotesTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object& arguments,
                                              const tools::ToolContext& context) override {
    if (arguments.empty()) co_return Fail(Code::kNotFound, "no notes at all");
    co_return tools::ToolResult{
        .text = fmt::format("notes of {}", context.user_id),
        .sources = {{.id = "d1", .title = "Backups", .locator = "backups.md", .excerpt = "daily"}}};
  }

 private:
  tools::ToolDefinition definition_{.name = "search_documents",
                                    .description = "Searches.",
                                    .parameters = json::Object{{"type", "object"}}};
};

agents::AgentSpec ConversationAgent(std::string name, std::vector<agents::ToolGrant> tools = {}) {
  agents::AgentSpec spec;
  spec.name = std::move(name);
  spec.title = "The " + spec.name;
  spec.description = "Talks.";
  spec.workflow = "conversation";
  spec.tools = std::move(tools);
  spec.prompt = "You are {{ai_name}}.";
  return spec;
}

class LocalOrchestratorTest : public ::testing::Test {
 protected:
  LocalOrchestratorTest() {
    BATON_CHECK(world_.tools.Add(std::make_unique<NotesTool>()).ok(), "tool");
    world_.agents.AddWorkflow(ConversationAgent("chat", {{"search_documents"}}));
  }

  static TurnRequest Turn(std::string query, std::string conversation = "c") {
    return {.user_id = "u", .conversation_id = std::move(conversation), .query = std::move(query)};
  }
  static TurnRequest ResumeTurn(std::string conversation = "c") {
    return {.user_id = "u", .conversation_id = std::move(conversation), .resume = true};
  }
  static std::vector<std::string> TypesOf(const Transcript& transcript) {
    std::vector<std::string> types;
    for (const Chunk& chunk : transcript.chunks) types.push_back(chunk.type);
    return types;
  }
  static void ExpectWhole(const Transcript& transcript, std::int64_t first = 1) {
    EXPECT_TRUE(transcript.status.ok()) << transcript.status.ToString();
    for (std::size_t i = 0; i < transcript.chunks.size(); ++i) {
      EXPECT_EQ(transcript.chunks[i].seq, static_cast<std::int64_t>(i) + first);
      EXPECT_EQ(transcript.chunks[i].run_id, transcript.run_id());
    }
  }
  // A turn that stands at `gate` after its first words.
  static ScriptedTurn HeldAt(const std::shared_ptr<Gate>& gate) {
    ScriptedTurn turn;
    turn.pieces = {{"Before. ", nullptr}, {"After.", gate}};
    return turn;
  }

  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

TEST_F(LocalOrchestratorTest, ATurnStreamsStatusContentAndComplete) {
  world_.Start();
  model_->Add(SaysInPieces({"Hello, ", "you."}));
  const Transcript turn = world_.Turn(Turn("hi"));
  ExpectWhole(turn);
  ASSERT_GE(turn.chunks.size(), 3U);
  const Chunk& first = turn.chunks.front();
  EXPECT_EQ(first.type, "status");
  EXPECT_EQ(first.agent_name, "orchestrator");
  EXPECT_EQ(first.metadata.at("agent"), "chat_agent");
  EXPECT_TRUE(first.metadata.contains("confidence"));
  EXPECT_TRUE(first.metadata.contains("reason"));
  EXPECT_FALSE(first.timestamp.empty());
  EXPECT_EQ(turn.chunks[1].type, "agent_update");
  EXPECT_EQ(turn.chunks[2].type, "content");
  EXPECT_EQ(turn.chunks[2].agent_name, "chat_agent");
  const Chunk& last = turn.chunks.back();
  EXPECT_EQ(last.type, "complete");
  EXPECT_EQ(last.agent_name, "system");
  EXPECT_EQ(last.metadata.at("state"), "completed");
  EXPECT_EQ(last.metadata.at("sources"), "[]");
  EXPECT_FALSE(last.metadata.at("message_id").empty());
  EXPECT_EQ(turn.answer(), "Hello, you.");
  EXPECT_EQ(world_.Answers("u:c"), (std::vector<std::string>{"Hello, you."}));
  EXPECT_EQ(world_.StateOf(turn.run_id()), "completed");
}

TEST_F(LocalOrchestratorTest, TheDecisionIsToldWithItsAlternativesAndCounted) {
  agents::AgentSpec notes = ConversationAgent("research");
  notes.when = "Questions about notes.";
  notes.examples = {"What do my notes say?", "Search my notes", "Find it in my notes"};
  world_.agents.AddWorkflow(std::move(notes));
  world_.Start();
  model_->Add(Says("They say hello."));
  const Transcript turn = world_.Turn(Turn("what do my notes say about bees"));
  const Chunk& update = turn.chunks.at(1);
  EXPECT_EQ(update.type, "agent_update");
  EXPECT_EQ(update.agent_name, "orchestrator");
  EXPECT_EQ(update.metadata.at("agent"), "research_agent");
  EXPECT_EQ(update.metadata.at("decided_by"), "offline");
  EXPECT_NE(update.metadata.at("reason").find("'notes'"), std::string::npos);
  EXPECT_NE(update.metadata.at("alternatives").find("chat_agent"), std::string::npos);
  EXPECT_FALSE(update.metadata.contains("locked_agent"));
  EXPECT_NE(
      world_.metrics.Render().find(R"(baton_turns_routed_total{agent="research",by="offline"} 1)"),
      std::string::npos);
}

TEST_F(LocalOrchestratorTest, ALockOutlivesTheProcessAndEndsWhenAskedTo) {
  world_.agents.AddWorkflow(ConversationAgent("wargaming"));
  world_.Start();
  const auto agent_of = [](const Transcript& turn) {
    return turn.chunks.at(1).metadata.at("agent");
  };
  const auto decided_by = [](const Transcript& turn) {
    return turn.chunks.at(1).metadata.at("decided_by");
  };
  for (int i = 0; i < 5; ++i) model_->Add(Says("Fine."));
  TurnRequest locking = Turn("hello");
  locking.locked_agent = "wargaming_agent";
  const Transcript first = world_.Turn(std::move(locking));
  EXPECT_EQ(agent_of(first), "wargaming_agent");
  EXPECT_EQ(first.chunks.at(1).metadata.at("locked_agent"), "wargaming_agent");
  world_.Stop();
  world_.Start();
  EXPECT_EQ(agent_of(world_.Turn(Turn("hello again"))), "wargaming_agent");
  EXPECT_EQ(decided_by(world_.Turn(Turn("hello", "another"))), "offline");
  const Transcript released = world_.Turn(Turn("stop using the wargaming agent"));
  EXPECT_EQ(agent_of(released), "chat_agent");
  EXPECT_EQ(released.chunks.at(1).metadata.at("locked_agent"), "");
  EXPECT_EQ(decided_by(world_.Turn(Turn("hello"))), "offline");
}

TEST_F(LocalOrchestratorTest, ToolCallsAreShownAndNamedFromThenOn) {
  world_.Start();
  model_->Add(Calls("search_documents", {{"query", "backup"}}));
  model_->Add(Says("Daily [1]."));
  const Transcript turn = world_.Turn(Turn("when?"));
  ExpectWhole(turn);
  std::vector<json::Value> calls;
  bool used = false;
  for (const Chunk& chunk : turn.chunks) {
    if (chunk.type == "tool_call") {
      calls.push_back(json::Parse(chunk.message).value());
      EXPECT_EQ(chunk.agent_name, "chat_agent");
      used = true;
    }
    EXPECT_EQ(chunk.tools_used.size(), used ? 1U : 0U) << chunk.type;
  }
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(json::GetString(calls[0], "phase"), "start");
  EXPECT_EQ(json::GetString(calls[0], "tool"), "search_documents");
  EXPECT_EQ(json::GetString(*json::Find(calls[0], "arguments"), "query"), "backup");
  EXPECT_EQ(json::GetString(calls[1], "phase"), "end");
  EXPECT_EQ(json::GetString(calls[1], "summary"), "1 source");
  EXPECT_EQ(json::GetString(calls[1], "call_id"), json::GetString(calls[0], "call_id"));
  EXPECT_NE(turn.meta("sources").find("backups.md"), std::string::npos) << turn.meta("sources");
}

TEST_F(LocalOrchestratorTest, AFailedToolCallIsShownAsOne) {
  world_.Start();
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("Nothing."));
  const Transcript turn = world_.Turn(Turn("when?"));
  std::string phases;
  for (const Chunk& chunk : turn.chunks) {
    if (chunk.type != "tool_call") continue;
    const json::Value call = json::Parse(chunk.message).value();
    phases += json::GetString(call, "phase");
    if (json::GetString(call, "phase") == "error") {
      EXPECT_EQ(json::GetString(call, "summary"), "no notes at all");
    }
  }
  EXPECT_EQ(phases, "starterror");
}

TEST_F(LocalOrchestratorTest, HistoryIsKeptOverTurnsAndRestarts) {
  world_.Start();
  model_->Add(Says("One."));
  model_->Add(Says("Two."));
  EXPECT_EQ(world_.Turn(Turn("first")).answer(), "One.");
  world_.Stop();
  world_.Start();
  EXPECT_EQ(world_.Turn(Turn("second")).answer(), "Two.");
  const auto requests = model_->requests();
  ASSERT_EQ(requests.size(), 2U);
  std::vector<std::string> seen;
  for (const llm::Message& message : requests[1].messages) {
    if (message.role != llm::Role::kSystem) seen.push_back(message.content);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "One.", "second"}));
}

TEST_F(LocalOrchestratorTest, TheRequestsHistoryCountsWhereTheStoreHasNoneAndIsKept) {
  world_.Start();
  model_->Add(Says("a1"));
  model_->Add(Says("a2"));
  TurnRequest request = Turn("q1");
  request.history = {{.role = "user", .content = "old question"},
                     {.role = "assistant", .content = "old answer"},
                     {.role = "user", .content = "q1"}};
  world_.Turn(request);
  request = Turn("q2");
  request.history = {{.role = "user", .content = "something else entirely"}};
  world_.Turn(request);
  const auto requests = model_->requests();
  std::vector<std::string> seen;
  for (const llm::Message& message : requests.back().messages) {
    if (message.role != llm::Role::kSystem) seen.push_back(message.content);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"old question", "old answer", "q1", "a1", "q2"}));
}

TEST_F(LocalOrchestratorTest, PersonaAndOpenFileReachTheModel) {
  world_.Start();
  model_->Add(Says("ok"));
  TurnRequest request = Turn("what is open?");
  request.persona.ai_name = "Kodex";
  request.editor =
      ActiveEditor{.is_editable = true, .filename = "plan.md", .content = "```\nthe plan\n```"};
  world_.Turn(request);
  const std::string system = model_->requests().back().messages.front().content;
  EXPECT_NE(system.find("You are Kodex."), std::string::npos) << system;
  EXPECT_NE(system.find("plan.md"), std::string::npos) << system;
  EXPECT_NE(system.find("````\n```\nthe plan"), std::string::npos) << system;
}

TEST_F(LocalOrchestratorTest, OfALargeOpenFileTheBeginIsKept) {
  world_.Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  TurnRequest turn = Turn("what is this?");
  turn.editor = ActiveEditor{.filename = "big.md", .content = std::string(9U << 20U, 'x')};
  auto stream = world_.Open(world_.runtime.At(0), turn);
  async::BlockOn(gate->Reached());
  const auto stored = world_.Query("SELECT LENGTH(request) FROM run_requests").Int(0, 0);
  EXPECT_LT(stored, static_cast<std::int64_t>(kMaxKeptEditorBytes + 1000));
  const std::string system = model_->requests().back().messages.front().content;
  EXPECT_NE(system.find("Only the first 262144 of its 9437184 bytes follow."), std::string::npos);
  gate->Open();
  async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
}

TEST_F(LocalOrchestratorTest, AnUnknownAgentIsRefused) {
  world_.Start();
  TurnRequest request = Turn("hi");
  request.agent_type = "wizard";
  const Transcript turn = world_.Turn(request);
  EXPECT_EQ(turn.status.ToString(), "INVALID_ARGUMENT: agent 'wizard' is not known; known: chat");
}

TEST_F(LocalOrchestratorTest, AFailedRunEndsWithAnErrorAndKeepsTheQuestion) {
  world_.Start();
  model_->Add(Fails(Status(Code::kInvalidArgument, "context too long")));
  const Transcript turn = world_.Turn(Turn("hi"));
  EXPECT_TRUE(turn.status.ok());
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_EQ(turn.meta("code"), "INVALID_ARGUMENT");
  EXPECT_EQ(turn.meta("state"), "failed");
  EXPECT_NE(turn.chunks.back().message.find("context too long"), std::string::npos);
  EXPECT_EQ(world_.StateOf(turn.run_id()), "failed");
  EXPECT_TRUE(world_.Answers("u:c").empty());
  EXPECT_EQ(world_.Query("SELECT content FROM messages").Text(0, 0), "hi");
  model_->Add(Says("better"));
  EXPECT_EQ(world_.Turn(Turn("again")).answer(), "better");
}

TEST_F(LocalOrchestratorTest, AFailureInStorageIsInTheStoreAndNotInTheErrorChunk) {
  world_.Start();
  model_->Add(Fails(Status(Code::kInvalidArgument, "SELECT secret")
                        .With(std::string(kInternalDetail), "storage")));
  const Transcript turn = world_.Turn(Turn("hi"));
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_TRUE(turn.chunks.back().message.starts_with("internal error err_"));
  EXPECT_EQ(turn.chunks.back().message.find("secret"), std::string::npos);
  EXPECT_NE(world_.Query("SELECT error FROM runs").Text(0, 0).find("secret"), std::string::npos);
}

TEST_F(LocalOrchestratorTest, ARetriedModelCallSupersedesItsFirstWords) {
  world_.Start();
  model_->Add(BreaksOffAfter({"Wrong ", "start"}));
  model_->Add(SaysInPieces({"Right ", "answer"}));
  const Transcript turn = world_.Turn(Turn("hi"));
  ExpectWhole(turn);
  EXPECT_EQ(turn.answer(), "Right answer");
  EXPECT_EQ(world_.Answers("u:c").back(), "Right answer");
}

TEST_F(LocalOrchestratorTest, ABusyConversationIsRefusedAndTheRunNamed) {
  world_.Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  auto stream = world_.Open(world_.runtime.At(0), Turn("one"));
  async::BlockOn(gate->Reached());
  TurnRequest impatient = Turn("two");
  impatient.on_busy = "reject";
  const Transcript second = world_.Turn(impatient);
  EXPECT_EQ(second.status.code(), Code::kFailedPrecondition);
  EXPECT_NE(second.status.message().find("conversation 'c' is busy with run run_"),
            std::string::npos)
      << second.status.message();
  TurnRequest for_nobody = impatient;
  for_nobody.agent_type = "nobody";
  EXPECT_EQ(world_.Turn(for_nobody).status.message(), second.status.message())
      << "refused before an agent is chosen";
  model_->Add(Says("elsewhere"));
  EXPECT_EQ(world_.Turn(Turn("two", "other")).answer(), "elsewhere");
  gate->Open();
  EXPECT_EQ(async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream)).answer(), "Before. After.");
}

TEST_F(LocalOrchestratorTest, ResumeReplaysAndFollowsWithoutGapOrDouble) {
  world_.Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  auto stream = world_.Open(world_.runtime.At(0), Turn("one"));
  async::BlockOn(gate->Reached());
  auto joined = world_.Open(world_.runtime.At(1), ResumeTurn());
  TurnRequest later = ResumeTurn();
  later.from_seq = 1;
  auto joined_later = world_.Open(world_.runtime.At(1), later);
  gate->Open();
  const Transcript original = async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  const Transcript copy = async::BlockOn(world_.runtime.At(1), ReadToEnd(*joined));
  ExpectWhole(copy);
  EXPECT_EQ(copy.answer(), "Before. After.");
  EXPECT_EQ(TypesOf(copy), TypesOf(original));
  ExpectWhole(async::BlockOn(world_.runtime.At(1), ReadToEnd(*joined_later)), 2);
  const Transcript afterwards = world_.Turn(ResumeTurn());
  EXPECT_EQ(TypesOf(afterwards), TypesOf(original));
  EXPECT_EQ(afterwards.chunks.back().metadata, original.chunks.back().metadata);
}

TEST_F(LocalOrchestratorTest, OnlyTheOwnerResumes) {
  world_.Start();
  model_->Add(Says("secret"));
  const Transcript turn = world_.Turn(Turn("hi"));
  TurnRequest foreign = ResumeTurn();
  foreign.user_id = "mallory";
  EXPECT_EQ(world_.Turn(foreign).status.code(), Code::kNotFound);
  foreign.run_id = turn.run_id();
  EXPECT_EQ(world_.Turn(foreign).status.code(), Code::kNotFound);
  EXPECT_EQ(world_.Turn(ResumeTurn("unheard of")).status.code(), Code::kNotFound);
}

TEST_F(LocalOrchestratorTest, AJoinerThatGoesAwayCancelsNothing) {
  world_.Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  auto stream = world_.Open(world_.runtime.At(0), Turn("hi"));
  async::BlockOn(gate->Reached());
  world_.Open(world_.runtime.At(1), ResumeTurn()).reset();
  gate->Open();
  EXPECT_EQ(async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream)).answer(), "Before. After.");
}

TEST_F(LocalOrchestratorTest, ShutdownSuspendsAndTheNextStartResumes) {
  world_.Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  auto stream = world_.Open(world_.runtime.At(0), Turn("hi"));
  async::BlockOn(gate->Reached());
  async::BlockOn(world_.orchestrator->Shutdown());
  const Transcript cut = async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  EXPECT_EQ(cut.status.code(), Code::kUnavailable);
  EXPECT_EQ(cut.status.message(),
            fmt::format("the server is shutting down; resume with run {}", cut.run_id()));
  EXPECT_EQ(world_.StateOf(cut.run_id()), "running");
  EXPECT_EQ(world_.Turn(Turn("x", "other")).status.code(), Code::kUnavailable);
  stream.reset();
  world_.Stop();

  model_->Add(Says("Whole answer."));
  world_.Start();
  const Transcript resumed = world_.Turn(ResumeTurn());
  ExpectWhole(resumed);
  EXPECT_EQ(resumed.run_id(), cut.run_id());
  EXPECT_EQ(resumed.answer(), "Whole answer.");
  EXPECT_EQ(world_.Answers("u:c"), (std::vector<std::string>{"Whole answer."}));
  EXPECT_EQ(world_.Query("SELECT crashes FROM runs").Int(0, 0), 0);
}

TEST_F(LocalOrchestratorTest, AboveTheLimitTurnsAreRefused) {
  world_.Start({.max_runs = 1});
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  auto stream = world_.Open(world_.runtime.At(0), Turn("hi"));
  async::BlockOn(gate->Reached());
  EXPECT_EQ(world_.Turn(Turn("x", "other")).status.code(), Code::kResourceExhausted);
  TurnRequest for_nobody = Turn("x", "other");
  for_nobody.agent_type = "nobody";
  EXPECT_EQ(world_.Turn(for_nobody).status.code(), Code::kResourceExhausted)
      << "refused before an agent is chosen";
  gate->Open();
  async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  model_->Add(Says("now"));
  EXPECT_EQ(world_.Turn(Turn("x", "other")).answer(), "now");
}

TEST_F(LocalOrchestratorTest, AboveAUsersLimitOnlyTheirTurnsAreRefused) {
  world_.Start({.max_runs_per_user = 1});
  const auto gate = std::make_shared<Gate>();
  model_->Add(HeldAt(gate));
  auto stream = world_.Open(world_.runtime.At(0), Turn("hi"));
  async::BlockOn(gate->Reached());
  const Status refused = world_.Turn(Turn("x", "other")).status;
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_NE(refused.message().find("the limit is 1 (runs.per_user)"), std::string::npos);
  model_->Add(Says("mine"));
  TurnRequest anothers = Turn("x", "other");
  anothers.user_id = "v";
  EXPECT_EQ(world_.Turn(anothers).answer(), "mine");
  gate->Open();
  async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  model_->Add(Says("now"));
  EXPECT_EQ(world_.Turn(Turn("x", "other")).answer(), "now");
}

TEST_F(LocalOrchestratorTest, ConversationsThatRunTogetherNeverMix) {
  world_.Start({.max_runs_per_user = 1000});
  model_->AnswerOthers([](const llm::ChatRequest& request) {
    const std::string& query = request.messages.back().content;
    if (request.messages.back().role == llm::Role::kTool) {
      const std::string& asked = request.messages[request.messages.size() - 3].content;
      return SaysInPieces({"answer ", "to ", asked, " from ", query});
    }
    return Calls("search_documents", {{"query", query}});
  });
  constexpr int kConversations = 50;
  std::vector<std::unique_ptr<ChunkStream>> streams;
  for (int i = 0; i < kConversations; ++i) {
    TurnRequest request = Turn(fmt::format("nonce{}", i), fmt::format("c{}", i));
    request.user_id = fmt::format("user{}", i);
    request.agent_type = "chat";
    streams.push_back(world_.Open(world_.runtime.At(static_cast<std::size_t>(i)), request));
  }
  for (int i = 0; i < kConversations; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const Transcript turn = async::BlockOn(world_.runtime.At(index), ReadToEnd(*streams[index]));
    ExpectWhole(turn);
    EXPECT_EQ(turn.answer().substr(0, turn.answer().find(" from ")),
              fmt::format("answer to nonce{}", i));
    EXPECT_NE(turn.answer().find(fmt::format("notes of user{}", i)), std::string::npos);
    for (const Chunk& chunk : turn.chunks) {
      if (chunk.type != "tool_call") continue;
      EXPECT_NE(chunk.message.find(fmt::format("\"nonce{}\"", i)), std::string::npos);
    }
  }
}

TEST_F(LocalOrchestratorTest, AFinishedRunLeavesNoCheckpointsAndNoRequest) {
  world_.Start();
  model_->Add(Says("x"));
  const Transcript turn = world_.Turn(Turn("hi"));
  world_.Stop();  // waits for what comes after the stream
  EXPECT_TRUE(world_.Query("SELECT run_id FROM run_requests").rows.empty());
  EXPECT_FALSE(world_.HasCheckpoints("u:c/" + turn.run_id()));
}

}  // namespace
}  // namespace baton::runs
