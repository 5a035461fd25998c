#include "http/internal/socket_writer.h"

#include <algorithm>
#include <array>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "async/timeout.h"
#include "base/log.h"
#include "http/error_response.h"

namespace baton::http::internal {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// RFC 9110, section 6.4.1: these have no body and no length.
bool IsBodiless(int status) { return status < 200 || status == 204 || status == 304; }

bool IsFraming(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Transfer-Encoding") ||
         EqualsIgnoreCase(name, "Connection");
}

using Pieces = std::array<asio::const_buffer, 3>;

// Takes `bytes` off the front.
void Advance(Pieces& pieces, std::size_t bytes) {
  for (asio::const_buffer& piece : pieces) {
    const std::size_t taken = std::min(bytes, piece.size());
    piece += taken;
    bytes -= taken;
  }
}

async::Task<Result<bool>> AwaitWritable(Tcp::socket& socket) {
  const auto [error] =
      co_await socket.async_wait(Tcp::socket::wait_write, asio::as_tuple(asio::use_awaitable));
  if (error) co_return Fail(Code::kCancelled, "the peer has gone");
  co_return true;
}

}  // namespace

std::string SocketWriter::Head(int status, const Headers& headers,
                               const std::string& framing) const {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, ReasonPhrase(status));
  for (const auto& [name, value] : headers) {
    if (!IsFraming(name)) head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!IsBodiless(status)) head += framing;
  if (!terms_.keep_alive || terms_.is_http_1_0) head += "Connection: close\r\n";
  return head + "\r\n";
}

async::Task<Status> SocketWriter::Send(int status, Headers headers, std::string body) {
  if (state_ != State::kNothing) {
    co_return Fail(Code::kFailedPrecondition, "the response was already begun");
  }
  BATON_CO_TRY(CheckHeaders(headers));
  const std::string head =
      Head(status, headers, fmt::format("Content-Length: {}\r\n", body.size()));
  const bool has_body = !terms_.head_only && !IsBodiless(status);
  BATON_CO_TRY(co_await Put(head, has_body ? std::string_view(body) : std::string_view()));
  state_ = State::kComplete;
  co_return Status();
}

async::Task<Status> SocketWriter::Start(int status, Headers headers) {
  if (state_ != State::kNothing) {
    co_return Fail(Code::kFailedPrecondition, "the response was already begun");
  }
  BATON_CO_TRY(CheckHeaders(headers));
  chunked_ = !terms_.is_http_1_0 && !IsBodiless(status);
  const std::string head = Head(status, headers, chunked_ ? "Transfer-Encoding: chunked\r\n" : "");
  BATON_CO_TRY(co_await Put(head));
  state_ = terms_.head_only || IsBodiless(status) ? State::kComplete : State::kStreaming;
  co_return Status();
}

async::Task<Status> SocketWriter::Write(std::string piece) {
  if (state_ == State::kComplete && terms_.head_only) co_return Status();
  if (state_ == State::kBroken) co_return Fail(Code::kCancelled, "the peer has gone");
  if (state_ != State::kStreaming) {
    co_return Fail(Code::kFailedPrecondition, "no body was started");
  }
  if (piece.empty()) co_return Status();  // an empty chunk would end the body
  if (!chunked_) co_return co_await Put(piece);
  const std::string size = fmt::format("{:x}\r\n", piece.size());
  co_return co_await Put(size, piece, "\r\n");
}

async::Task<bool> SocketWriter::Finish() {
  if (state_ == State::kNothing) {
    (void)co_await SendError(*this, 500, "the request was not answered");
  } else if (state_ == State::kStreaming && chunked_) {
    if ((co_await Put("0\r\n\r\n")).ok()) state_ = State::kComplete;
  }
  co_return state_ == State::kComplete&& terms_.keep_alive && !terms_.is_http_1_0;
}

async::Task<Status> SocketWriter::SendContinue() {
  co_return co_await Put("HTTP/1.1 100 Continue\r\n\r\n");
}

// Written as far as there is room, without a timer: most responses fit into the kernel's buffer.
async::Task<Status> SocketWriter::Put(std::string_view first, std::string_view second,
                                      std::string_view third) {
  if (state_ == State::kBroken || co_await async::IsCancelled()) {
    // Even if nothing was written yet: what follows would be out of step.
    state_ = State::kBroken;
    co_return Fail(Code::kCancelled, "the peer has gone");
  }
  Pieces rest = {asio::buffer(first.data(), first.size()),
                 asio::buffer(second.data(), second.size()),
                 asio::buffer(third.data(), third.size())};
  while (asio::buffer_size(rest) > 0) {
    boost::system::error_code error;
    Advance(rest, socket_.write_some(rest, error));
    if (error == asio::error::would_block) {
      BATON_CO_TRY(co_await AwaitRoom());
    } else if (error) {
      state_ = State::kBroken;
      co_return Fail(Code::kCancelled, "the peer has gone");
    }
  }
  // A handler that always finds room leaves its thread to others all the same.
  co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  co_return Status();
}

async::Task<Status> SocketWriter::AwaitRoom() {
  const auto room =
      co_await async::WithDeadline(AwaitWritable(socket_), Deadline::In(timeout_), "write");
  if (room) co_return Status();
  state_ = State::kBroken;
  if (room.error().code() != Code::kDeadlineExceeded) co_return room.error();
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);  // drops what it has not read
  socket_.close(ignored);
  Log(LogLevel::kInfo, "peer does not read", {{"timeout_ms", std::int64_t{timeout_.count()}}});
  co_return Fail(Code::kCancelled, "the peer has read nothing for {} ms", timeout_.count());
}

}  // namespace baton::http::internal
