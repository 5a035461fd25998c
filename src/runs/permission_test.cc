// Runs that ask before they act: answered by RPC, in chat or in the stream, once, in time, after
// a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runs/testing/permission_fixture.h"

namespace baton::runs {
namespace {

using baton::testing::Calls;
using baton::testing::Says;
using baton::testing::ScriptedTurn;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PermissionTest;
using ::testing::SizeIs;
using testing::Transcript;

TEST_F(PermissionTest, WhatIsSentIsAskedAboutAndAnApprovalLetsTheRunGoOn) {
  world_.Start();
  const Transcript asked = AskToSend("Sent.");
  EXPECT_THAT(mail_->changes(), IsEmpty());
  const auto pending = Pending();
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_EQ(pending[0].tool, "send_mail");
  EXPECT_EQ(pending[0].operation, "send");
  EXPECT_EQ(pending[0].safety_level, "high");
  EXPECT_EQ(pending[0].run_id, asked.run_id());
  EXPECT_EQ(json::Serialize(pending[0].arguments), R"({"text":"hello"})");
  EXPECT_THAT(pending[0].reason, HasSubstr("sends something"));
  EXPECT_THAT(Pending("u", "other"), IsEmpty());

  const auto outcome = Answer(WordOn(pending[0]));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().ToString();
  EXPECT_TRUE(outcome->accepted);
  EXPECT_EQ(outcome->next_action, "continue");
  const Transcript whole = Replay(asked.run_id());
  EXPECT_EQ(whole.answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
  EXPECT_THAT(Pending(), IsEmpty());
  EXPECT_THAT(Audit(), ::testing::UnorderedElementsAre("asked send_mail by policy",
                                                       "approved send_mail by rpc"));
}

TEST_F(PermissionTest, OfTwoAnswersTheFirstCountsAndTheSecondIsTold) {
  world_.Start();
  const Transcript asked = AskToSend("Then not.");
  const auto pending = Pending();
  ASSERT_TRUE(Answer(WordOn(pending.at(0), false))->accepted);
  const auto second = Answer(WordOn(pending.at(0), true));
  ASSERT_TRUE(second.has_value()) << second.error().ToString();
  EXPECT_FALSE(second->accepted);
  EXPECT_EQ(second->next_action, "none");
  EXPECT_THAT(second->message, HasSubstr("answered already: denied"));
  EXPECT_EQ(Replay(asked.run_id()).answer(), "Then not.");
  EXPECT_EQ(LastSeen(), "The user did not allow this.");
  EXPECT_THAT(mail_->changes(), IsEmpty());

  TurnRequest late{.user_id = "u", .conversation_id = "c", .resume = true};
  late.answers = {{pending[0].question_id, R"({"approved": true})"}};
  const Transcript told = world_.Turn(late);
  EXPECT_EQ(told.status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(told.status.message(), HasSubstr("answered already"));
}

TEST_F(PermissionTest, AnothersQuestionIsNotThere) {
  world_.Start();
  AskToSend("Sent.");
  const auto pending = Pending();
  PermissionAnswer answer = WordOn(pending.at(0));
  answer.user_id = "eve";
  EXPECT_EQ(Answer(answer).error().code(), Code::kNotFound);
  answer = {.user_id = "eve", .conversation_id = "c", .operation = "send", .approved = true};
  EXPECT_EQ(Answer(answer).error().code(), Code::kNotFound);
  EXPECT_THAT(Pending("eve"), IsEmpty());
  EXPECT_THAT(Pending(), SizeIs(1));
}

TEST_F(PermissionTest, AnApprovalCountsAfterARestart) {
  world_.Start();
  const Transcript asked = AskToSend("Sent.");
  world_.Stop();
  world_.Start();
  ASSERT_TRUE(
      Answer({.user_id = "u", .conversation_id = "c", .operation = "send", .approved = true})
          ->accepted);
  EXPECT_EQ(Replay(asked.run_id()).answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
}

TEST_F(PermissionTest, AQuestionThatNobodyAnswersExpires) {
  world_.Start({.answer_within = std::chrono::hours(1)});
  const Transcript asked = AskToSend("Without.");
  const auto pending = Pending();
  clock_.Advance(std::chrono::minutes(61));
  EXPECT_THAT(Pending(), IsEmpty());
  const auto late = Answer(WordOn(pending.at(0)));
  EXPECT_FALSE(late->accepted);
  EXPECT_THAT(late->message, HasSubstr("expired"));
  world_.Stop();
  world_.Start();  // looks what is due
  EXPECT_EQ(Replay(asked.run_id()).answer(), "Without.");
  EXPECT_THAT(LastSeen(), HasSubstr("Nobody answered in time."));
  EXPECT_THAT(Answer(WordOn(pending[0]))->message, HasSubstr("expired"));
  EXPECT_THAT(mail_->changes(), IsEmpty());
}

TEST_F(PermissionTest, AnAnswerInTimeCountsHoweverLateItIsActedUpon) {
  world_.Start({.answer_within = std::chrono::hours(1)});
  const Transcript asked = AskToSend("Sent.");
  const auto question = Pending().at(0).question_id;
  world_.Stop();
  {  // a process that dies between the answer and the act
    PermissionStore store(*world_.database, clock_);
    const auto row = async::BlockOn(store.Find("u", question)).value();
    std::vector<PermissionDecision> decisions;
    decisions.push_back({row, "approved", R"({"approved":true})", "rpc", std::nullopt});
    ASSERT_TRUE(async::BlockOn(store.Decide(decisions)).ok());
  }
  clock_.Advance(std::chrono::hours(48));
  world_.Start();
  EXPECT_EQ(Replay(asked.run_id()).answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
}

TEST_F(PermissionTest, AClearYesInChatIsAnAnswer) {
  world_.Start();
  const Transcript asked = AskToSend("Sent.");
  const Transcript answered = world_.Turn(Turn("Yes, please!"));
  EXPECT_EQ(answered.run_id(), asked.run_id());
  EXPECT_EQ(answered.answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
  EXPECT_THAT(Audit(), ::testing::Contains("approved send_mail by chat"));
  EXPECT_THAT(Messages(), ElementsAre("user: write to Bob", "user post: Yes, please!",
                                      "assistant post: Sent."));
  model_->Add(Says("You are welcome."));
  EXPECT_NE(world_.Turn(Turn("yes")).run_id(), asked.run_id()) << "nothing is asked any more";
}

TEST_F(PermissionTest, WhatWasAnsweredIsNotWhatIsAskedAgain) {
  world_.Start();
  AskToSend("Sent.");
  ASSERT_EQ(world_.Turn(Turn("yes")).answer(), "Sent.");
  const auto rows = async::BlockOn(
      world_.database->Read({"SELECT message_id FROM messages WHERE content = 'yes'", {}}));
  TurnRequest edit = Turn("no");
  edit.edit_message_id = rows->Text(0, 0);
  EXPECT_THAT(world_.Turn(edit).status.message(), HasSubstr("edit the message before it"));
  model_->Add(Says("Nothing to send."));
  TurnRequest again = Turn("");
  again.regenerate = true;
  EXPECT_EQ(world_.Turn(again).answer(), "Nothing to send.");
  EXPECT_EQ(LastSeen(), "write to Bob");
  EXPECT_THAT(Messages(), ElementsAre("user: write to Bob", "assistant post: Nothing to send."));
}

TEST_F(PermissionTest, AYesThatIsSentAgainWithItsKeyAnswersNoOtherQuestion) {
  world_.Start();
  model_->Add(Sends("first"));
  model_->Add(Sends("second"));
  model_->Add(Says("Never said."));
  ASSERT_EQ(world_.Turn(Turn("write to Bob")).meta("state"), "waiting");
  TurnRequest yes = Turn("yes");
  yes.idempotency_key = "k1";
  const Transcript answered = world_.Turn(yes);
  EXPECT_EQ(answered.meta("state"), "waiting");  // with its second question
  const Transcript again = world_.Turn(yes);
  EXPECT_EQ(again.run_id(), answered.run_id());
  EXPECT_EQ(again.meta("state"), "waiting");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
  EXPECT_THAT(Pending(), SizeIs(1));
  EXPECT_THAT(Messages(), ElementsAre("user: write to Bob", "user post: yes"));
}

TEST_F(PermissionTest, ANoInChatLetsTheAgentGoOnWithout) {
  world_.Start();
  const Transcript asked = AskToSend("Then not.");
  const Transcript answered = world_.Turn(Turn("no, not today"));
  EXPECT_EQ(answered.run_id(), asked.run_id());
  EXPECT_EQ(answered.answer(), "Then not.");
  EXPECT_THAT(mail_->changes(), IsEmpty());
}

TEST_F(PermissionTest, TheTextOfATaskIsNoConsent) {
  world_.Start();
  const Transcript asked = AskToSend("Sent.");
  TurnRequest task = Turn("Yes, please!");
  task.background_run_id = "run_task";
  EXPECT_NE(world_.Turn(task).run_id(), asked.run_id());
  EXPECT_EQ(world_.StateOf(asked.run_id()), "waiting");
  EXPECT_THAT(mail_->changes(), IsEmpty());
}

TEST_F(PermissionTest, AnyOtherMessageIsANewTurnAndNoConsent) {
  world_.Start();
  for (const std::string message : {"why?", "book a table", "ok but to whom?", "yes, tomorrow"}) {
    model_->Add(Sends("hello"));
    const Transcript asked = world_.Turn(Turn("write to Bob"));
    ASSERT_EQ(asked.meta("state"), "waiting");
    model_->Add(Says("Something else."));
    const Transcript next = world_.Turn(Turn(message));
    EXPECT_NE(next.run_id(), asked.run_id()) << message;
    EXPECT_EQ(world_.StateOf(asked.run_id()), "cancelled") << message;
  }
  EXPECT_THAT(mail_->changes(), IsEmpty());
  EXPECT_THAT(Pending(), IsEmpty());
}

TEST_F(PermissionTest, ConsentForAPlaceIsNoneForAnother) {
  world_.Start();
  AskToSend("Then not.");
  EXPECT_EQ(world_.Turn(Turn("yes but only example.org")).answer(), "Then not.");
  EXPECT_THAT(LastSeen(), HasSubstr("only for example.org"));
  EXPECT_THAT(mail_->changes(), IsEmpty());
}

TEST_F(PermissionTest, ALimitThatIsNotUnderstoodIsNotLostFromAnApproval) {
  world_.Start();
  const Transcript asked = AskToSend("Sent.");
  const std::string id = Pending().at(0).question_id;
  TurnRequest answer{
      .user_id = "u", .conversation_id = "c", .resume = true, .run_id = asked.run_id()};
  for (const char* text :
       {R"({"approved":true,"only":{"domains":"example.org"}})",
        R"({"approved":true,"domain":"example.org"})", R"({"approved":true,"scope":"for ever"})"}) {
    for (const std::string& key : {id, std::string()}) {
      answer.answers = {{key, text}};
      EXPECT_EQ(world_.Turn(answer).status.code(), Code::kInvalidArgument) << text;
    }
  }
  EXPECT_THAT(mail_->changes(), IsEmpty());
  EXPECT_THAT(Pending(), SizeIs(1)) << "it is still open";

  answer.answers = {{id, R"({"approved":true,"scope":"once","only":{},"note":"go"})"}};
  EXPECT_EQ(world_.Turn(answer).answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
}

TEST_F(PermissionTest, CallsOfOneMessageAreAskedTogether) {
  world_.Start();
  ScriptedTurn both = Calls("send_mail", {{"text", "one"}}, "c1");
  both.tool_calls.push_back({"c2", "send_mail", {{"text", "two"}}});
  model_->Add(both);
  model_->Add(Says("One of them."));
  const Transcript asked = world_.Turn(Turn("write to both"));
  const auto pending = Pending();
  ASSERT_THAT(pending, SizeIs(2));
  const Transcript again = world_.Turn(Turn("yes"));
  EXPECT_EQ(again.run_id(), asked.run_id());
  EXPECT_THAT(again.chunks, SizeIs(1)) << "to which of them? The questions are shown again";
  EXPECT_EQ(again.meta("state"), "waiting");
  EXPECT_EQ(Answer({.user_id = "u", .conversation_id = "c", .operation = "send", .approved = true})
                .error()
                .code(),
            Code::kFailedPrecondition);
  const bool first_is_one = json::GetString(pending[0].arguments, "text") == "one";
  EXPECT_EQ(Answer(WordOn(pending[first_is_one ? 0 : 1]))->next_action, "wait");
  EXPECT_THAT(mail_->changes(), IsEmpty());
  EXPECT_EQ(Answer(WordOn(pending[first_is_one ? 1 : 0], false))->next_action, "continue");
  EXPECT_EQ(Replay(asked.run_id()).answer(), "One of them.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
}

TEST_F(PermissionTest, AGrantSparesTheQuestionUntilItIsRevoked) {
  world_.Start();
  AskToSend("Sent.");
  EXPECT_EQ(world_.Turn(Turn("yes, always")).answer(), "Sent.");
  const auto grants = async::BlockOn(permissions().ListGrants("u")).value();
  ASSERT_THAT(grants, SizeIs(1));
  EXPECT_EQ(grants[0].conversation_id, "");
  model_->Add(Sends("again"));
  model_->Add(Says("Sent again."));
  TurnRequest elsewhere = Turn("write to Bob");
  elsewhere.conversation_id = "d";
  EXPECT_EQ(world_.Turn(elsewhere).answer(), "Sent again.");
  EXPECT_THAT(mail_->changes(), SizeIs(2));
  EXPECT_THAT(Audit(), ::testing::Contains("used send_mail by " + grants[0].grant_id));

  EXPECT_EQ(async::BlockOn(permissions().RevokeGrant("eve", grants[0].grant_id)).code(),
            Code::kNotFound);
  ASSERT_TRUE(async::BlockOn(permissions().RevokeGrant("u", grants[0].grant_id)).ok());
  EXPECT_EQ(async::BlockOn(permissions().RevokeGrant("u", grants[0].grant_id)).code(),
            Code::kNotFound);
  EXPECT_THAT(async::BlockOn(permissions().ListGrants("u")).value(), IsEmpty());
  AskToSend("Sent.");
}

TEST_F(PermissionTest, AGrantForAConversationHoldsInNoOther) {
  world_.Start();
  AskToSend("Sent.");
  EXPECT_EQ(world_.Turn(Turn("yes, for this conversation")).answer(), "Sent.");
  model_->Add(Sends("again"));
  model_->Add(Says("Sent again."));
  EXPECT_EQ(world_.Turn(Turn("write to Bob")).answer(), "Sent again.");
  model_->Add(Sends("elsewhere"));
  TurnRequest elsewhere = Turn("write to Bob");
  elsewhere.conversation_id = "d";
  EXPECT_EQ(world_.Turn(elsewhere).meta("state"), "waiting");
  elsewhere.user_id = "eve";
  model_->Add(Sends("elsewhere"));
  EXPECT_EQ(world_.Turn(elsewhere).meta("state"), "waiting");
  EXPECT_THAT(mail_->changes(), SizeIs(2));
}

TEST_F(PermissionTest, GrantsOfTheRequestCountForThatRequest) {
  world_.Start();
  model_->Add(Sends("hello"));
  model_->Add(Says("Sent."));
  TurnRequest turn = Turn("write to Bob");
  turn.granted = {"send_mail"};
  EXPECT_EQ(world_.Turn(turn).answer(), "Sent.");
  EXPECT_THAT(Audit(), ElementsAre("used send_mail by request"));
  AskToSend("Sent.");
}

TEST_F(PermissionTest, TheAuditIsKeptForAsLongAsIsSaid) {
  world_.Start();
  AskToSend("Then not.");
  ASSERT_TRUE(Answer(WordOn(Pending().at(0), false))->accepted);
  clock_.Advance(std::chrono::days(364));
  world_.Stop();
  world_.Start();
  EXPECT_THAT(Audit(), SizeIs(2));
  clock_.Advance(std::chrono::days(2));
  world_.Stop();
  world_.Start({.audit_kept = std::chrono::days(0)});
  EXPECT_THAT(Audit(), SizeIs(2)) << "0 is for ever";
  world_.Stop();
  world_.Start();
  EXPECT_THAT(Audit(), IsEmpty());
}

TEST_F(PermissionTest, WhatThePolicyForbidsIsNotDoneAndNotAsked) {
  LocalOrchestratorOptions options;
  options.policy.rules = {{.user = "u",
                           .tool = "send_mail",
                           .decision = agents::Permission::kDeny,
                           .reason = "No mail."}};
  world_.Start(std::move(options));
  model_->Add(Sends("hello"));
  model_->Add(Says("I may not."));
  EXPECT_EQ(world_.Turn(Turn("write to Bob")).answer(), "I may not.");
  EXPECT_EQ(LastSeen(), "Not allowed: No mail.");
  EXPECT_THAT(Audit(), ElementsAre("refused send_mail by policy"));
}

}  // namespace
}  // namespace baton::runs
