#include "runs/tasks/webhook_outbox.h"

#include <mutex>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/check.h"
#include "base/metrics.h"
#include "http/server.h"
#include "json/json.h"
#include "runs/tasks/task_store.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"

namespace baton::runs::tasks {
namespace {

using async::BlockOn;

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// The example of the specification's own libraries.
TEST(WebhookKeyTest, SignsAsTheSpecificationDoes) {
  EXPECT_EQ(WebhookKey::Parse(kSecret)->Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                                             R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookKeyTest, AShortSecretIsRefusedAndNotRepeated) {
  for (const char* secret :
       {"", "short", "whsec_c2hvcnQ=", "whsec_not base 64 at all, but long!"}) {
    const auto key = WebhookKey::Parse(secret);
    ASSERT_FALSE(key.has_value()) << secret;
    EXPECT_EQ(key.error().message().find("c2hvcnQ"), std::string::npos);
  }
  EXPECT_TRUE(WebhookKey::Parse("a text of twenty-four bytes").has_value());
}

class WebhookOutboxTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  WebhookOutboxTest() {
    auto opened = storage::OpenDatabase(files_.address(), metrics_);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    database_ = *std::move(opened);
    store_.emplace(*database_, clock_);
    BATON_CHECK(BlockOn(store_->Migrate()).ok(), "tasks");
    auto server = http::StartServer(
        runtime_, {}, [this](const http::ServerRequest& request, http::ResponseWriter& writer) {
          return Answer(request, writer);
        });
    BATON_CHECK(server.has_value(), server.error().ToString());
    server_ = *std::move(server);
    Open("127.0.0.1:" + std::to_string(server_->port()));
  }

  void Open(const std::string& allowed) {
    outbox_.emplace(*database_, clock_,
                    WebhookOptions{.key = *WebhookKey::Parse(kSecret),
                                   .addresses = *http::AddressPolicy::Parse(allowed)});
  }
  async::Task<void> Answer(const http::ServerRequest& request, http::ResponseWriter& writer) {
    int status = 200;
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(request);
      status = status_;
    }
    static_cast<void>(co_await writer.Send(status, {}, ""));
  }
  void AnswerWith(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  std::vector<http::ServerRequest> Received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  // A task that has ended, and its event.
  void EndTask(const std::string& id) {
    const NewTask task{.user_id = "ann",
                       .query = "work",
                       .webhook_url = fmt::format("http://127.0.0.1:{}/hook", server_->port())};
    TaskStatus status = NewStatusOf(task, id, clock_.Now());
    ASSERT_TRUE(BlockOn(store_->Add(task, status)).ok());
    const auto record = BlockOn(store_->Find("ann", id));
    ASSERT_TRUE(BlockOn(store_->Move(*record, {.to = TaskState::kFailed, .error = "why"})).ok());
  }
  bool SendDue() {
    const auto sent = BlockOn(outbox_->SendDue());
    BATON_CHECK(sent.has_value(), sent.error().ToString());
    return *sent;
  }
  std::string StateOf(const std::string& id) { return BlockOn(outbox_->StateOf(id)).value(); }

  baton::testing::ManualClock clock_;
  MetricsRegistry metrics_;
  storage::testing::FreshDatabase files_{GetParam()};
  async::Runtime runtime_{1};
  std::unique_ptr<storage::Database> database_;
  std::optional<TaskStore> store_;
  std::mutex mutex_;
  std::vector<http::ServerRequest> received_;  // guarded by mutex_
  int status_ = 200;                           // guarded by mutex_
  std::unique_ptr<http::Server> server_;
  std::optional<WebhookOutbox> outbox_;
};

TEST_P(WebhookOutboxTest, AnEndIsToldOnceAndSigned) {
  EndTask("task_1");
  EXPECT_EQ(StateOf("task_1"), "pending");
  EXPECT_TRUE(SendDue());
  EXPECT_EQ(StateOf("task_1"), "delivered");
  const auto received = Received();
  ASSERT_EQ(received.size(), 1U);
  const http::ServerRequest& request = received[0];
  EXPECT_EQ(request.path, "/hook");
  EXPECT_EQ(request.headers.Get("webhook-id"), "evt_1");
  EXPECT_EQ(request.headers.Get("webhook-timestamp"), "1767225600");
  EXPECT_EQ(request.headers.Get("webhook-signature"),
            WebhookKey::Parse(kSecret)->Sign("evt_1", "1767225600", request.body));
  const json::Value body = json::Parse(request.body).value();
  EXPECT_EQ(json::GetString(body, "type"), "task.failed");
  const json::Value* data = json::Find(body, "data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(json::GetString(*data, "task_id"), "task_1");
  EXPECT_EQ(json::GetString(*data, "error_message"), "why");
  clock_.Advance(std::chrono::hours(1));
  EXPECT_FALSE(SendDue());
  EXPECT_EQ(Received().size(), 1U);
}

TEST_P(WebhookOutboxTest, AReceiverThatFailsIsToldAgainLaterAndLater) {
  AnswerWith(500);
  EndTask("task_1");
  std::vector<std::int64_t> delays;
  for (std::size_t attempt = 1; attempt <= 10; ++attempt) {
    std::int64_t waited = 0;
    while (!SendDue()) {
      clock_.Advance(std::chrono::seconds(5));
      waited += 5;
    }
    delays.push_back(waited);
    EXPECT_EQ(Received().size(), attempt);
  }
  EXPECT_EQ(delays,
            (std::vector<std::int64_t>{0, 5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600}));
  EXPECT_EQ(StateOf("task_1"), "dead");
  clock_.Advance(std::chrono::hours(24));
  EXPECT_FALSE(SendDue());
  for (const auto& request : Received()) EXPECT_EQ(request.headers.Get("webhook-id"), "evt_1");
}

TEST_P(WebhookOutboxTest, AReceiverThatIsBackHasIt) {
  AnswerWith(503);
  EndTask("task_1");
  EXPECT_TRUE(SendDue());
  EXPECT_EQ(StateOf("task_1"), "pending");
  AnswerWith(204);
  clock_.Advance(std::chrono::seconds(5));
  EXPECT_TRUE(SendDue());
  EXPECT_EQ(StateOf("task_1"), "delivered");
}

TEST_P(WebhookOutboxTest, OneThatIsGoneIsNotToldAgain) {
  AnswerWith(410);
  EndTask("task_1");
  EXPECT_TRUE(SendDue());
  EXPECT_EQ(StateOf("task_1"), "dead");
}

TEST_P(WebhookOutboxTest, APrivateAddressIsNotConnectedTo) {
  Open("");
  EndTask("task_1");
  EXPECT_TRUE(SendDue());
  EXPECT_EQ(StateOf("task_1"), "pending");
  EXPECT_TRUE(Received().empty());
}

// What a process that dies while it sends leaves behind.
TEST_P(WebhookOutboxTest, AnEventThatIsBeingSentIsLeftAloneForAWhile) {
  EndTask("task_1");
  auto claimed = BlockOn(
      database_->Write({{.sql = "UPDATE task_webhooks SET attempts = 1, due_at = $1",
                         .params = {FormatTimestamp(clock_.Now() + std::chrono::seconds(30))}}},
                       storage::Durability::kBuffered));
  ASSERT_TRUE(claimed.has_value());
  EXPECT_FALSE(SendDue());
  clock_.Advance(std::chrono::seconds(30));
  EXPECT_TRUE(SendDue());
  EXPECT_EQ(StateOf("task_1"), "delivered");
}

INSTANTIATE_TEST_SUITE_P(Databases, WebhookOutboxTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs::tasks
