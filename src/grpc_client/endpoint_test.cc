// Against a server that behaves as its method's name says.
#include "grpc_client/endpoint.h"

#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <optional>

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "grpc_client/grpc_values.h"

namespace baton::grpc_client {
namespace {

using ::testing::HasSubstr;
using Bytes = grpc::ByteBuffer;
using Metadata = std::multimap<std::string, std::string>;
using namespace std::chrono_literals;

// /test/Echo answers with the request, /test/Silent not at all, /test/Sulk refuses without a
// reason, /test/Away as a service that is going down.
class EchoCall final : public grpc::ServerGenericBidiReactor {
 public:
  EchoCall(std::string method, std::promise<void>& begun, std::promise<void>& cancelled)
      : method_(std::move(method)), cancelled_(cancelled) {
    if (method_ == "/test/Silent") begun.set_value();
    if (method_ == "/test/Sulk") Finish({grpc::StatusCode::ABORTED, ""});
    if (method_ == "/test/Away") Finish({grpc::StatusCode::UNAVAILABLE, "restarting"});
    if (method_ == "/test/Echo") StartRead(&message_);
  }
  void OnReadDone(bool) override { StartWriteAndFinish(&message_, {}, grpc::Status::OK); }
  void OnCancel() override {
    if (method_ != "/test/Silent") return;
    cancelled_.set_value();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  const std::string method_;
  std::promise<void>& cancelled_;
  Bytes message_;
};

class EchoService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [key, value] : context->client_metadata()) {
        metadata_.emplace(std::string(key.data(), key.size()),
                          std::string(value.data(), value.size()));
      }
    }
    return new EchoCall(context->method(), begun, cancelled);
  }
  Metadata metadata() const {
    const std::lock_guard lock(mutex_);
    return metadata_;
  }

  std::promise<void> begun;
  std::promise<void> cancelled;

 private:
  mutable std::mutex mutex_;
  Metadata metadata_;  // guarded by mutex_
};

Bytes BytesWith(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

std::string TextOf(const Bytes& bytes) {
  grpc::Slice slice;
  EXPECT_TRUE(bytes.DumpToSingleSlice(&slice).ok());
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

class EndpointTest : public ::testing::Test {
 protected:
  EndpointTest() {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    endpoint_ = *Endpoint::On(server_->InProcessChannel({}), "the echo", "s3cret");
  }
  ~EndpointTest() override { server_->Shutdown(); }

  async::Task<Result<Bytes>> Call(std::string method, CallOptions options = {}) {
    const Endpoint::Method<Bytes, Bytes> start =
        [this, method](grpc::ClientContext* context, const Bytes* request, Bytes* response,
                       const Endpoint::Done& done) {
          grpc::GenericStub(endpoint_->channel())
              .UnaryCall(context, method, {}, request, response, done);
        };
    co_return co_await endpoint_->Call(start, BytesWith("hello"), std::move(options));
  }

  Status Failure(std::string method, CallOptions options = {}) {
    return async::BlockOn(Call(std::move(method), std::move(options))).error();
  }

  EchoService service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Endpoint> endpoint_;
};

TEST_F(EndpointTest, ACallCarriesItsMessageTheTokenAndTheMetadata) {
  const auto answer = async::BlockOn(Call("/test/Echo", {.metadata = {{"my-key", "k1"}}}));
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(TextOf(*answer), "hello");
  EXPECT_EQ(service_.metadata().find("my-key")->second, "k1");
  EXPECT_EQ(service_.metadata().find("authorization")->second, "Bearer s3cret");
}

TEST_F(EndpointTest, RefusesWhatAHeaderCannotCarry) {
  const Status status = Failure("/test/Echo", {.metadata = {{"my-key", "a\nb"}}});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("my-key"));
  EXPECT_EQ(Endpoint::Connect("127.0.0.1:1", "echo", "a\x01").error().code(),
            Code::kInvalidArgument);
  EXPECT_FALSE(IsHeaderText("caf\xC3\xA9"));
}

TEST_F(EndpointTest, AFailureSaysWhyAndWhose) {
  EXPECT_EQ(Failure("/test/Sulk"), Status(Code::kAborted, "the service gave no reason (ABORTED)"));
  EXPECT_EQ(Failure("/test/Away"), Status(Code::kUnavailable, "the echo: restarting"));
  const auto nobody = *Endpoint::Connect("127.0.0.1:1", "echo", "");
  const Status status = async::BlockOn(nobody->CheckHealth("test", Deadline::In(10s)));
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("echo at 127.0.0.1:1"));
}

TEST_F(EndpointTest, ACallEndsAtItsDeadline) {
  EXPECT_EQ(Failure("/test/Silent", {.deadline = Deadline::In(20ms)}).code(),
            Code::kDeadlineExceeded);
}

async::Task<void> StoreInto(async::Task<Result<Bytes>> call, std::optional<Result<Bytes>>& result) {
  result = co_await std::move(call);
}

async::Task<Code> CancelWhenBegun(async::Task<Result<Bytes>> call, std::future<void> begun) {
  std::optional<Result<Bytes>> result;
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(StoreInto(std::move(call), result));
  while (begun.wait_for(0s) != std::future_status::ready) {
    co_await async::SleepUntil(Deadline::In(1ms));
  }
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return result->error().code();
}

TEST_F(EndpointTest, CancellingTheCoroutineCancelsTheCallAtTheService) {
  EXPECT_EQ(async::BlockOn(CancelWhenBegun(Call("/test/Silent"), service_.begun.get_future())),
            Code::kCancelled);
  EXPECT_EQ(service_.cancelled.get_future().wait_for(10s), std::future_status::ready);
}

}  // namespace
}  // namespace baton::grpc_client
