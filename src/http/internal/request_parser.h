// Bytes in, one ServerRequest out. No sockets here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/server.h"

namespace baton::http::internal {

// Reads one request; each request of a connection has a parser of its own.
class RequestParser {
 public:
  enum class State { kNeedMore, kComplete, kRefused };

  RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes what belongs to the request from the front of `input`; bytes of a next request stay.
  State Consume(std::string& input);

  // Whether the header is there. The body, if any, is what Consume() then needs.
  bool header_done() const;

  // How much of the body has been read.
  std::size_t body_bytes() const;

  // Whether the client waits for "100 Continue" before it sends the body. True once at most.
  bool TakeExpectsContinue();

  // After kRefused: 400, 413 or 431, and why.
  int refusal() const { return refusal_; }
  const std::string& refusal_reason() const { return refusal_reason_; }

  // After kComplete.
  ServerRequest Take();
  bool keep_alive() const;
  bool is_http_1_0() const;

 private:
  struct Parser;

  State Refuse(int status, std::string reason);
  bool ReadTarget(std::string_view target);

  std::unique_ptr<Parser> parser_;
  ServerRequest request_;
  int refusal_ = 0;
  std::string refusal_reason_;
  bool continue_taken_ = false;
};

}  // namespace baton::http::internal
