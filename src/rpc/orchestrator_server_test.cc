// The server against a client that sends bytes as it likes.
#include "rpc/orchestrator_server.h"

#include <future>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "async/runtime.h"
#include "grpc_client/grpc_values.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/status_map.h"
#include "rpc/internal/wire_message.h"
#include "rpc/testing/scripted_orchestrator.h"

namespace baton::rpc {
namespace {

using rpc::testing::ScriptedOrchestrator;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kStreamChat[] = "/orchestrator.OrchestratorService/StreamChat";
constexpr std::size_t kMiB = std::size_t{1} << 20U;

class OrchestratorServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    auto server = StartOrchestratorServer(runtime_, {orchestrator_}, std::move(options), metrics_);
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = *std::move(server);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                         grpc::InsecureChannelCredentials(), arguments);
    stub_ = orchestrator::OrchestratorService::NewStub(channel_);
  }

  // Sends `bytes` to `method` and returns how the call ended.
  grpc::Status SendBytes(const std::string& method, const std::string& bytes) {
    grpc::ClientContext context;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer reply;
    std::promise<grpc::Status> done;
    grpc::GenericStub(channel_).UnaryCall(&context, method, {}, &request, &reply,
                                          [&](grpc::Status status) { done.set_value(status); });
    return done.get_future().get();
  }

  // One chat to its end; the chunks go to `chunks`.
  grpc::Status Chat(const orchestrator::ChatRequest& request, const std::string& token = "",
                    std::vector<orchestrator::ChatChunk>* chunks = nullptr) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", token);
    const auto reader = stub_->StreamChat(&context, request);
    orchestrator::ChatChunk chunk;
    while (reader->Read(&chunk)) {
      if (chunks != nullptr) chunks->push_back(chunk);
    }
    return reader->Finish();
  }

  static orchestrator::ChatRequest GoodRequest() {
    orchestrator::ChatRequest request;
    request.set_user_id("ada");
    request.set_conversation_id("c1");
    request.set_query("how do I make a backup?");
    return request;
  }

  void ExpectServerGoesOn() { EXPECT_TRUE(Chat(GoodRequest()).ok()); }

  async::Runtime runtime_{2};
  MetricsRegistry metrics_;
  ScriptedOrchestrator orchestrator_{{}};
  std::unique_ptr<OrchestratorServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<orchestrator::OrchestratorService::Stub> stub_;
};

TEST_F(OrchestratorServerTest, StreamsChunksWithSequenceNumbersInTheirMetadata) {
  Start();
  std::vector<orchestrator::ChatChunk> chunks;
  ASSERT_TRUE(Chat(GoodRequest(), "", &chunks).ok());
  ASSERT_EQ(chunks.size(), 4U);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(chunks[i].metadata().at("seq"), std::to_string(i + 1));
    EXPECT_EQ(chunks[i].metadata().at("run_id"), "run_1");
    EXPECT_EQ(chunks[i].metadata().at("model"), "scripted");
    EXPECT_EQ(chunks[i].metadata().count("supersedes_seq"), i == 1 ? 1U : 0U);
  }
  EXPECT_EQ(chunks[1].metadata().at("supersedes_seq"), "1");
  EXPECT_EQ(chunks[0].tools_used(0), "search_documents");
  EXPECT_EQ(chunks.back().type(), "complete");
}

