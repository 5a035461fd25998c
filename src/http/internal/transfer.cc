#include "http/internal/transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "base/check.h"
#include "http/url.h"

namespace baton::http::internal {

namespace {

// What is taken from the socket while nobody reads.
constexpr std::size_t kMaxUnreadBytes = 256 << 10U;

// A response's header, trailers included. Larger ones are no API's.
constexpr std::size_t kMaxHeaderBytes = 256 << 10U;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

bool IsMethod(std::string_view method) {
  return !method.empty() &&
         std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool HasHeader(const Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers,
                             [name](const auto& f) { return EqualsIgnoreCase(f.first, name); });
}

}  // namespace

Transfer::Transfer(const async::Executor& executor, Request request, RequestOptions options,
                   std::string user_agent)
    : request_(std::move(request)),
      options_(std::move(options)),
      user_agent_(std::move(user_agent)),
      what_((IsMethod(request_.method) ? request_.method : "(no method)") + " " +
            PrintableUrl(request_.url)),
      service_(CurlService::Of(executor)),
      changed_(executor),
      easy_(curl_easy_init()) {
  BATON_CHECK(easy_ != nullptr, "curl_easy_init failed");
}

Transfer::~Transfer() { service_.Remove(easy_.get()); }

Status Transfer::Begin() {
  Status checked = Check();
  if (!checked.ok()) return Abort(std::move(checked).Annotate(what_));
  SetTarget();
  SetBody();
  SetHeaders();
  SetCallbacks();
  last_progress_ = Deadline::Clock::now();
  const CURLcode begun = service_.Add(easy_.get(), *this);
  return begun == CURLE_OK ? Status() : Abort(Describe(begun));
}

Status Transfer::Check() const {
  if (!IsMethod(request_.method)) return Fail(Code::kInvalidArgument, "not a method");
  if (!SplitUrl(request_.url)) {
    return Fail(Code::kInvalidArgument, "only http and https URLs can be fetched");
  }
  return CheckHeaders(request_.headers);
}

void Transfer::SetTarget() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, options_.max_redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(options_.max_redirects));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // Proxies come from the environment, as everywhere; but no proxy reaches our own machine, and
  // none keeps to our policy.
  if (options_.addresses != nullptr || IsLoopbackHost(SplitUrl(request_.url)->host)) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  }
}

void Transfer::SetBody() {
  CURL* easy = easy_.get();
  const std::string& method = request_.method;
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool has_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (has_body || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  // curl's own POST and GET change method on a redirect as browsers do; a custom one would not.
  const bool is_plain = method == "POST" || (method == "GET" && request_.body.empty());
  if (!is_plain) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void Transfer::SetHeaders() {
  const auto append = [this](const std::string& line) {
    curl_slist* head = header_list_.release();
    head = curl_slist_append(head, line.c_str());
    BATON_CHECK(head != nullptr, "curl_slist_append failed");
    header_list_.reset(head);
  };
  for (const auto& [name, value] : request_.headers) {
    // "Name;" is curl's way to write a header without a value.
    append(value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value));
  }
  // Off: "Expect: 100-continue" costs a round trip, and a form's content type would be a lie.
  if (!HasHeader(request_.headers, "Expect")) append("Expect:");
  if (!HasHeader(request_.headers, "Content-Type")) append("Content-Type:");
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent_.c_str());
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // all that curl can decode
}

void Transfer::SetCallbacks() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Transfer::OnConnected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Transfer::OnProgress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
}

std::size_t Transfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<Transfer*>(self)->TakeHeaderLine({data, bytes}) ? bytes : 0;
}

