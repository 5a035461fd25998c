#include "http/mail.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "async/signal.h"
#include "base/check.h"
#include "http/internal/curl_service.h"
#include "http/url.h"

namespace baton::http {
namespace {

// RFC 5321 4.5.3.1: a path; no server takes longer ones.
constexpr std::size_t kMaxAddressBytes = 254;

// RFC 2047 2: an encoded word has at most 75 characters, 12 of which are "=?UTF-8?Q?" and "?=".
constexpr std::size_t kMaxEncodedWord = 75 - 12;

bool MayStand(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// One UTF-8 character in Q encoding.
std::string QEncoded(std::string_view character) {
  std::string encoded;
  for (const char c : character) {
    if (c == ' ') {
      encoded += '_';
    } else if (MayStand(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

// Lines end as mail wants them.
std::string WithCrLf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

struct FreeCurl {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
using CurlList = std::unique_ptr<curl_slist, FreeCurl>;

void Append(CurlList& list, const std::string& line) {
  list.reset(curl_slist_append(list.release(), line.c_str()));
  BATON_CHECK(list != nullptr, "curl_slist_append failed");
}

long UseSslOf(MailServer::Tls tls) {
  if (tls == MailServer::Tls::kNone) return CURLUSESSL_NONE;
  return tls == MailServer::Tls::kIfOffered ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

// One mail on its way: a curl easy handle.
class MailTransfer final : private internal::CurlListener {
 public:
  MailTransfer(const async::Executor& executor, const MailServer& server, const Mail& mail)
      : what_("mail by " + PrintableUrl(server.url)),
        service_(internal::CurlService::Of(executor)),
        changed_(executor),
        easy_(curl_easy_init()),
        mime_(curl_mime_init(easy_.get())) {
    BATON_CHECK(easy_ != nullptr && mime_ != nullptr, "curl_easy_init failed");
    SetServer(server);
    SetMail(mail);
  }
  ~MailTransfer() { service_.Remove(easy_.get()); }

  async::Task<Status> Run(Deadline deadline) {
    const CURLcode begun = service_.Add(easy_.get(), *this);
    if (begun != CURLE_OK) co_return Describe(begun);
    while (!done_) {
      const async::WaitResult wait = co_await changed_.Wait(deadline);
      if (wait == async::WaitResult::kReady || done_) continue;
      service_.Remove(easy_.get());
      const bool cancelled = wait == async::WaitResult::kCancelled;
      co_return Fail(cancelled ? Code::kCancelled : Code::kDeadlineExceeded, "{}: {}", what_,
                     cancelled ? "cancelled" : "timed out");
    }
    co_return result_ == CURLE_OK ? Status() : Describe(result_);
  }

 private:
  void SetServer(const MailServer& server) {
    CURL* easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, server.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_USE_SSL, UseSslOf(server.tls));
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // a web proxy passes no mail on
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_);
    if (!server.user.empty()) {
      curl_easy_setopt(easy, CURLOPT_USERNAME, server.user.c_str());
      curl_easy_setopt(easy, CURLOPT_PASSWORD, server.password.c_str());
    }
  }

  void SetMail(const Mail& mail) {
    CURL* easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, fmt::format("<{}>", mail.from).c_str());
    Append(receivers_, fmt::format("<{}>", mail.to));
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, receivers_.get());
    Append(header_, "From: " + mail.from);
    Append(header_, "To: " + mail.to);
    Append(header_, "Subject: " + EncodeMailHeader(mail.subject));
    Append(header_, "Date: " + mail.date);
    Append(header_, fmt::format("Message-ID: <{}>", mail.message_id));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_.get());
    const std::string text = WithCrLf(mail.text);
    curl_mimepart* part = curl_mime_addpart(mime_.get());
    curl_mime_data(part, text.data(), text.size());  // copies
    curl_mime_type(part, "text/plain; charset=utf-8");
    curl_mime_encoder(part, "quoted-printable");
    curl_easy_setopt(easy, CURLOPT_MIMEPOST, mime_.get());
  }

  bool MayConnect(const sockaddr&) override { return true; }

  void OnDone(CURLcode result) override {
    done_ = true;
    result_ = result;
    changed_.NotifyAll();
  }

  Status Describe(CURLcode result) const {
    long answer = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &answer);
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    const std::string_view reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(result);
    if (result == CURLE_LOGIN_DENIED) {
      return Fail(Code::kUnauthenticated, "{}: {}", what_, reason);
    }
    if (answer >= 500) {
      return Fail(Code::kInvalidArgument, "{}: refused with {}: {}", what_, answer, reason);
    }
    if (sent > 0 && answer < 400) {
      return Fail(Code::kUnknown, "{}: {}; the mail may arrive nevertheless", what_, reason);
    }
    return Fail(Code::kUnavailable, "{}: {}", what_, reason);
  }

  const std::string what_;
  internal::CurlService& service_;
  async::Signal changed_;
  CurlList receivers_;
  CurlList header_;
  char reason_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<CURL, FreeCurl> easy_;
  std::unique_ptr<curl_mime, FreeCurl> mime_;
  bool done_ = false;
  CURLcode result_ = CURLE_OK;
};

}  // namespace

bool IsMailAddress(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
  if (text.size() > kMaxAddressBytes) return false;
  return std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F ||
           std::string_view("<>()[]\\,;:\"").contains(c);
  });
}

std::string EncodeMailHeader(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(
      clean, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  const bool ascii =
      std::ranges::all_of(clean, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii && clean.size() <= kMaxEncodedWord && !clean.contains("=?")) return clean;
  std::string out;
  std::string word;
  for (std::size_t begin = 0; begin < clean.size();) {
    std::size_t end = begin + 1;
    while (end < clean.size() && (static_cast<unsigned char>(clean[end]) & 0xC0U) == 0x80U) ++end;
    const std::string next = QEncoded(std::string_view(clean).substr(begin, end - begin));
    if (word.size() + next.size() > kMaxEncodedWord) {
      out += fmt::format("=?UTF-8?Q?{}?=\r\n ", std::exchange(word, {}));
    }
    word += next;
    begin = end;
  }
  return out + fmt::format("=?UTF-8?Q?{}?=", word);
}

async::Task<Status> SendMail(MailServer server, Mail mail, Deadline deadline) {
  for (const std::string& address : {mail.from, mail.to}) {
    if (!IsMailAddress(address)) {
      co_return Fail(Code::kInvalidArgument, "'{}' is no mail address", EncodeMailHeader(address));
    }
  }
  MailTransfer transfer(co_await async::CurrentExecutor(), server, mail);
  co_return co_await transfer.Run(deadline);
}

}  // namespace baton::http
