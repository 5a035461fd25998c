#include "http/internal/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "async/timeout.h"
#include "http/error_response.h"

namespace baton::http::internal {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// How long a refused client may go on sending, so that closing does not reset the connection
// before it has read why (RFC 9112, section 9.6).
constexpr std::chrono::seconds kDrainTime{1};

// Pipelined input kept while a handler runs. Beyond it the peer's going shows at the next write.
constexpr std::size_t kMaxPipelinedBytes = 64 << 10U;

std::string AddressOf(const Tcp::socket& socket) {
  boost::system::error_code error;
  const Tcp::endpoint peer = socket.remote_endpoint(error);
  return error ? "" : peer.address().to_string();
}

}  // namespace

Connection::Connection(Tcp::socket socket, const ServerOptions& options, const Handler& handler,
                       BodyBudget& bodies)
    : socket_(std::move(socket)),
      options_(options),
      handler_(handler),
      bodies_(bodies),
      remote_address_(AddressOf(socket_)) {
  boost::system::error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);  // SocketWriter writes what there is room for
}

async::Task<void> Connection::Run() {
  header_deadline_ = Deadline::In(options_.header_timeout);
  while (true) {
    RequestParser parser(options_.max_header_bytes, options_.max_body_bytes);
    BodyBudget::Share body(bodies_);
    switch (co_await ReadRequest(parser, body)) {
      case Outcome::kRequest: {
        const bool goes_on = co_await Answer(parser);
        body.Resize(0);
        if (!goes_on) co_return co_await DrainAndClose();
        break;
      }
      case Outcome::kRefused:
        co_return co_await Refuse(parser.refusal(), parser.refusal_reason());
      case Outcome::kNoRoom:
        co_return co_await Refuse(
            503, fmt::format("the server holds {} bytes of request bodies, as many as it accepts; "
                             "try again later",
                             options_.max_total_body_bytes));
      case Outcome::kTimedOut:
        co_return co_await Refuse(408, "the request did not arrive in time");
      case Outcome::kClosed:
        co_return;
    }
    header_deadline_ = Deadline::Never();
  }
}

async::Task<void> Connection::TurnAway() {
  co_await Refuse(503, "the server has as many connections as it accepts; try again later");
}

async::Task<Connection::Outcome> Connection::ReadRequest(RequestParser& parser,
                                                         BodyBudget::Share& body) {
  while (true) {
    if (!input_.empty() && header_deadline_.IsNever()) {
      header_deadline_ = Deadline::In(options_.header_timeout);
    }
    const bool has_begun = !header_deadline_.IsNever();
    const RequestParser::State state = parser.Consume(input_);
    if (!body.Resize(parser.body_bytes())) co_return Outcome::kNoRoom;
    if (state == RequestParser::State::kComplete) co_return Outcome::kRequest;
    if (state == RequestParser::State::kRefused) co_return Outcome::kRefused;
    if (parser.TakeExpectsContinue()) {
      if (!(co_await SocketWriter(socket_, {}, options_.write_timeout).SendContinue()).ok())
        co_return Outcome::kClosed;
    }
    const auto read = co_await async::WithDeadline(ReadSome(), ReadDeadline(parser), "read");
    if (read) continue;
    const bool timed_out = read.error().code() == Code::kDeadlineExceeded;
    co_return timed_out&& has_begun ? Outcome::kTimedOut : Outcome::kClosed;
  }
}

Deadline Connection::ReadDeadline(const RequestParser& parser) {
  if (parser.header_done()) return Deadline::In(options_.body_timeout);
  if (!header_deadline_.IsNever()) return header_deadline_;
  return Deadline::In(options_.idle_timeout);
}

async::Task<Result<std::size_t>> Connection::ReadSome() {
  if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "read: cancelled");
  const auto [error, bytes] =
      co_await socket_.async_read_some(asio::buffer(piece_), asio::as_tuple(asio::use_awaitable));
  if (error == asio::error::operation_aborted) co_return Fail(Code::kCancelled, "read: cancelled");
  if (error) co_return Fail(Code::kUnavailable, "read: {}", error.message());
  input_.append(piece_.data(), bytes);
  co_return bytes;
}

async::Task<bool> Connection::Answer(RequestParser& parser) {
  SocketWriter::Terms terms{.is_http_1_0 = parser.is_http_1_0(), .keep_alive = parser.keep_alive()};
  ServerRequest request = parser.Take();
  request.remote_address = remote_address_;
  terms.head_only = request.method == "HEAD";
  SocketWriter writer(socket_, terms, options_.write_timeout);
  const async::Executor executor = co_await async::CurrentExecutor();
  async::TaskGroup handling(executor);
  async::TaskGroup watching(executor);
  handling.Spawn(Handle(request, writer));
  watching.Spawn(WatchPeer(handling));
  co_await handling.Join();
  watching.Cancel(CancelReason::kUser);
  co_await watching.Join();
  // A body cut short by cancellation stays without its last chunk: the client can tell.
  if (peer_gone_ || co_await async::IsCancelled()) co_return false;
  co_return co_await writer.Finish();
}

async::Task<void> Connection::Handle(const ServerRequest& request, ResponseWriter& writer) {
  co_await handler_(request, writer);
}

async::Task<void> Connection::WatchPeer(async::TaskGroup& handling) {
  while (input_.size() < kMaxPipelinedBytes) {
    const auto read = co_await ReadSome();
    if (read) continue;
    if (read.error().code() == Code::kCancelled) co_return;
    peer_gone_ = true;
    handling.Cancel(CancelReason::kUser);
    co_return;
  }
}

async::Task<void> Connection::Refuse(int status, std::string reason) {
  SocketWriter writer(socket_, {}, options_.write_timeout);
  if ((co_await SendError(writer, status, std::move(reason))).ok()) co_await DrainAndClose();
}

async::Task<void> Connection::DrainAndClose() {
  boost::system::error_code ignored;
  if (peer_gone_ || co_await async::IsCancelled()) co_return;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  const Deadline deadline = Deadline::In(kDrainTime);
  while (true) {
    input_.clear();
    if (!co_await async::WithDeadline(ReadSome(), deadline, "drain")) co_return;
  }
}

}  // namespace baton::http::internal
