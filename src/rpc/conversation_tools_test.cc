// ToolService's calls about conversations, over gRPC and a real store.
#include "tools/remote/conversation_tools.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "proto/tool_service.grpc.pb.h"
#include "rpc/tool_server.h"
#include "runs/conversation_store.h"
#include "runs/run_store.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "workspace/document_store.h"

namespace baton::rpc {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ConversationToolsTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  void SetUp() override {
    database_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    documents_ = *async::BlockOn(workspace::DocumentStore::Open(*database_, SystemClock(), ids_));
    runs_.emplace(*database_, SystemClock());
    ASSERT_TRUE(async::BlockOn(runs_->Migrate()).ok());
    conversations_.emplace(*database_, checkpoints_, SystemClock(), ids_);
    server_ = *StartToolServer(
        runtime_, {.documents = *documents_, .conversations = &*conversations_}, {}, metrics_);
    stub_ = wire::ToolService::NewStub(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
    Answer("ada", "c1", "Backups run every night at two.");
    Answer("ada", "c2", "Tomatoes want sun; backups are not for tomatoes.");
    Answer("bob", "c3", "Bob's backups run every night.");
  }

  void Answer(const std::string& user, const std::string& conversation, const std::string& text) {
    runs::RunStore::NewRun run;
    run.record = {.run_id = ids_.New("run"),
                  .user_id = user,
                  .conversation_id = conversation,
                  .thread_id = user + ":" + conversation,
                  .agent = "research",
                  .owner = "me"};
    run.message = {.message_id = ids_.New("msg"),
                   .run_id = run.record.run_id,
                   .role = "user",
                   .content = "Tell me.",
                   .sources = "[]",
                   .created = FormatTimestamp(SystemClock().Now())};
    run.chunks.resize(1);
    run.chunks[0].chunk = {.type = "status", .message = "begins", .seq = 1};
    const runs::RunFence fence{run.record.run_id, 1};
    runs::RunStore::Ending ending{.thread_id = run.record.thread_id};
    ending.message = runs::ConversationMessage{.message_id = ids_.New("msg"),
                                               .run_id = fence.run_id,
                                               .role = "assistant",
                                               .content = text,
                                               .agent = "research",
                                               .sources = "[]",
                                               .created = FormatTimestamp(SystemClock().Now())};
    ASSERT_TRUE(async::BlockOn(runs_->Admit(std::move(run))));
    ASSERT_TRUE(async::BlockOn(runs_->Finish(fence, std::move(ending))).ok());
  }

  grpc::Status SearchCache(const std::string& user, const std::string& query,
                           const std::string& conversation, int hours = 0) {
    wire::CacheSearchRequest request;
    request.set_user_id(user);
    request.set_query(query);
    request.set_conversation_id(conversation);
    request.set_freshness_hours(hours);
    grpc::ClientContext context;
    found_.Clear();
    return stub_->SearchConversationCache(&context, request, &found_);
  }

