// What becomes of tasks whose rows, runs or conversations are not as a worker left them.
#include "runs/conversation_store.h"
#include "runs/testing/task_queue_fixture.h"

namespace baton::runs::tasks {
namespace {

class TaskRecoveryTest : public TaskQueueTest {
 protected:
  void DeleteConversation(const std::string& conversation_id) {
    const auto checkpoints = world_.MakeCheckpoints();
    ConversationStore conversations(*world_.database, *checkpoints, world_.clock(), world_.ids());
    const Status deleted = BlockOn(conversations.Delete("u", conversation_id));
    BATON_CHECK(deleted.ok(), deleted.ToString());
  }
  void ExpectGoneWithItsConversation(const std::string& id) {
    const TaskStatus task = Await(id);
    EXPECT_EQ(task.state, TaskState::kCancelled);
    EXPECT_EQ(task.error, "its conversation was deleted");
    EXPECT_EQ(CountRuns(), 0);
    EXPECT_EQ(model_->requests().size(), 1U);
  }
};

TEST_P(TaskRecoveryTest, ATaskWhoseConversationIsDeletedWhileItWaitsIsNotBegunAgain) {
  Start();
  model_->Add(Calls("consult", {}));
  const std::string id = StartTask(TaskOf("may I?"));
  ASSERT_EQ(AwaitState(id, TaskState::kWaiting).state, TaskState::kWaiting);
  DeleteConversation(id);
  ExpectGoneWithItsConversation(id);
}

TEST_P(TaskRecoveryTest, NorIsOneThatWasQueuedAgainBefore) {
  Start();
  model_->Add(Calls("consult", {}));
  const std::string id = StartTask(TaskOf("may I?"));
  ASSERT_EQ(AwaitState(id, TaskState::kWaiting).state, TaskState::kWaiting);
  Stop();
  TaskStore store(*world_.database, world_.clock());
  const auto waiting = BlockOn(store.Find("u", id));
  ASSERT_TRUE(waiting);
  ASSERT_TRUE(BlockOn(store.Move(*waiting, {.to = TaskState::kQueued, .goes_first = true})).ok());
  DeleteConversation(id);
  Start();
  ExpectGoneWithItsConversation(id);
}

TEST_P(TaskRecoveryTest, NorIsAKeyedRunThatWasDeleted) {
  Start();
  model_->Add(Says("Done."));
  TurnRequest turn;
  turn.user_id = "u";
  turn.conversation_id = "c";
  turn.query = "work";
  turn.agent_type = "chat";
  turn.idempotency_key = "k";
  EXPECT_EQ(world_.Turn(turn).answer(), "Done.");
  DeleteConversation("c");
  EXPECT_EQ(world_.Turn(turn).status.code(), Code::kNotFound);
  EXPECT_EQ(model_->requests().size(), 1U);
}

TEST_P(TaskRecoveryTest, ACancelledTaskWhoseRunHasNotBegunNeverBegins) {
  Start();
  Stop();
  // A process claims it, is told to cancel it, and dies before the run begins.
  TaskStore store(*world_.database, world_.clock());
  const NewTask task = TaskOf("work");
  const TaskStatus status = NewStatusOf(task, "task_1", world_.clock().Now());
  ASSERT_TRUE(BlockOn(store.Add(task, status)).ok());
  ASSERT_TRUE(BlockOn(store.Claim("claim", "other", world_.clock().Now())));
  ASSERT_TRUE(BlockOn(store.MarkCancelling("task_1")).ok());
  Start();
  const TaskStatus ended = Await("task_1");
  EXPECT_EQ(ended.state, TaskState::kCancelled);
  EXPECT_EQ(ended.error, "cancelled by its user");
  EXPECT_EQ(CountRuns(), 0);
  EXPECT_TRUE(model_->requests().empty());
}

TEST_P(TaskRecoveryTest, ATaskThatWasPutBackIsCancelledAtOnce) {
  Start();
  const BusyPair pair = StartBusyPair();
  EXPECT_EQ(BlockOn(queue_->Cancel("u", pair.second)).value().state, TaskState::kCancelled);
  pair.gate->Open();
  EXPECT_EQ(Await(pair.first).result, "One.");
  EXPECT_EQ(CountRuns(), 1);
}

TEST_P(TaskRecoveryTest, WhatCannotBeReadFailsAloneAndSaysSo) {
  Start();
  NewTask later = TaskOf("work");
  later.run_at = "2999-01-01T00:00:00Z";
  const std::string text_lost = StartTask(later);
  later.repeat = "every 1m";
  const std::string rule_lost = StartTask(later);
  Stop();
  Change("UPDATE task_texts SET request = '{' WHERE task_id = $1", {text_lost});
  Change("UPDATE tasks SET due_at = '2020-01-01T00:00:00.000000Z' WHERE task_id = $1", {text_lost});
  Change(
      "UPDATE tasks SET due_at = '2020-01-01T00:00:00.000000Z', repeat = 'now and then' "
      "WHERE task_id = $1",
      {rule_lost});
  model_->Add(Says("Done."));
  Start();
  EXPECT_EQ(Await(StartTask(TaskOf("other"))).result, "Done.");
  while (BlockOn(queue_->List({.user_id = "u", .state = TaskState::kFailed})).value().tasks.size() <
         2) {
  }
  const TaskStatus rule = BlockOn(queue_->Get("u", rule_lost)).value();
  EXPECT_NE(rule.error.find("now and then"), std::string::npos) << rule.error;
  EXPECT_EQ(CountRuns(), 1);
}

INSTANTIATE_TEST_SUITE_P(Databases, TaskRecoveryTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs::tasks
