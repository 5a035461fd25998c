// A MessageGateway for the people and rooms of a list: by mail, or by a chat's incoming webhook.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/client.h"
#include "http/mail.h"
#include "tools/messages/message_gateway.h"

namespace baton::tools {

struct MessageDirectory {
  struct Entry {
    std::string name;
    std::vector<std::string> users;  // who may write there; "*": everyone
    std::string mail;                // an address; empty: by webhook
    std::string webhook;             // URL that takes a POST of {"text": "…"}
    std::string field = "text";      // the JSON member that the webhook reads
  };

  std::optional<http::MailServer> mail_server;  // there if an entry has a mail address
  std::string mail_from;
  std::vector<Entry> entries;
};

// Lifetime: `clock` outlives it.
// Threads:  safe.
class DirectoryGateway final : public MessageGateway {
 public:
  DirectoryGateway(MessageDirectory directory, const Clock& clock)
      : directory_(std::move(directory)), clock_(clock) {}

  std::vector<MessageReceiver> ListReceivers(const std::string& user_id) const override;
  async::Task<Status> Send(OutgoingMessage message, Deadline deadline) override;

 private:
  Result<const MessageDirectory::Entry*> Find(const std::string& user_id,
                                              const std::string& name) const;
  async::Task<Status> SendByMail(const MessageDirectory::Entry& to, OutgoingMessage message,
                                 Deadline deadline);
  async::Task<Status> SendByWebhook(const MessageDirectory::Entry& to, OutgoingMessage message,
                                    Deadline deadline);

  const MessageDirectory directory_;
  const Clock& clock_;
  const http::Client client_;
};

}  // namespace baton::tools