TEST_F(OrchestratorServerTest, HandsOverWhatTheRequestSays) {
  Start();
  orchestrator::ChatRequest request = GoodRequest();
  request.set_agent_type("research");
  request.mutable_persona()->set_persona_style("snarky");
  request.add_conversation_history()->set_role("user");
  request.mutable_active_editor()->mutable_frontmatter()->set_type("fiction");
  request.mutable_active_editor()->set_document_id("doc_1");
  request.mutable_active_editor()->set_cursor_offset(0);
  request.mutable_active_editor()->set_selection_start(2);
  auto& metadata = *request.mutable_metadata();
  metadata["resume"] = "true";
  metadata["from_seq"] = "17";
  metadata["run_id"] = "run_9";
  metadata["answer.q1"] = "{\"allow\":true}";
  metadata["unknown"] = "ignored";
  ASSERT_TRUE(Chat(request).ok());
  const auto turns = orchestrator_.seen().turns;
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_EQ(turns[0].user_id, "ada");
  EXPECT_EQ(turns[0].agent_type, "research");
  EXPECT_EQ(turns[0].persona.style, "snarky");
  EXPECT_EQ(turns[0].history.at(0).role, "user");
  EXPECT_EQ(turns[0].editor->type, "fiction");
  EXPECT_EQ(turns[0].editor->document_id, "doc_1");
  EXPECT_EQ(turns[0].editor->cursor, 0);
  EXPECT_EQ(turns[0].editor->selection_start, 2);
  EXPECT_EQ(turns[0].editor->selection_end, -1);
  EXPECT_TRUE(turns[0].resume);
  EXPECT_EQ(turns[0].from_seq, 17);
  EXPECT_EQ(turns[0].run_id, "run_9");
  const std::map<std::string, std::string> answers{{"q1", "{\"allow\":true}"}};
  EXPECT_EQ(turns[0].answers, answers);
}

TEST_F(OrchestratorServerTest, AnIgnoredEditorIsLeftOut) {
  Start();
  orchestrator::ChatRequest request = GoodRequest();
  request.mutable_active_editor()->set_content("secret");
  request.mutable_active_editor()->set_editor_preference("ignore");
  ASSERT_TRUE(Chat(request).ok());
  EXPECT_FALSE(orchestrator_.seen().turns.at(0).editor);
}

TEST_F(OrchestratorServerTest, SaysWhichFieldIsMissingOrWrong) {
  Start();
  const auto expect = [this](const std::string& message, auto change) {
    orchestrator::ChatRequest request = GoodRequest();
    change(request);
    const grpc::Status status = Chat(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message(), message);
  };
  expect("ChatRequest.user_id is empty", [](auto& request) { request.clear_user_id(); });
  expect("ChatRequest.conversation_id is empty",
         [](auto& request) { request.clear_conversation_id(); });
  expect("ChatRequest.query is empty", [](auto& request) { request.clear_query(); });
  expect("ChatRequest.metadata[resume]: 'yes' is neither 'true' nor 'false'",
         [](auto& request) { (*request.mutable_metadata())["resume"] = "yes"; });
  expect("ChatRequest.metadata[cancel]: 'now' is neither 'true' nor 'false'",
         [](auto& request) { (*request.mutable_metadata())["cancel"] = "now"; });
  expect("ChatRequest.metadata[from_seq]: '-1' is not a sequence number",
         [](auto& request) { (*request.mutable_metadata())["from_seq"] = "-1"; });
  EXPECT_TRUE(orchestrator_.seen().turns.empty());
}

TEST_F(OrchestratorServerTest, SaysWhereTextIsNotUtf8) {
  Start();
  const auto expect = [this](const std::string& message, auto change) {
    orchestrator::ChatRequest request = GoodRequest();
    change(request);
    const grpc::Status status = SendBytes(kStreamChat, request.SerializeAsString());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message(), message);
  };
  expect("ChatRequest.query: byte 12 is not valid UTF-8",
         [](auto& request) { request.set_query("twelve bytes\xff!"); });
  expect("ChatRequest.active_editor.content: byte 2 is not valid UTF-8",
         [](auto& request) { request.mutable_active_editor()->set_content("ab\xc3"); });
  expect("ChatRequest.conversation_history[1].content: byte 0 is not valid UTF-8",
         [](auto& request) {
           request.add_conversation_history()->set_content("fine");
           request.add_conversation_history()->set_content("\xed\xa0\x80");
         });
  expect("ChatRequest.metadata[topic]: byte 1 is not valid UTF-8",
         [](auto& request) { (*request.mutable_metadata())["topic"] = "a\x80"; });
  expect("ChatRequest.metadata key: byte 0 is not valid UTF-8",
         [](auto& request) { (*request.mutable_metadata())["\xfe"] = "a"; });
  ExpectServerGoesOn();
}

