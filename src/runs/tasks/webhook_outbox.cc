#include "runs/tasks/webhook_outbox.h"

#include <algorithm>
#include <utility>

#include "async/task_group.h"
#include "base/log.h"
#include "json/json.h"

namespace baton::runs::tasks {
namespace {

using storage::Durability;
using storage::Statement;

// Sent at once: one slow receiver holds up the others by no more than its timeout.
constexpr int kWebhooksAtOnce = 8;

constexpr std::int64_t kMaxWebhookAttempts = 10;
constexpr std::chrono::seconds kFirstWebhookRetry{5};
constexpr std::chrono::seconds kMaxWebhookRetry = std::chrono::hours(6);

// Nobody reads what a receiver answers, but for the log.
constexpr std::size_t kMaxWebhookAnswerBytes = 64 << 10U;

constexpr int kGone = 410;

std::chrono::seconds WebhookDelay(std::int64_t attempts) {
  std::chrono::seconds delay = kFirstWebhookRetry;
  for (std::int64_t i = 1; i < attempts && delay < kMaxWebhookRetry; ++i) delay *= 4;
  return std::min(delay, kMaxWebhookRetry);
}

}  // namespace

Statement InsertWebhook(const TaskStatus& task, TaskState ended_as, const std::string& error,
                        const std::string& now) {
  json::Object data{{"task_id", task.task_id},
                    {"status", TaskStateName(ended_as)},
                    {"user_id", task.user_id},
                    {"conversation_id", task.conversation_id},
                    {"run_id", task.run_id}};
  if (!error.empty()) data["error_message"] = error;
  if (!task.parent.empty()) data["parent_task_id"] = task.parent;
  const json::Object body{{"type", fmt::format("task.{}", TaskStateName(ended_as))},
                          {"timestamp", now},
                          {"data", std::move(data)}};
  return {.sql =
              "INSERT INTO task_webhooks (event_id, task_id, url, body, state, attempts, due_at, "
              "error, created_at) VALUES ($1, $2, $3, $4, 'pending', 0, $5, '', $5)",
          .params = {"evt" + task.task_id.substr(task.task_id.find('_')), task.task_id,
                     task.webhook_url, json::Serialize(body), now}};
}

WebhookOutbox::WebhookOutbox(storage::Database& database, const Clock& clock,
                             WebhookOptions options)
    : database_(database),
      clock_(clock),
      options_(std::move(options)),
      addresses_(std::make_shared<const http::AddressPolicy>(options_.addresses)) {}

async::Task<Result<std::vector<WebhookOutbox::Event>>> WebhookOutbox::ClaimDue() {
  const Timestamp now = clock_.Now();
  const auto due = co_await database_.Read(
      {.sql = fmt::format("SELECT event_id, attempts FROM task_webhooks WHERE state = 'pending' "
                          "AND due_at <= $1 ORDER BY due_at LIMIT {}",
                          kWebhooksAtOnce),
       .params = {FormatTimestamp(now)}});
  if (!due) co_return Fail(due.error());
  std::vector<Event> events;
  for (std::size_t row = 0; row < due->rows.size(); ++row) {
    std::vector<Statement> claim;
    claim.push_back({.sql = "UPDATE task_webhooks SET attempts = attempts + 1, due_at = $3 WHERE "
                            "event_id = $1 AND attempts = $2 AND state = 'pending' "
                            "RETURNING event_id, url, body, attempts",
                     .params = {std::string(due->Text(row, 0)), due->Int(row, 1),
                                FormatTimestamp(now + 2 * options_.timeout)}});
    const auto claimed = co_await database_.Write(std::move(claim), Durability::kBuffered);
    if (!claimed) co_return Fail(claimed.error());
    const storage::Rows& rows = claimed->front();
    if (rows.rows.empty()) continue;  // another process has it
    events.push_back({std::string(rows.Text(0, 0)), std::string(rows.Text(0, 1)),
                      std::string(rows.Text(0, 2)), rows.Int(0, 3)});
  }
  co_return events;
}

async::Task<Result<bool>> WebhookOutbox::SendDue() {
  if (!enabled()) co_return false;
  Result<std::vector<Event>> events = co_await ClaimDue();
  if (!events) co_return Fail(std::move(events).error());
  async::TaskGroup sending(co_await async::CurrentExecutor());
  for (Event& event : *events) sending.Spawn(SendAndSettle(std::move(event)));
  co_await sending.Join();
  co_return !events->empty();
}

async::Task<Status> WebhookOutbox::Send(const Event& event, int& status) const {
  const std::string seconds = std::to_string(
      std::chrono::floor<std::chrono::seconds>(clock_.Now()).time_since_epoch().count());
  http::Request request{.method = "POST", .url = event.url, .body = event.body};
  request.headers = {{"Content-Type", "application/json"},
                     {"webhook-id", event.id},
                     {"webhook-timestamp", seconds},
                     {"webhook-signature", options_.key->Sign(event.id, seconds, event.body)}};
  const auto response =
      co_await client_.Fetch(std::move(request), {.deadline = Deadline::In(options_.timeout),
                                                  .max_body_bytes = kMaxWebhookAnswerBytes,
                                                  .addresses = addresses_});
  if (!response) co_return response.error();
  status = response->status;
  if (status >= 200 && status < 300) co_return Status();
  co_return Fail(Code::kUnavailable, "the receiver answered {}", status);
}

async::Task<void> WebhookOutbox::SendAndSettle(Event event) {
  int status = 0;
  const Status sent = co_await Send(event, status);
  // Stopped in the middle: it stays claimed, and is sent again when that is over.
  if (!sent.ok() && co_await async::IsCancelled()) co_return;
  const bool dead = !sent.ok() && (event.attempts >= kMaxWebhookAttempts || status == kGone);
  const std::string state = sent.ok() ? "delivered" : (dead ? "dead" : "pending");
  Log(sent.ok() ? LogLevel::kInfo : LogLevel::kWarning, "webhook",
      {{"event", event.id},
       {"state", state},
       {"attempts", event.attempts},
       {"error", sent.ok() ? "" : sent.message()}});
  const Status settled = co_await Settle(event, state, sent.ok() ? "" : sent.message());
  if (!settled.ok()) {
    Log(LogLevel::kWarning, "a webhook's state was not stored", {{"status", settled.ToString()}});
  }
}

async::Task<Status> WebhookOutbox::Settle(const Event& event, std::string state,
                                          std::string error) {
  std::vector<Statement> batch;
  batch.push_back({.sql = "UPDATE task_webhooks SET state = $3, error = $4, due_at = $5 "
                          "WHERE event_id = $1 AND attempts = $2",
                   .params = {event.id, event.attempts, std::move(state), std::move(error),
                              FormatTimestamp(clock_.Now() + WebhookDelay(event.attempts))}});
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

async::Task<Result<std::string>> WebhookOutbox::StateOf(std::string task_id) {
  const auto rows =
      co_await database_.Read({.sql = "SELECT state FROM task_webhooks WHERE task_id = $1",
                               .params = {std::move(task_id)}});
  if (!rows) co_return Fail(rows.error());
  co_return rows->rows.empty() ? std::string() : std::string(rows->Text(0, 0));
}

}  // namespace baton::runs::tasks