bool Transfer::TakeHeaderLine(std::string_view line) {
  last_progress_ = Deadline::Clock::now();
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    failure_ = Fail(Code::kResourceExhausted, "{}: the response's header exceeds {} bytes", what_,
                    kMaxHeaderBytes);
    return false;
  }
  if (header_complete_) return true;  // a trailer
  if (line.starts_with("HTTP/")) {
    // Each response on the way, such as 100 or a redirect, begins anew.
    headers_ = {};
    header_ended_ = false;
    const std::string_view after_version = line.substr(std::min(line.find(' '), line.size()));
    const std::string_view code = Trim(after_version);
    std::from_chars(code.data(), code.data() + code.size(), status_);
  } else if (Trim(line).empty()) {
    header_ended_ = true;
    if (IsFinal(status_)) EndHeader();
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    headers_.Add(std::string(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1))));
  }
  return true;
}

bool Transfer::IsFinal(int status) const {
  // Whether curl follows a redirect shows in what comes next: a body, an end or a new header.
  const bool may_be_followed = options_.max_redirects > 0 && status >= 300 && status < 400;
  return status >= 200 && !may_be_followed;
}

void Transfer::EndHeader() {
  header_complete_ = true;
  changed_.NotifyAll();
}

std::size_t Transfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  if (!transfer.header_complete_) transfer.EndHeader();
  if (bytes > transfer.options_.max_body_bytes - transfer.body_bytes_) {
    transfer.failure_ = Fail(Code::kResourceExhausted, "{}: the response exceeds {} bytes",
                             transfer.what_, transfer.options_.max_body_bytes);
    return 0;
  }
  if (!transfer.buffer_.empty() && transfer.buffer_.size() + bytes > kMaxUnreadBytes) {
    transfer.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.buffer_.append(data, bytes);
  transfer.body_bytes_ += bytes;
  transfer.changed_.NotifyAll();
  return bytes;
}

bool Transfer::CheckAddress(const boost::asio::ip::address& address, int port) {
  if (options_.addresses == nullptr) return true;
  if (options_.addresses->Allows(address, static_cast<std::uint16_t>(port))) return true;
  forbidden_ =
      Fail(Code::kPermissionDenied, "{}: {} is not a public address", what_, address.to_string());
  return false;
}

bool Transfer::MayConnect(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return CheckAddress(boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port));
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
    return CheckAddress(boost::asio::ip::address_v6(bytes), ntohs(v6.sin6_port));
  }
  return options_.addresses == nullptr;
}

int Transfer::OnConnected(void* self, char* to, char*, int to_port, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  // A connection that an exchange without a policy has left open is seen here only.
  if (transfer.options_.addresses != nullptr) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(to, error);
    if (error || !transfer.CheckAddress(address, to_port)) return CURL_PREREQFUNC_ABORT;
  }
  transfer.connected_ = true;
  transfer.last_progress_ = Deadline::Clock::now();
  transfer.changed_.NotifyAll();  // from here on the idle timeout counts
  return CURL_PREREQFUNC_OK;
}

int Transfer::OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t uploaded) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (uploaded != transfer.uploaded_) transfer.last_progress_ = Deadline::Clock::now();
  transfer.uploaded_ = uploaded;
  return 0;
}

void Transfer::OnDone(CURLcode result) {
  done_ = true;
  if (result != CURLE_OK && failure_.ok()) {
    const bool kept_away = result == CURLE_COULDNT_CONNECT || result == CURLE_ABORTED_BY_CALLBACK;
    failure_ = kept_away && !forbidden_.ok() ? forbidden_ : Describe(result);
  }
  if (result == CURLE_OK && header_ended_) header_complete_ = true;
  if (result == CURLE_OK && !header_ended_) {
    // To curl an end of the connection ends a header too.
    failure_ = Fail(Code::kUnavailable, "{}: the connection ended within the header", what_);
  }
  changed_.NotifyAll();
}

async::Task<Status> Transfer::AwaitHeader() {
  while (!header_complete_ && failure_.ok()) BATON_CO_TRY(co_await AwaitProgress());
  co_return header_complete_ ? Status() : failure_;
}