TEST_F(OrchestratorServerTest, SaysThatATruncatedRequestIsNoMessage) {
  Start();
  const std::string whole = GoodRequest().SerializeAsString();
  const grpc::Status status = SendBytes(kStreamChat, whole.substr(0, whole.size() - 3));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "not a valid ChatRequest message");
  ExpectServerGoesOn();
}

TEST_F(OrchestratorServerTest, TakesAnEditorOfFiveMebibytes) {
  Start();
  orchestrator::ChatRequest request = GoodRequest();
  request.mutable_active_editor()->set_content(std::string(5 * kMiB, 'e'));
  ASSERT_TRUE(Chat(request).ok());
  EXPECT_EQ(orchestrator_.seen().turns.at(0).editor->content.size(), 5 * kMiB);
}

TEST_F(OrchestratorServerTest, RefusesSixtyFiveMebibytesAndGoesOn) {
  Start();
  orchestrator::ChatRequest request = GoodRequest();
  request.mutable_active_editor()->set_content(std::string(65 * kMiB, 'e'));
  const grpc::Status status = Chat(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("larger than max"), HasSubstr("67108864")));
  EXPECT_TRUE(orchestrator_.seen().turns.empty());
  ExpectServerGoesOn();
}

TEST_F(OrchestratorServerTest, EndsCallsAboveTheMemoryOfConnectionsAndGoesOn) {
  Start({.max_connection_bytes = 8 * kMiB});
  orchestrator::ChatRequest request = GoodRequest();
  request.mutable_active_editor()->set_content(std::string(40 * kMiB, 'e'));
  const grpc::Status status = Chat(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(grpc_client::FromGrpc(status).message(), HasSubstr("holds as many bytes"));
  EXPECT_TRUE(orchestrator_.seen().turns.empty());
  ExpectServerGoesOn();
}

TEST_F(OrchestratorServerTest, AConnectionHasOnlySoManyCallsAtATime) {
  const ScriptedOrchestrator::Script script{.chunks = 1, .hangs = true};
  ScriptedOrchestrator hanging(script);
  auto server =
      *StartOrchestratorServer(runtime_, {hanging}, {.max_streams_per_connection = 2}, metrics_);
  const auto stub = orchestrator::OrchestratorService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string(server->port()), grpc::InsecureChannelCredentials()));
  orchestrator::ChatChunk chunk;
  grpc::ClientContext first;
  grpc::ClientContext second;
  const auto one = stub->StreamChat(&first, GoodRequest());
  const auto two = stub->StreamChat(&second, GoodRequest());
  ASSERT_TRUE(one->Read(&chunk) && two->Read(&chunk));
  grpc::ClientContext third;
  third.set_deadline(grpc_client::ToGprTime(Deadline::In(std::chrono::milliseconds(100))));
  const auto held_back = stub->StreamChat(&third, GoodRequest());
  EXPECT_FALSE(held_back->Read(&chunk));
  EXPECT_EQ(held_back->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(hanging.seen().turns.size(), 2U);
  first.TryCancel();
  grpc::ClientContext fourth;
  const auto next = stub->StreamChat(&fourth, GoodRequest());
  EXPECT_TRUE(next->Read(&chunk));
  for (grpc::ClientContext* context : {&second, &fourth}) context->TryCancel();
  for (const auto* reader : {&one, &two, &next}) EXPECT_FALSE((*reader)->Finish().ok());
}

