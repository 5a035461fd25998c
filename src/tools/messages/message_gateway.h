// The seam to where people are reached.
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"

namespace baton::tools {

struct MessageReceiver {
  std::string name;  // of a person or a room, as the user knows it
  std::string kind;  // "mail" "webhook"
};

struct OutgoingMessage {
  std::string user_id;
  std::string receiver;  // a name of ListReceivers()
  std::string subject;   // where the way has one
  std::string text;
  std::string idempotency_key;  // goes along, for receivers that notice a repetition by it
};

// Threads: safe; a call lives on the executor of its caller.
class MessageGateway {
 public:
  virtual ~MessageGateway() = default;

  // Whom the user may write to, by name.
  virtual std::vector<MessageReceiver> ListReceivers(const std::string& user_id) const = 0;

  // Suspends until the message has been taken. kNotFound for a receiver that the user may not
  // write to, as for one that there is not; names the nearest. kInvalidArgument,
  // kFailedPrecondition and kUnauthenticated: it was not sent. Others: it may arrive.
  virtual async::Task<Status> Send(OutgoingMessage message, Deadline deadline) = 0;
};

}  // namespace baton::tools
