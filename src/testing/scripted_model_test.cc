#include "testing/scripted_model.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/task_group.h"

namespace baton::testing {
namespace {

llm::ChatRequest ScriptRequest(std::string text) {
  llm::ChatRequest request;
  request.messages = {{.role = llm::Role::kUser, .content = std::move(text)}};
  return request;
}

async::Task<Result<llm::ChatResponse>> AskScript(ScriptedChatModel& model,
                                                 const llm::ChatRequest& request,
                                                 CollectingSink& sink) {
  co_return co_await model.Chat(request, &sink, Deadline::Never());
}

Result<llm::ChatResponse> Ask(ScriptedChatModel& model, std::string text, CollectingSink& sink) {
  return async::BlockOn(AskScript(model, ScriptRequest(std::move(text)), sink));
}

TEST(ScriptedChatModel, AnswersInOrderAndKeepsTheRequests) {
  ScriptedChatModel model({SaysInPieces({"a", "b"}), Calls("search", {{"query", "x"}})});
  CollectingSink sink;
  EXPECT_EQ(Ask(model, "one", sink)->message.content, "ab");
  EXPECT_EQ(sink.pieces(), (std::vector<std::string>{"a", "b"}));
  const Result<llm::ChatResponse> call = Ask(model, "two", sink);
  EXPECT_EQ(call->message.tool_calls.at(0).name, "search");
  EXPECT_EQ(call->finish_reason, llm::FinishReason::kToolCalls);
  ASSERT_EQ(model.requests().size(), 2U);
  EXPECT_EQ(model.requests()[1].messages[0].content, "two");
  EXPECT_EQ(model.unused_turns(), 0U);
}

TEST(ScriptedChatModel, PrefersTheTurnThatMatches) {
  ScriptedTurn for_judge = Says("enough");
  for_judge.matches = [](const llm::ChatRequest& request) {
    return request.messages.back().content.contains("judge");
  };
  ScriptedChatModel model({for_judge, Says("other")});
  CollectingSink sink;
  EXPECT_EQ(Ask(model, "hello", sink)->message.content, "other");
  EXPECT_EQ(Ask(model, "now judge", sink)->message.content, "enough");
}

TEST(ScriptedChatModel, FailsBeyondItsScript) {
  ScriptedChatModel model({Says("only")});
  CollectingSink sink;
  ASSERT_TRUE(Ask(model, "one", sink));
  const Result<llm::ChatResponse> second = Ask(model, "two", sink);
  EXPECT_EQ(second.error().code(), Code::kInternal);
  EXPECT_TRUE(second.error().message().contains("request 2 ('two')"));
}

TEST(ScriptedChatModel, BreaksOffAfterItsPieces) {
  ScriptedChatModel model({BreaksOffAfter({"half"}), Fails(Status(Code::kAborted, "no"))});
  CollectingSink sink;
  EXPECT_EQ(Ask(model, "x", sink).error().code(), Code::kUnavailable);
  EXPECT_EQ(sink.text(), "half");
  EXPECT_EQ(Ask(model, "x", sink).error().code(), Code::kAborted);
}

async::Task<void> StoreScripted(ScriptedChatModel& model, const llm::ChatRequest& request,
                                CollectingSink& sink, Status& status) {
  const Result<llm::ChatResponse> response = co_await model.Chat(request, &sink, Deadline::Never());
  status = response ? Status() : response.error();
}

enum class AtGate { kOpen, kCancel };

async::Task<Status> HoldAtGate(AtGate action, std::string& seen_while_held, std::string& seen) {
  const auto gate = std::make_shared<Gate>();
  ScriptedTurn turn = SaysInPieces({"before ", "after"});
  turn.pieces[1].gate = gate;
  ScriptedChatModel model({turn});
  const llm::ChatRequest request = ScriptRequest("x");
  CollectingSink sink;
  Status status;
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(StoreScripted(model, request, sink, status));
  co_await gate->Reached();
  seen_while_held = sink.text();
  if (action == AtGate::kOpen) gate->Open();
  if (action == AtGate::kCancel) group.Cancel(CancelReason::kUser);
  co_await group.Join();
  seen = sink.text();
  co_return status;
}

TEST(ScriptedChatModel, HoldsTheStreamAtAGateUntilItOpens) {
  std::string held;
  std::string seen;
  EXPECT_EQ(async::BlockOn(HoldAtGate(AtGate::kOpen, held, seen)), Status());
  EXPECT_EQ(held, "before ");
  EXPECT_EQ(seen, "before after");
}

TEST(ScriptedChatModel, IsCancelledAtAGate) {
  std::string held;
  std::string seen;
  EXPECT_EQ(async::BlockOn(HoldAtGate(AtGate::kCancel, held, seen)).code(), Code::kCancelled);
  EXPECT_EQ(seen, "before ");
}

}  // namespace
}  // namespace baton::testing