TEST_F(OrchestratorServerTest, AsksForTheToken) {
  Start({.service_token = "s3cret"});
  const grpc::Status without = Chat(GoodRequest());
  EXPECT_EQ(without.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(without.error_message(), HasSubstr("BATON_SERVICE_TOKEN"));
  for (const char* wrong : {"Bearer s3cres", "Bearer s3cret2", "s3cret", "Bearer "}) {
    EXPECT_EQ(Chat(GoodRequest(), wrong).error_code(), grpc::StatusCode::UNAUTHENTICATED) << wrong;
  }
  EXPECT_TRUE(Chat(GoodRequest(), "Bearer s3cret").ok());
  EXPECT_EQ(orchestrator_.seen().turns.size(), 1U);
}

TEST_F(OrchestratorServerTest, HealthIsForEveryoneItsDetailsForWhoHasTheToken) {
  Start({.service_token = "s3cret"});
  const auto ask = [this](const std::string& authorization) {
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    orchestrator::HealthCheckResponse response;
    EXPECT_TRUE(stub_->HealthCheck(&context, {}, &response).ok());
    EXPECT_EQ(response.status(), "degraded");
    return response;
  };
  EXPECT_EQ(ask("").details().size(), 0U);
  EXPECT_EQ(ask("Bearer s3cres").details().size(), 0U);
  EXPECT_EQ(ask("Bearer s3cret").details().at("store"), "slow");
  for (const std::string name : {"", "orchestrator.OrchestratorService"}) {
    std::string question = "\x0a";
    question.push_back(static_cast<char>(name.size()));
    EXPECT_TRUE(SendBytes("/grpc.health.v1.Health/Check", question + name).ok()) << name;
  }
  EXPECT_EQ(SendBytes("/grpc.health.v1.Health/Check", "\x0a\x01x").error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(OrchestratorServerTest, WithoutATokenHealthTellsAll) {
  Start();
  grpc::ClientContext context;
  orchestrator::HealthCheckResponse response;
  ASSERT_TRUE(stub_->HealthCheck(&context, {}, &response).ok());
  EXPECT_EQ(response.details().at("store"), "slow");
}

TEST_F(OrchestratorServerTest, NamesTheMethodThatIsNotServed) {
  Start();
  for (const std::string method :
       {"StartTask", "GetTaskStatus", "CancelTask", "ListTasks", "WatchTask"}) {
    const grpc::Status status = SendBytes("/orchestrator.OrchestratorService/" + method, "");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(status.error_message(), method + " is not served by this version");
  }
  const grpc::Status unknown = SendBytes("/orchestrator.OrchestratorService/GetPlugins", "");
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(unknown.error_message(),
            "/orchestrator.OrchestratorService/GetPlugins is not served by this version");
}

TEST_F(OrchestratorServerTest, WithoutATokenServesLoopbackOnly) {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto server =
        StartOrchestratorServer(runtime_, {orchestrator_}, {.address = address}, metrics_);
    ASSERT_FALSE(server) << address;
    EXPECT_EQ(server.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(server.error().message(), HasSubstr("BATON_SERVICE_TOKEN"));
  }
  EXPECT_TRUE(StartOrchestratorServer(runtime_, {orchestrator_},
                                      {.address = "0.0.0.0:0", .service_token = "t"}, metrics_));
}

TEST_F(OrchestratorServerTest, SaysWhichPortIsTaken) {
  Start();
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  const auto second =
      StartOrchestratorServer(runtime_, {orchestrator_}, {.address = taken}, metrics_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kUnavailable);
  EXPECT_THAT(second.error().message(), HasSubstr(taken));
}

TEST_F(OrchestratorServerTest, CountsCallsByMethodAndCode) {
  Start();
  ASSERT_TRUE(Chat(GoodRequest()).ok());
  ASSERT_FALSE(Chat({}).ok());
  server_->Shutdown(Deadline::In(std::chrono::seconds(5)));
  const std::string text = metrics_.Render();
  EXPECT_THAT(text, HasSubstr(R"(baton_rpc_calls_total{code="OK",method="StreamChat"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(baton_rpc_calls_total{code="INVALID_ARGUMENT",method="StreamChat"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(baton_rpc_active{method="StreamChat"} 0)"));
}

// A connection on which nobody reads: to be told that the server goes is nothing to it.
TEST_F(OrchestratorServerTest, WaitsForNoConnectionWithoutACall) {
  Start();
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket deaf(io);
  deaf.connect(
      {boost::asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(server_->port())});
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  constexpr std::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);
  boost::asio::write(deaf, boost::asio::buffer(kPreface));
  boost::asio::write(deaf, boost::asio::buffer(kSettings));
  ASSERT_TRUE(Chat(GoodRequest()).ok());
  const auto begin = std::chrono::steady_clock::now();
  server_->Shutdown(Deadline::In(std::chrono::minutes(5)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

}  // namespace
}  // namespace baton::rpc
