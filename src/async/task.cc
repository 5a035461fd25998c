#include "async/task.h"

#include <boost/asio/this_coro.hpp>

namespace baton::async {

Task<Executor> CurrentExecutor() { co_return co_await boost::asio::this_coro::executor; }

Task<bool> IsCancelled() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace baton::async
