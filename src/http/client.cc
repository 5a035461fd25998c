#include "http/client.h"

#include "http/internal/transfer.h"

namespace baton::http {

Client::Client(std::string user_agent) : user_agent_(std::move(user_agent)) {}

async::Task<Result<std::unique_ptr<ResponseStream>>> Client::Send(Request request,
                                                                  RequestOptions options) const {
  auto transfer = std::make_unique<internal::Transfer>(co_await async::CurrentExecutor(),
                                                       std::move(request), options, user_agent_);
  BATON_CO_TRY(transfer->Begin());
  BATON_CO_TRY(co_await transfer->AwaitHeader());
  co_return transfer;
}

async::Task<Result<Response>> Client::Fetch(Request request, RequestOptions options) const {
  auto stream = co_await Send(std::move(request), options);
  if (!stream) co_return Fail(std::move(stream).error());
  Response response{(*stream)->status(), (*stream)->headers(), {}};
  while (true) {
    auto piece = co_await (*stream)->Read();
    if (!piece) co_return Fail(std::move(piece).error());
    if (!*piece) co_return response;
    response.body += **piece;
  }
}

}  // namespace baton::http
