// Telling others that a task has ended: at least once, signed, in their own time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "http/address_policy.h"
#include "http/client.h"
#include "runs/tasks/task_record.h"
#include "runs/tasks/webhook_signature.h"
#include "storage/database.h"

namespace baton::runs::tasks {

// Who is told is not trusted by whom: the addresses are the operator's to allow, the signature
// says that it was us, the event's id that it is the same event as before.
struct WebhookOptions {
  std::optional<WebhookKey> key;  // none: no task may name a webhook
  http::AddressPolicy addresses;  // public ones, and what the operator allows besides
  std::chrono::milliseconds timeout = std::chrono::seconds(15);
};

// The event of a task's end, to be inserted by the transaction that ends it.
storage::Statement InsertWebhook(const TaskStatus& task, TaskState ended_as,
                                 const std::string& error, const std::string& now);

// Events are rows of task_webhooks from the transaction that ends the task on. Whoever sends one
// first postpones it for longer than sending takes: of several processes one does, and after a
// crash it is sent again. A receiver that answers 2xx has it; any other answer is tried again
// after 5 s, 20 s, … 6 h, ten times in all, and is then dead; 410 is at once.
//
// Lifetime: database and clock outlive it.
// Threads:  safe.
class WebhookOutbox {
 public:
  WebhookOutbox(storage::Database& database, const Clock& clock, WebhookOptions options);

  bool enabled() const { return options_.key.has_value(); }

  // Sends events that are due, some at once; false if there are no more for now. A failure is
  // the store's.
  async::Task<Result<bool>> SendDue();

  // "pending" "delivered" "dead"; empty if the task has no event.
  async::Task<Result<std::string>> StateOf(std::string task_id);

 private:
  struct Event {
    std::string id;
    std::string url;
    std::string body;
    std::int64_t attempts = 0;  // this one included
  };

  async::Task<Result<std::vector<Event>>> ClaimDue();
  async::Task<Status> Send(const Event& event, int& status) const;
  async::Task<void> SendAndSettle(Event event);
  async::Task<Status> Settle(const Event& event, std::string state, std::string error);

  storage::Database& database_;
  const Clock& clock_;
  const WebhookOptions options_;
  const std::shared_ptr<const http::AddressPolicy> addresses_;
  const http::Client client_{"baton-webhooks"};
};

}  // namespace baton::runs::tasks
