// Mail to one receiver: SMTP (RFC 5321) through libcurl, driven by the caller's executor.
#pragma once

#include <string>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"

namespace baton::http {

struct MailServer {
  // Whether the connection is encrypted, by STARTTLS; with an smtps URL it is in any case.
  enum class Tls { kRequired, kIfOffered, kNone };

  std::string url;   // smtp://HOST[:PORT] or smtps://HOST[:PORT]
  std::string user;  // empty: without a login
  std::string password;
  Tls tls = Tls::kRequired;
};

struct Mail {
  std::string from;  // ann@example.org
  std::string to;
  std::string subject;
  std::string text;        // UTF-8
  std::string message_id;  // unique, without "<>": bob.1@example.org
  std::string date;        // RFC 5322: "Mon, 23 Nov 2026 01:00:00 +0000"
};

// Whether `text` looks like local@domain, with nothing that ends a header or an SMTP command.
bool IsMailAddress(std::string_view text);

// "Grüße" as "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", in words of at most 75 characters (RFC 2047); plain
// ASCII stays as it is. Control characters become spaces.
std::string EncodeMailHeader(std::string_view text);

// Suspends until the server has taken the mail. kInvalidArgument for what cannot be sent, or is
// refused by the server for good; kUnavailable if the server cannot be reached or refuses for
// now; kUnauthenticated for a login that fails. kUnknown if the connection ended after the text was
// sent: the mail may arrive. kDeadlineExceeded and kCancelled likewise leave that open.
//
// Threads: the executor of the caller. Cancel: closes the connection before the call returns.
async::Task<Status> SendMail(MailServer server, Mail mail, Deadline deadline);

}  // namespace baton::http
