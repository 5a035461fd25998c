#include "runs/tasks/task_queue.h"

#include <gtest/gtest.h>

#include "runs/testing/task_queue_fixture.h"
#include "testing/manual_clock.h"

namespace baton::runs::tasks {
namespace {

TEST_P(TaskQueueTest, ATaskIsCarriedOutAndWatched) {
  Start();
  model_->Add(Says("Done."));
  const std::string id = StartTask(TaskOf("work"));
  const auto events = BlockOn(WatchToEnd(*queue_, "u", id));
  ASSERT_FALSE(events.empty());
  ASSERT_TRUE(events.back().status);
  EXPECT_EQ(events.back().status->state, TaskState::kCompleted);
  std::int64_t seq = 0;
  std::string answer;
  for (const TaskEvent& event : events) {
    if (!event.chunk) continue;
    EXPECT_EQ(event.chunk->seq, ++seq);
    if (event.chunk->type == "content") answer += event.chunk->message;
  }
  EXPECT_EQ(answer, "Done.");
  const TaskStatus task = BlockOn(queue_->Get("u", id)).value();
  EXPECT_EQ(task.state, TaskState::kCompleted);
  EXPECT_EQ(task.result, "Done.");
  EXPECT_EQ(task.conversation_id, id);
  EXPECT_EQ(world_.Answers("u:" + id), (std::vector<std::string>{"Done."}));
}

TEST_P(TaskQueueTest, ProgressAndThePartialResultAreSeenMeanwhile) {
  Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(Held(gate, "Half", " whole."));
  const std::string id = StartTask(TaskOf("work"));
  BlockOn(gate->Reached());
  // The piece before the gate is on its way into the log.
  TaskStatus task;
  do {
    task = BlockOn(queue_->Get("u", id)).value();
  } while (task.partial_result.empty());
  EXPECT_EQ(task.state, TaskState::kRunning);
  EXPECT_EQ(task.partial_result, "Half");
  EXPECT_EQ(task.result, "");
  EXPECT_NE(task.progress, "");
  gate->Open();
  EXPECT_EQ(Await(id).result, "Half whole.");
}

TEST_P(TaskQueueTest, AFailedRunIsAFailedTask) {
  Start();
  model_->Add(baton::testing::Fails(Status(Code::kInvalidArgument, "the model says no")));
  const TaskStatus task = Await(StartTask(TaskOf("work")));
  EXPECT_EQ(task.state, TaskState::kFailed);
  EXPECT_NE(task.error.find("the model says no"), std::string::npos);
}

TEST_P(TaskQueueTest, WhatCannotBeIsRefusedAtOnce) {
  Start();
  NewTask task = TaskOf("work");
  task.agent_type = "nobody";
  EXPECT_EQ(BlockOn(queue_->Start(task)).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(BlockOn(queue_->Start(TaskOf(" "))).error().code(), Code::kInvalidArgument);
  task = TaskOf("work");
  task.webhook_url = "ftp://example.org";
  EXPECT_EQ(BlockOn(queue_->Start(task)).error().code(), Code::kInvalidArgument);
  for (const std::string_view url : {"https://", "https://example.org/a b", "https:/x"}) {
    task.webhook_url = url;
    EXPECT_EQ(BlockOn(queue_->Start(task)).error().code(), Code::kInvalidArgument) << url;
  }
  task.webhook_url = std::string("https://example.org/\0", 21);
  EXPECT_EQ(BlockOn(queue_->Start(task)).error().code(), Code::kInvalidArgument);
  task = TaskOf("work");
  task.run_at = "tomorrow";
  EXPECT_EQ(BlockOn(queue_->Start(task)).error().code(), Code::kInvalidArgument);
}

TEST_P(TaskQueueTest, AnothersTaskIsNotFoundWhateverIsAsked) {
  Start();
  model_->Add(Says("Done."));
  const std::string id = StartTask(TaskOf("work"));
  for (const std::string& name : {id, std::string("task_none"), std::string("'; --\n")}) {
    const std::string user = name == id ? "eve" : "u";
    EXPECT_EQ(BlockOn(queue_->Get(user, name)).error().code(), Code::kNotFound);
    EXPECT_EQ(BlockOn(queue_->Cancel(user, name)).error().code(), Code::kNotFound);
    EXPECT_EQ(BlockOn(queue_->Watch(user, name, 0)).error().code(), Code::kNotFound);
  }
  EXPECT_TRUE(BlockOn(queue_->List({.user_id = "eve"})).value().tasks.empty());
  EXPECT_EQ(Await(id).state, TaskState::kCompleted);
}

TEST_P(TaskQueueTest, AKeyStartsOneTask) {
  Start();
  model_->Add(Says("Done."));
  const std::string id = StartTask(TaskOf("work", "k1"));
  EXPECT_EQ(StartTask(TaskOf("work", "k1")), id);
  const auto other = BlockOn(queue_->Start(TaskOf("other work", "k1")));
  EXPECT_EQ(other.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(Await(id).result, "Done.");
  EXPECT_EQ(StartTask(TaskOf("work", "k1")), id);
  EXPECT_EQ(CountRuns(), 1);
  Stop();
  TaskQueueOptions full;
  full.limits.queued = 0;
  Start(full);
  EXPECT_EQ(StartTask(TaskOf("work", "k1")), id) << "it is there, and needs no room";
  const auto another = BlockOn(queue_->Start(TaskOf("work", "k2")));
  EXPECT_EQ(another.error().code(), Code::kResourceExhausted);
}

TEST_P(TaskQueueTest, AQuestionIsWaitedForWithoutAWorker) {
  Start({.workers = 1});
  model_->Add(Calls("consult", {}));
  const std::string asking = StartTask(TaskOf("may I?"));
  const TaskStatus waiting = AwaitState(asking, TaskState::kWaiting);
  ASSERT_EQ(waiting.state, TaskState::kWaiting);
  const json::Value questions = json::Parse(waiting.questions).value();
  ASSERT_EQ(questions.as_array().size(), 1U);

  model_->Add(Says("Meanwhile."));
  EXPECT_EQ(Await(StartTask(TaskOf("other"))).result, "Meanwhile.");

  model_->Add(Says("With notes."));
  TurnRequest answer{.user_id = "u", .conversation_id = waiting.conversation_id, .resume = true};
  answer.answers = {{"", R"({"approved": true})"}};
  EXPECT_EQ(world_.Turn(answer).answer(), "With notes.");
  const TaskStatus task = Await(asking);
  EXPECT_EQ(task.state, TaskState::kCompleted);
  EXPECT_EQ(task.result, "With notes.");
  EXPECT_EQ(task.questions, "");
}

TEST_P(TaskQueueTest, ATaskIsCancelledWhereverItStands) {
  Start({.workers = 1});
  const auto gate = std::make_shared<Gate>();
  model_->Add(Held(gate, "Half", " whole."));
  const std::string running = StartTask(TaskOf("long"));
  BlockOn(gate->Reached());
  const std::string queued = StartTask(TaskOf("later"));
  EXPECT_EQ(BlockOn(queue_->Cancel("u", queued)).value().state, TaskState::kCancelled);
  EXPECT_EQ(BlockOn(queue_->Cancel("u", running)).value().state, TaskState::kCancelled);
  EXPECT_EQ(BlockOn(queue_->Cancel("u", running)).value().state, TaskState::kCancelled);
  EXPECT_EQ(CountRuns(), 1) << "the queued task has never run";

  model_->Add(Calls("consult", {}));
  const std::string waiting = StartTask(TaskOf("may I?"));
  const TaskStatus asked = AwaitState(waiting, TaskState::kWaiting);
  EXPECT_EQ(BlockOn(queue_->Cancel("u", waiting)).value().state, TaskState::kCancelled);
  // A moment later: the run is told, and ends by itself.
  while (world_.StateOf(asked.run_id) != "cancelled") {
  }
  model_->Add(Says("Next."));
  EXPECT_EQ(Await(StartTask(TaskOf("next"))).result, "Next.") << "the worker is free again";
}

TEST_P(TaskQueueTest, AConversationThatIsBusyIsWaitedFor) {
  Start();
  const BusyPair pair = StartBusyPair();
  EXPECT_EQ(pair.put_back.state, TaskState::kQueued);
  const auto listed = [&](TaskState state) {
    return BlockOn(queue_->List({.user_id = "u", .state = state})).value().tasks.size();
  };
  EXPECT_EQ(listed(TaskState::kQueued), 1U);
  EXPECT_EQ(listed(TaskState::kScheduled), 0U);
  EXPECT_NE(
      pair.put_back.error.find("is busy with run " + BlockOn(queue_->Get("u", pair.first))->run_id),
      std::string::npos);
  model_->Add(Says("Two."));
  pair.gate->Open();
  EXPECT_EQ(Await(pair.first).result, "One.");
  EXPECT_EQ(Await(pair.second).result, "Two.");
}

TEST_P(TaskQueueTest, AShutdownLeavesTasksToTheNextStart) {
  Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(Held(gate, "Half", " whole."));
  const std::string id = StartTask(TaskOf("work"));
  BlockOn(gate->Reached());
  Stop();
  model_->Add(Says("Whole."));
  Start();
  EXPECT_EQ(Await(id).result, "Whole.");
  EXPECT_EQ(CountRuns(), 1);
}

// The process dies at each of its writes; a task that was accepted is completed, once.
TEST_P(TaskQueueTest, ACrashAnywhereNeitherLosesNorDoublesATask) {
  model_->AnswerOthers([](const llm::ChatRequest&) { return Says("Whole."); });
  for (int writes = 0; writes < 16; ++writes) {
    Start();
    const std::string key = "k" + std::to_string(writes);
    world_.database->FailAfter(writes);
    const auto started = BlockOn(queue_->Start(TaskOf("work", key)));
    if (started) {
      // Until the store stops taking writes, or the task ends before.
      while (world_.database->fails() == 0 &&
             !HasEnded(BlockOn(queue_->Get("u", started->task_id)).value().state)) {
      }
    }
    Kill();
    Start();
    const std::string id = StartTask(TaskOf("work", key));
    if (started) EXPECT_EQ(id, started->task_id) << "lost after write " << writes;
    const TaskStatus task = Await(id);
    EXPECT_EQ(task.result, "Whole.") << "after write " << writes << ": " << task.error;
    EXPECT_EQ(world_.Answers("u:" + id).size(), 1U) << "doubled after write " << writes;
    Stop();
  }
  EXPECT_EQ(CountRuns(), 16);
}

TEST_P(TaskQueueTest, TwoProcessesShareOneQueue) {
  model_->AnswerOthers([](const llm::ChatRequest&) { return Says("Whole."); });
  const TaskQueueOptions shared{
      .workers = 3, .limits = {.running_per_user = 8}, .sole_owner = false};
  LocalOrchestratorOptions beside;
  beside.sole_owner = false;
  queue_ = MakeQueue(world_.Start(beside), shared);
  const auto checkpoints = world_.MakeCheckpoints();
  const auto second = world_.MakeOrchestrator(*checkpoints, beside);
  ASSERT_TRUE(BlockOn(second->Start()).ok());
  auto other = MakeQueue(*second, shared);
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    Tasks& tasks = i % 2 == 0 ? *queue_ : *other;
    NewTask task = TaskOf("work");
    task.user_id = i % 3 == 0 ? "u" : "v";
    const auto started = BlockOn(tasks.Start(task));
    ASSERT_TRUE(started) << started.error().ToString();
    ids.push_back(started->task_id);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string user = i % 3 == 0 ? "u" : "v";
    const auto events = BlockOn(WatchToEnd(*other, user, ids[i]));
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().status->state, TaskState::kCompleted);
    EXPECT_EQ(world_.Answers(user + ":" + ids[i]).size(), 1U);
  }
  EXPECT_EQ(CountRuns(), 40);
  BlockOn(other->Shutdown());
  BlockOn(second->Shutdown());
}

// The same on a clock that the test moves.
class ScheduledTaskTest : public TaskQueueTest {
 protected:
  ScheduledTaskTest() : TaskQueueTest(manual) {}
  const std::chrono::seconds minute_{60};
  static inline baton::testing::ManualClock manual;
};

TEST_P(ScheduledTaskTest, ATaskRunsAtItsTimeAndNotBefore) {
  Start();
  NewTask task = TaskOf("work");
  task.run_at = FormatTimestamp(manual.Now() + minute_);
  const std::string id = StartTask(task);
  model_->Add(Says("Before."));
  EXPECT_EQ(Await(StartTask(TaskOf("other"))).result, "Before.");
  const TaskStatus scheduled = BlockOn(queue_->Get("u", id)).value();
  EXPECT_EQ(scheduled.state, TaskState::kScheduled);
  EXPECT_EQ(scheduled.due_at, task.run_at);
  model_->Add(Says("Now."));
  manual.Advance(minute_);
  EXPECT_EQ(Await(id).result, "Now.");
}

TEST_P(ScheduledTaskTest, ARepeatingTaskQueuesAnOccurrenceEachTime) {
  Start();
  model_->AnswerOthers([](const llm::ChatRequest&) { return Says("Again."); });
  NewTask task = TaskOf("work");
  task.repeat = "every 1m";
  const std::string id = StartTask(task);
  const auto occurrences = [&] {
    return BlockOn(queue_->List({.user_id = "u", .parent = id})).value().tasks;
  };
  for (std::size_t round = 1; round <= 3; ++round) {
    // Many times due while nobody looked is once; and a restart changes nothing.
    manual.Advance(minute_ * (round == 2 ? 10 : 1));
    while (occurrences().size() < round) {
    }
    EXPECT_EQ(Await(occurrences().front().task_id).result, "Again.");
    EXPECT_EQ(occurrences().size(), round);
    Stop();
    Start();
  }
  const TaskStatus repeating = BlockOn(queue_->Get("u", id)).value();
  EXPECT_EQ(repeating.state, TaskState::kScheduled);
  EXPECT_EQ(repeating.due_at, FormatTimestamp(manual.Now() + minute_));
  EXPECT_EQ(BlockOn(queue_->Cancel("u", id)).value().state, TaskState::kCancelled);
  manual.Advance(minute_ * 5);
  EXPECT_EQ(Await(StartTask(TaskOf("last"))).result, "Again.");
  EXPECT_EQ(occurrences().size(), 3U);
}

TEST_P(ScheduledTaskTest, AnOccurrenceThatIsStillUnderWayHoldsTheNextBack) {
  Start();
  const auto gate = std::make_shared<Gate>();
  model_->Add(Held(gate, "Slow", "."));
  NewTask task = TaskOf("work");
  task.repeat = "every 1m";
  const std::string id = StartTask(task);
  manual.Advance(minute_);
  BlockOn(gate->Reached());
  manual.Advance(minute_);
  TaskStatus repeating;
  do {
    repeating = BlockOn(queue_->Get("u", id)).value();
  } while (repeating.error.empty());
  EXPECT_NE(repeating.error.find("left out at"), std::string::npos);
  gate->Open();
  const auto occurrences = BlockOn(queue_->List({.user_id = "u", .parent = id})).value().tasks;
  ASSERT_EQ(occurrences.size(), 1U);
  EXPECT_EQ(Await(occurrences[0].task_id).result, "Slow.");
}

TEST_P(ScheduledTaskTest, ARuleThatIsNoneIsRefused) {
  Start();
  for (const char* rule : {"cron 61 * * * *", "every never", "cron 0 0 31 2 *"}) {
    NewTask task = TaskOf("work");
    task.repeat = rule;
    EXPECT_EQ(BlockOn(queue_->Start(task)).error().code(), Code::kInvalidArgument) << rule;
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, ScheduledTaskTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

INSTANTIATE_TEST_SUITE_P(Databases, TaskQueueTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs::tasks
