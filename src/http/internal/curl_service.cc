#include "http/internal/curl_service.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>

#include "base/check.h"

namespace baton::http::internal {

namespace {

// Idle connections kept per io_context; curl closes the oldest above it.
constexpr long kMaxIdleConnections = 64;

CURLM* NewMulti() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  BATON_CHECK(ready == CURLE_OK, "curl_global_init failed");
  CURLM* multi = curl_multi_init();
  BATON_CHECK(multi != nullptr, "curl_multi_init failed");
  return multi;
}

}  // namespace

CurlService::CurlService(boost::asio::execution_context& context)
    : service(context),
      context_(static_cast<boost::asio::io_context&>(context)),
      timer_(context_),
      multi_(NewMulti()) {
  // Makes Asio's descriptor service now: services shut down in reverse order of their making,
  // and this one closes descriptors when it does.
  const Socket first_use(context_);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlService::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlService::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
}

CurlService& CurlService::Of(const async::Executor& executor) {
  return boost::asio::use_service<CurlService>(
      boost::asio::query(executor, boost::asio::execution::context));
}

CURLcode CurlService::Add(CURL* easy, CurlListener& listener) {
  Exchange& exchange = active_.insert_or_assign(easy, Exchange{this, &listener}).first->second;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &listener);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlService::OpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlService::CloseSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  if (multi_ != nullptr && curl_multi_add_handle(multi_, easy) == CURLM_OK) return CURLE_OK;
  active_.erase(easy);
  return CURLE_FAILED_INIT;
}

void CurlService::Remove(CURL* easy) {
  if (const auto found = active_.find(easy); found != active_.end()) {
    curl_multi_remove_handle(multi_, easy);
    active_.erase(found);
  }
  // An armed timer would keep io_context::run() from returning.
  if (active_.empty() && std::exchange(timer_armed_, false)) timer_.cancel();
}

void CurlService::shutdown() noexcept {
  for (const auto& [easy, exchange] : active_) curl_multi_remove_handle(multi_, easy);
  active_.clear();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  curl_multi_cleanup(std::exchange(multi_, nullptr));
  for (const auto& [fd, socket] : sockets_) {
    if (!socket->owned) socket->descriptor.release();
  }
  sockets_.clear();
}

curl_socket_t CurlService::OpenSocket(void* exchange, curlsocktype, curl_sockaddr* address) {
  const auto [service, listener] = *static_cast<Exchange*>(exchange);
  if (!listener->MayConnect(address->addr)) return CURL_SOCKET_BAD;
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                          address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (service->Adopt(fd, /*owned=*/true) == nullptr) {
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

int CurlService::CloseSocket(void* self, curl_socket_t fd) {
  static_cast<CurlService*>(self)->Forget(fd);
  return 0;
}

CurlService::SocketPtr CurlService::Adopt(curl_socket_t fd, bool owned) {
  auto socket = std::make_shared<Socket>(context_);
  boost::system::error_code error;
  socket->descriptor.assign(fd, error);
  if (error) return nullptr;
  socket->owned = owned;
  sockets_.insert_or_assign(fd, socket);
  return socket;
}

void CurlService::Forget(curl_socket_t fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  // Waits that are under way keep the Socket alive and see that its descriptor is closed.
  boost::system::error_code ignored;
  if (found->second->owned) {
    found->second->descriptor.close(ignored);
  } else {
    found->second->descriptor.release();
  }
  sockets_.erase(found);
}

int CurlService::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& service = *static_cast<CurlService*>(self);
  const auto found = service.sockets_.find(fd);
  if (what == CURL_POLL_REMOVE) {
    if (found == service.sockets_.end()) return 0;
    found->second->wanted = CURL_POLL_NONE;
    // curl closes its own, such as the resolver's wake-up pair, without asking.
    if (!found->second->owned) {
      service.Forget(fd);
      return 0;
    }
    // A wait on an idle connection would keep io_context::run() from returning.
    boost::system::error_code ignored;
    found->second->descriptor.cancel(ignored);
    return 0;
  }
  const SocketPtr socket =
      found != service.sockets_.end() ? found->second : service.Adopt(fd, /*owned=*/false);
  if (socket == nullptr) return -1;
  socket->wanted = what;
  service.WaitFor(socket);
  return 0;
}

void CurlService::WaitFor(const SocketPtr& socket) {
  using Descriptor = boost::asio::posix::stream_descriptor;
  const auto start = [this, &socket](Descriptor::wait_type type, int poll, int event,
                                     bool Socket::* waiting) {
    if ((socket->wanted & poll) == 0 || (*socket).*waiting) return;
    (*socket).*waiting = true;
    socket->descriptor.async_wait(
        type, [this, socket, poll, event, waiting](const boost::system::error_code& error) {
          (*socket).*waiting = false;
          // Once closed, the number may belong to another connection.
          if (multi_ == nullptr || !socket->descriptor.is_open()) return;
          if (error && error != boost::asio::error::operation_aborted) return;
          if (!error && (socket->wanted & poll) != 0) {
            Act(socket->descriptor.native_handle(), event);
          }
          // Also after a cancelled wait: curl may have asked again meanwhile.
          if (socket->descriptor.is_open()) WaitFor(socket);
        });
  };
  start(Descriptor::wait_read, CURL_POLL_IN, CURL_CSELECT_IN, &Socket::waiting_to_read);
  start(Descriptor::wait_write, CURL_POLL_OUT, CURL_CSELECT_OUT, &Socket::waiting_to_write);
}

int CurlService::OnTimer(CURLM*, long milliseconds, void* self) {
  auto& service = *static_cast<CurlService*>(self);
  service.wakeup_.reset();
  if (milliseconds < 0) return 0;
  service.wakeup_ = Clock::now() + std::chrono::milliseconds(milliseconds);
  if (milliseconds == 0) {
    boost::asio::post(service.context_, [&service] { service.WakeUpIfDue(); });
  } else {
    service.ArmTimer();
  }
  return 0;
}

// curl sets its timer several times in a request and mostly withdraws it. One that is armed for
// an earlier time stays as it is and looks again then: arming costs a system call.
void CurlService::ArmTimer() {
  if (timer_armed_ && timer_.expiry() <= *wakeup_) return;
  timer_armed_ = true;
  timer_.expires_at(*wakeup_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    timer_armed_ = false;
    if (wakeup_) WakeUpIfDue();
  });
}

void CurlService::WakeUpIfDue() {
  if (multi_ == nullptr || !wakeup_) return;
  if (*wakeup_ > Clock::now()) return ArmTimer();
  wakeup_.reset();
  Act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlService::Act(curl_socket_t fd, int events) {
  if (multi_ == nullptr) return;
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  ReportFinished();
}

void CurlService::ReportFinished() {
  int queued = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;  // dies with the message in Remove()
    CurlListener* listener = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &listener);
    Remove(easy);
    listener->OnDone(result);
  }
}

}  // namespace baton::http::internal
