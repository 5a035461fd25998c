// A web site on loopback that answers as told, and remembers what it was asked.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/runtime.h"
#include "base/check.h"
#include "http/server.h"

namespace baton::workspace::testing {

// Threads: safe. Lifetime: `runtime` outlives it and is running.
class LoopbackSite {
 public:
  struct Answer {
    std::string body;
    std::string content_type = "text/html; charset=utf-8";
    int status = 200;
    http::Headers headers = {};
  };
  using Respond = std::function<Answer(const http::ServerRequest&)>;

  explicit LoopbackSite(async::Runtime& runtime) {
    auto server = http::StartServer(
        runtime, {}, [this](const http::ServerRequest& request, http::ResponseWriter& writer) {
          return Handle(request, writer);
        });
    BATON_CHECK(server.has_value(), "no loopback server");
    server_ = *std::move(server);
  }

  // What is not set is 404.
  void Set(const std::string& path, Answer answer) {
    SetResponder(path, [answer](const http::ServerRequest&) { return answer; });
  }
  void SetResponder(const std::string& path, Respond respond) {
    const std::lock_guard lock(mutex_);
    answers_[path] = std::move(respond);
  }

  std::string port() const { return std::to_string(server_->port()); }
  std::string Url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + port() + path;
  }

  // The paths asked for, in their order, without robots.txt.
  std::vector<std::string> paths() const {
    const std::lock_guard lock(mutex_);
    return paths_;
  }
  // The last request for `path`.
  http::ServerRequest last(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = requests_.find(path);
    return found == requests_.end() ? http::ServerRequest() : found->second;
  }
  void Stop() { server_->Stop(); }

 private:
  async::Task<void> Handle(const http::ServerRequest& request, http::ResponseWriter& writer) {
    Answer answer = Remember(request)(request);
    answer.headers.Add("Content-Type", answer.content_type);
    const Status sent = co_await writer.Send(answer.status, answer.headers, answer.body);
    static_cast<void>(sent);  // a peer that has gone
  }

  Respond Remember(const http::ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.path != "/robots.txt") paths_.push_back(request.path);
    requests_.insert_or_assign(request.path, request);
    const auto found = answers_.find(request.path);
    if (found != answers_.end()) return found->second;
    return [](const http::ServerRequest&) { return Answer{.body = "nothing here", .status = 404}; };
  }

  mutable std::mutex mutex_;
  std::map<std::string, Respond> answers_;               // guarded by mutex_
  std::map<std::string, http::ServerRequest> requests_;  // guarded by mutex_
  std::vector<std::string> paths_;                       // guarded by mutex_
  std::unique_ptr<http::Server> server_;
};

}  // namespace baton::workspace::testing