  wire::UpdateConversationTitleResponse SetTitle(const std::string& user,
                                                 const std::string& conversation,
                                                 const std::string& title) {
    wire::UpdateConversationTitleRequest request;
    request.set_user_id(user);
    request.set_conversation_id(conversation);
    request.set_title(title);
    grpc::ClientContext context;
    wire::UpdateConversationTitleResponse response;
    const grpc::Status status = stub_->UpdateConversationTitle(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  storage::testing::FreshDatabase fresh_{GetParam()};
  IdGenerator ids_{SystemClock(), 7};
  MetricsRegistry metrics_;
  async::Runtime runtime_{2};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<workspace::DocumentStore> documents_;
  checkpoint::MemoryCheckpointStore checkpoints_;
  std::optional<runs::ConversationStore> conversations_;
  std::unique_ptr<ToolServer> server_;
  std::unique_ptr<wire::ToolService::Stub> stub_;
  wire::CacheSearchResponse found_;
  std::optional<runs::RunStore> runs_;
};

INSTANTIATE_TEST_SUITE_P(, ConversationToolsTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(ConversationToolsTest, FindsWhatTheUsersConversationsHaveAnswered) {
  ASSERT_TRUE(SearchCache("ada", "When do the backups run at night?", "").ok());
  ASSERT_EQ(found_.entries_size(), 1);
  EXPECT_THAT(found_.entries(0).content(), HasSubstr("every night at two"));
  EXPECT_EQ(found_.entries(0).agent_name(), "research_agent");
  EXPECT_GE(found_.entries(0).relevance_score(), 0.75);
  EXPECT_LE(found_.entries(0).relevance_score(), 1);
  EXPECT_TRUE(found_.cache_hit());
  ASSERT_TRUE(SearchCache("ada", "backups", "c2").ok());
  ASSERT_EQ(found_.entries_size(), 1);
  EXPECT_THAT(found_.entries(0).content(), HasSubstr("Tomatoes"));
  ASSERT_TRUE(SearchCache("ada", "backups tulips", "c2").ok());
  EXPECT_FALSE(found_.cache_hit());
  ASSERT_TRUE(SearchCache("ada", "violins", "").ok());
  EXPECT_EQ(found_.entries_size(), 0);
}

TEST_P(ConversationToolsTest, AgentsHaveThemAsToolsOfTheirConversation) {
  tools::ToolRegistry registry;
  const auto client = tools::remote::ToolServiceClient::On(server_->InProcessChannel(), "here", "");
  ASSERT_TRUE(tools::remote::RegisterConversationTools(registry, *client).ok());
  const auto call = [&](const char* name, const json::Object& arguments, const char* conversation) {
    const tools::ToolContext context{.user_id = "ada", .conversation_id = conversation};
    return async::BlockOn(registry.Call(name, arguments, context));
  };
  EXPECT_THAT(call("search_conversation", {{"query", "backups"}}, "c2")->text,
              HasSubstr("research_agent:\nTomatoes"));
  EXPECT_EQ(call("search_conversation", {{"query", "violins"}}, "c2")->text,
            "Nothing in this conversation fits.");
  EXPECT_EQ(call("set_conversation_title", {{"title", "Plants"}}, "c2")->text,
            "The title is now: Plants");
  EXPECT_EQ(async::BlockOn(conversations_->Get("ada", "c2"))->title, "Plants");
  EXPECT_THAT(call("set_conversation_title", {{"title", "Mine"}}, "c3").error().message(),
              HasSubstr("there is no conversation 'c3'"));
}

TEST_P(ConversationToolsTest, AForeignConversationDoesNotExist) {
  EXPECT_EQ(SearchCache("ada", "backups", "c3").error_code(), grpc::StatusCode::NOT_FOUND);
  const auto title = SetTitle("ada", "c3", "Mine now");
  EXPECT_FALSE(title.success());
  EXPECT_EQ(title.error(), "there is no conversation 'c3'");
  EXPECT_NE(async::BlockOn(conversations_->Get("bob", "c3"))->title, "Mine now");
}

TEST_P(ConversationToolsTest, SaysWhatIsWrongWithASearchOfTheCache) {
  EXPECT_THAT(SearchCache("", "x", "").error_message(),
              StartsWith("CacheSearchRequest.user_id is empty"));
  EXPECT_THAT(SearchCache("ada", "", "").error_message(), StartsWith("CacheSearchRequest.query"));
  EXPECT_THAT(SearchCache("ada", "x", "", -1).error_message(),
              StartsWith("CacheSearchRequest.freshness_hours is -1"));
}

TEST_P(ConversationToolsTest, GivesAConversationItsTitle) {
  const auto given = SetTitle("ada", "c1", "The nightly backup");
  EXPECT_TRUE(given.success()) << given.error();
  EXPECT_EQ(given.title(), "The nightly backup");
  EXPECT_EQ(async::BlockOn(conversations_->Get("ada", "c1"))->title, "The nightly backup");
  const auto none = SetTitle("ada", "c1", "");
  EXPECT_FALSE(none.success());
  EXPECT_EQ(async::BlockOn(conversations_->Get("ada", "c1"))->title, "The nightly backup");
}

}  // namespace
}  // namespace baton::rpc
