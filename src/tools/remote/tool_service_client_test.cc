// The client against a service that behaves as it is told. What it does with the real one is
// tested beside that, in rpc/.
#include "tools/remote/tool_service_client.h"

#include <functional>
#include <future>
#include <optional>

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/signal.h"
#include "proto/tool_service.grpc.pb.h"
#include "tools/remote/document_tools.h"
#include "tools/remote/edit_tools.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Never answers; tells when it is cancelled.
class SilentCall final : public grpc::ServerUnaryReactor {
 public:
  explicit SilentCall(std::function<void()> on_cancel) : on_cancel_(std::move(on_cancel)) {}
  void OnCancel() override {
    on_cancel_();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  const std::function<void()> on_cancel_;
};

class FakeToolService final : public wire::ToolService::CallbackService {
 public:
  grpc::ServerUnaryReactor* SearchDocuments(grpc::CallbackServerContext* context,
                                            const wire::SearchRequest* request,
                                            wire::SearchResponse* response) override {
    searches.push_back(*request);
    for (const auto& [key, value] : context->client_metadata()) {
      metadata.emplace(std::string(key.data(), key.size()),
                       std::string(value.data(), value.size()));
    }
    *response = answer;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(outcome);
    return reactor;
  }

  grpc::ServerUnaryReactor* GetDocument(grpc::CallbackServerContext*, const wire::DocumentRequest*,
                                        wire::DocumentResponse*) override {
    called.set_value();
    return new SilentCall([this] { cancelled.set_value(); });
  }

  wire::SearchResponse answer;
  grpc::Status outcome;
  std::vector<wire::SearchRequest> searches;
  std::multimap<std::string, std::string> metadata;
  std::promise<void> called;
  std::promise<void> cancelled;
};

class ToolServiceClientTest : public ::testing::Test {
 protected:
  ToolServiceClientTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    client_ = *ToolServiceClient::On(server_->InProcessChannel({}), "fake", "s3cret");
  }
  ~ToolServiceClientTest() override { server_->Shutdown(); }

  auto Search(ToolContext context) {
    return async::BlockOn(client_->SearchDocuments(std::move(context), "query", 3));
  }

  FakeToolService service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<ToolServiceClient> client_;
};

TEST_F(ToolServiceClientTest, SendsTheCallerItsKeyAndTheToken) {
  ASSERT_TRUE(Search({.user_id = "ada", .idempotency_key = "k1"}));
  ASSERT_EQ(service_.searches.size(), 1U);
  EXPECT_EQ(service_.searches[0].user_id(), "ada");
  EXPECT_EQ(service_.searches[0].query(), "query");
  EXPECT_EQ(service_.searches[0].limit(), 3);
  EXPECT_EQ(service_.metadata.find("authorization")->second, "Bearer s3cret");
  EXPECT_EQ(service_.metadata.find("idempotency-key")->second, "k1");
}

TEST_F(ToolServiceClientTest, ReadsPassagesAlsoOfAServiceThatGivesNoOffsets) {
  auto& known = *service_.answer.add_results();
  known.set_document_id("d1");
  known.set_content_preview("text");
  (*known.mutable_metadata())["path"] = "/a.md";
  (*known.mutable_metadata())["begin"] = "7";
  (*known.mutable_metadata())["end"] = "11";
  service_.answer.add_results()->set_document_id("d2");
  const auto passages = Search({.user_id = "ada"});
  ASSERT_TRUE(passages);
  ASSERT_EQ(passages->size(), 2U);
  EXPECT_EQ(passages->at(0).path, "/a.md");
  EXPECT_EQ(passages->at(0).begin, 7);
  EXPECT_EQ(passages->at(0).end, 11);
  EXPECT_EQ(passages->at(1).begin, -1);
}

TEST_F(ToolServiceClientTest, PassesOnHowTheServiceRefuses) {
  service_.outcome = {grpc::StatusCode::INVALID_ARGUMENT, "SearchRequest.query is empty"};
  EXPECT_EQ(Search({.user_id = "ada"}).error(),
            Status(Code::kInvalidArgument, "SearchRequest.query is empty"));
  service_.outcome = {grpc::StatusCode::UNAVAILABLE, "restarting"};
  EXPECT_EQ(Search({.user_id = "ada"}).error(), Status(Code::kUnavailable, "fake: restarting"));
}

TEST_F(ToolServiceClientTest, RefusesAKeyThatNoHeaderCanCarry) {
  const auto result = Search({.user_id = "ada", .idempotency_key = "a\nb"});
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(ToolServiceClient::Connect("127.0.0.1:1", "a\x01"));
}

async::Task<Code> CancelACall(ToolServiceClient& client, std::future<void> called) {
  std::optional<Result<DocumentCard>> result;
  const auto get = [](ToolServiceClient& from,
                      std::optional<Result<DocumentCard>>& out) -> async::Task<void> {
    out = co_await from.GetDocument({.user_id = "ada"}, "d1");
  };
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(get(client, result));
  while (called.wait_for(0s) != std::future_status::ready) {
    co_await async::SleepUntil(Deadline::In(1ms));
  }
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return result->error().code();
}

TEST_F(ToolServiceClientTest, CancellingTheCoroutineCancelsTheCallAtTheService) {
  EXPECT_EQ(async::BlockOn(CancelACall(*client_, service_.called.get_future())), Code::kCancelled);
  EXPECT_EQ(service_.cancelled.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(ToolServiceClientTest, ACallEndsAtItsDeadline) {
  const ToolContext context{.user_id = "ada", .deadline = Deadline::In(20ms)};
  const auto card = async::BlockOn(client_->GetDocument(context, "d1"));
  EXPECT_EQ(card.error().code(), Code::kDeadlineExceeded);
}

TEST_F(ToolServiceClientTest, NamesAServiceThatDoesNotAnswer) {
  const auto client = *ToolServiceClient::Connect("127.0.0.1:1", "");
  const Status status = async::BlockOn(client->CheckHealth(Deadline::In(5s)));
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("tool service at 127.0.0.1:1"));
}

TEST_F(ToolServiceClientTest, RefusesAnIndexThatNoProposalHas) {
  ToolRegistry registry;
  ASSERT_TRUE(RegisterEditTools(registry, client_).ok());
  const json::Object arguments{{"proposal_id", "proposal_1"},
                               {"operation_indices", {std::int64_t{3'000'000'000}}}};
  const auto outcome =
      async::BlockOn(registry.Call("apply_edit_proposal", arguments, {.user_id = "ada"}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::kInvalidArgument);
}

TEST_F(ToolServiceClientTest, RegistersItsToolsOnce) {
  ToolRegistry registry;
  ASSERT_TRUE(RegisterDocumentTools(registry, client_).ok());
  EXPECT_THAT(registry.names(), ElementsAre("find_document_by_path", "get_document",
                                            "get_document_chunks", "search_documents"));
  EXPECT_EQ(registry.Find("get_document")->definition().effect, Effect::kRead);
  EXPECT_EQ(RegisterDocumentTools(registry, client_).code(), Code::kAlreadyExists);
}

}  // namespace
}  // namespace baton::tools::remote
