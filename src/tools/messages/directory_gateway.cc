#include "tools/messages/directory_gateway.h"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/nearest_name.h"
#include "json/json.h"

namespace baton::tools {
namespace {

using Entry = MessageDirectory::Entry;

// What a chat's server says to a refused message fits a line.
constexpr std::size_t kMaxAnswerShown = 200;
constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 10U;

bool MayWriteTo(const std::string& user_id, const Entry& entry) {
  return std::ranges::any_of(
      entry.users, [&](const std::string& user) { return user == "*" || user == user_id; });
}

// The part before the "@" of a Message-ID (RFC 5322 3.6.4).
std::string MessageIdOf(std::string key) {
  std::ranges::replace_if(
      key,
      [](char c) {
        return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_';
      },
      '-');
  return key;
}

}  // namespace

std::vector<MessageReceiver> DirectoryGateway::ListReceivers(const std::string& user_id) const {
  std::vector<MessageReceiver> receivers;
  for (const Entry& entry : directory_.entries) {
    if (!MayWriteTo(user_id, entry)) continue;
    receivers.push_back({entry.name, entry.mail.empty() ? "webhook" : "mail"});
  }
  return receivers;
}

Result<const Entry*> DirectoryGateway::Find(const std::string& user_id,
                                            const std::string& name) const {
  std::vector<std::string_view> names;
  for (const Entry& entry : directory_.entries) {
    if (!MayWriteTo(user_id, entry)) continue;
    if (http::EqualsIgnoreCase(entry.name, name)) return &entry;
    names.push_back(entry.name);
  }
  if (names.empty()) {
    return Fail(Code::kNotFound,
                "there is nobody that '{}' may write to: the server's setting "
                "'messages.file' names the receivers",
                user_id);
  }
  return Fail(Code::kNotFound, "no receiver '{}': {}", name,
              SuggestName(name, "the receivers are", names));
}

async::Task<Status> DirectoryGateway::Send(OutgoingMessage message, Deadline deadline) {
  const Result<const Entry*> to = Find(message.user_id, message.receiver);
  if (!to) co_return to.error();
  if ((*to)->mail.empty()) co_return co_await SendByWebhook(**to, std::move(message), deadline);
  co_return co_await SendByMail(**to, std::move(message), deadline);
}

async::Task<Status> DirectoryGateway::SendByMail(const Entry& to, OutgoingMessage message,
                                                 Deadline deadline) {
  const Timestamp now = clock_.Now();
  const std::string& from = directory_.mail_from;
  http::Mail mail{
      .from = from,
      .to = to.mail,
      .subject = std::move(message.subject),
      .text = std::move(message.text),
      .message_id = MessageIdOf(std::move(message.idempotency_key)) + from.substr(from.rfind('@')),
      .date = fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                          fmt::gmtime(std::chrono::system_clock::to_time_t(now)))};
  if (mail.subject.empty()) mail.subject = "Message from " + message.user_id;
  Status sent = co_await http::SendMail(*directory_.mail_server, std::move(mail), deadline);
  // To whoever keeps account of calls, a service that is away is one that may have done it.
  if (sent.code() == Code::kUnavailable) {
    co_return Fail(Code::kFailedPrecondition, "not sent: {}", sent.message());
  }
  co_return sent;
}

async::Task<Status> DirectoryGateway::SendByWebhook(const Entry& to, OutgoingMessage message,
                                                    Deadline deadline) {
  http::Request request{.method = "POST",
                        .url = to.webhook,
                        .headers = {},
                        .body = json::Serialize(json::Object{{to.field, message.text}})};
  request.headers.Add("Content-Type", "application/json");
  request.headers.Add("Idempotency-Key", std::move(message.idempotency_key));
  const auto answer = co_await client_.Fetch(
      std::move(request), {.deadline = deadline, .max_body_bytes = kMaxAnswerBytes});
  if (!answer) co_return answer.error();
  if (answer->status >= 200 && answer->status < 300) co_return Status();
  co_return Fail(Code::kFailedPrecondition, "'{}' refused the message with {}: {}", to.name,
                 answer->status, answer->body.substr(0, kMaxAnswerShown));
}

}  // namespace baton::tools
