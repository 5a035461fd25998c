// One exchange with a server: a curl easy handle as a ResponseStream.
#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

#include "async/signal.h"
#include "http/client.h"
#include "http/internal/curl_service.h"

namespace baton::http::internal {

// Begin(), AwaitHeader(), then Read() until it yields nothing.
//
// Threads: the executor it was made on.
// Errors:  every message begins with method and printable URL; none holds a header's value.
class Transfer final : public ResponseStream, private CurlListener {
 public:
  Transfer(const async::Executor& executor, Request request, RequestOptions options,
           std::string user_agent);
  ~Transfer();

  // Checks the request and hands it to curl. kInvalidArgument if it cannot be sent.
  Status Begin();

  // Suspends until status and headers of the final response are there.
  async::Task<Status> AwaitHeader();

  int status() const override { return status_; }
  const Headers& headers() const override { return headers_; }
  async::Task<Result<std::optional<std::string>>> Read() override;

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  Status Check() const;
  void SetTarget();
  void SetBody();
  void SetHeaders();
  void SetCallbacks();

  // Called by curl, from inside curl_multi_socket_action() or curl_easy_pause().
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static int OnConnected(void* self, char* to, char* from, int to_port, int from_port);
  static int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t uploaded);
  bool MayConnect(const sockaddr& address) override;
  void OnDone(CURLcode result) override;

  bool CheckAddress(const boost::asio::ip::address& address, int port);
  bool TakeHeaderLine(std::string_view line);
  void EndHeader();
  bool IsFinal(int status) const;

  async::Task<Status> AwaitProgress();
  std::string TakeBuffer();
  Status Describe(CURLcode result) const;
  std::string Reason(CURLcode result) const;

  // Leaves curl, which closes the connection, and stays failed for good.
  Status Abort(Status failure);

  const Request request_;
  const RequestOptions options_;
  const std::string user_agent_;
  const std::string what_;  // "POST http://127.0.0.1:4010/v1/x"
  CurlService& service_;
  async::Signal changed_;
  std::unique_ptr<curl_slist, FreeList> header_list_;
  char reason_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<CURL, FreeEasy> easy_;

  int status_ = 0;
  Headers headers_;
  std::size_t header_bytes_ = 0;
  std::string buffer_;          // arrived, not yet read
  std::size_t body_bytes_ = 0;  // arrived in all
  curl_off_t uploaded_ = 0;
  Deadline::Clock::time_point last_progress_;
  bool connected_ = false;
  bool header_ended_ = false;     // the blank line after the last status line has come
  bool header_complete_ = false;  // and that response is the final one
  bool paused_ = false;
  bool done_ = false;
  Status forbidden_;  // the last address that the policy kept us from
  Status failure_;
};

}  // namespace baton::http::internal