async::Task<Result<std::optional<std::string>>> Transfer::Read() {
  if (failure_.ok() && co_await async::IsCancelled()) {
    co_return Fail(Abort(Fail(Code::kCancelled, "{}: cancelled", what_)));
  }
  while (buffer_.empty() && !done_ && failure_.ok()) BATON_CO_TRY(co_await AwaitProgress());
  if (!buffer_.empty()) {
    if (!done_ && options_.deadline.Expired()) {
      co_return Fail(Abort(Fail(Code::kDeadlineExceeded, "{}: timed out", what_)));
    }
    co_return TakeBuffer();
  }
  if (!failure_.ok()) co_return Fail(failure_);
  co_return std::nullopt;
}

async::Task<Status> Transfer::AwaitProgress() {
  last_progress_ = Deadline::Clock::now();
  while (true) {
    const Deadline idle =
        connected_ ? Deadline::At(last_progress_ + options_.idle_timeout) : Deadline::Never();
    const async::WaitResult wait = co_await changed_.Wait(options_.deadline.Earlier(idle));
    if (wait == async::WaitResult::kReady) co_return Status();
    if (wait == async::WaitResult::kCancelled) {
      co_return Abort(Fail(Code::kCancelled, "{}: cancelled", what_));
    }
    if (options_.deadline.Expired()) {
      co_return Abort(Fail(Code::kDeadlineExceeded, "{}: timed out", what_));
    }
    // An upload moves last_progress_ without waking anyone.
    if (Deadline::At(last_progress_ + options_.idle_timeout).Expired()) {
      co_return Abort(Fail(Code::kDeadlineExceeded, "{}: the server sent nothing for {} ms", what_,
                           options_.idle_timeout.count()));
    }
  }
}

std::string Transfer::TakeBuffer() {
  std::string taken = std::exchange(buffer_, {});
  if (done_ || !std::exchange(paused_, false)) return taken;
  // Delivers at once what curl kept back. An error on the way is told here and nowhere else.
  const CURLcode result = curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
  if (result != CURLE_OK) {
    service_.Remove(easy_.get());
    OnDone(result);
  }
  return taken;
}

Status Transfer::Abort(Status failure) {
  service_.Remove(easy_.get());
  done_ = true;
  buffer_.clear();
  failure_ = std::move(failure);
  return failure_;
}

Status Transfer::Describe(CURLcode result) const {
  switch (result) {
    case CURLE_URL_MALFORMAT:
      return Fail(Code::kInvalidArgument, "{}: the URL is malformed", what_);
    case CURLE_UNSUPPORTED_PROTOCOL:
      // curl's word for a redirect to another scheme, and for a peer that does not speak HTTP.
      return Fail(Code::kUnavailable, "{}: {}", what_,
                  status_ >= 300 ? "redirected to what is neither http nor https"
                                 : "the answer is not HTTP");
    case CURLE_TOO_MANY_REDIRECTS:
      return Fail(Code::kFailedPrecondition, "{}: more than {} redirects", what_,
                  options_.max_redirects);
    case CURLE_OPERATION_TIMEDOUT:
      return Fail(Code::kUnavailable, "{}: connect: timed out after {} ms", what_,
                  options_.connect_timeout.count());
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return Fail(Code::kInternal, "{}: {}", what_, curl_easy_strerror(result));
    default:
      return Fail(Code::kUnavailable, "{}: {}", what_, Reason(result));
  }
}

std::string Transfer::Reason(CURLcode result) const {
  long error = 0;
  switch (result) {
    case CURLE_COULDNT_CONNECT:
      curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
      if (error == 0) return "connect: failed";
      return "connect: " + std::generic_category().message(static_cast<int>(error));
    case CURLE_COULDNT_RESOLVE_HOST:
      return "resolve: no such host";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "resolve: no such proxy";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      // For these curl's own words tell more, and hold neither URL nor header.
      if (reason_[0] != '\0') return std::string(Trim(reason_));
      [[fallthrough]];
    default:
      return curl_easy_strerror(result);
  }
}

}  // namespace baton::http::internal
