#include "tools/messages/directory_gateway.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/check.h"
#include "http/server.h"
#include "tools/messages/message_tools.h"

namespace baton::tools {
namespace {

// A chat with one hook, which answers with `status_`.
class DirectoryGatewayTest : public ::testing::Test {
 protected:
  DirectoryGatewayTest() {
    auto server = http::StartServer(
        runtime_, {}, [this](const http::ServerRequest& request, http::ResponseWriter& response) {
          return Answer(request, response);
        });
    BATON_CHECK(server.has_value(), server.error().ToString());
    server_ = *std::move(server);
    hook_ = fmt::format("http://127.0.0.1:{}/hooks/1", server_->port());
  }
  ~DirectoryGatewayTest() override { server_->Stop(); }

  async::Task<void> Answer(const http::ServerRequest& request, http::ResponseWriter& response) {
    key_ = request.headers.Get("Idempotency-Key");
    body_ = request.body;
    const Status sent = co_await response.Send(status_, {}, "so it is");
    EXPECT_TRUE(sent.ok()) << sent.ToString();
  }

  MessageDirectory TestDirectory() const {
    return {.entries = {{.name = "Garden", .users = {"*"}, .webhook = hook_},
                        {.name = "Board", .users = {"ann"}, .webhook = hook_, .field = "content"}}};
  }
  static Status SendAs(MessageGateway& gateway, std::string user, std::string receiver) {
    return async::BlockOn(gateway.Send({.user_id = std::move(user),
                                        .receiver = std::move(receiver),
                                        .text = "The seeds are \"here\".",
                                        .idempotency_key = "k1"},
                                       Deadline::In(std::chrono::seconds(20))));
  }

  async::Runtime runtime_{1};
  int status_ = 200;
  std::string key_;
  std::string body_;
  std::unique_ptr<http::Server> server_;
  std::string hook_;
};

TEST_F(DirectoryGatewayTest, PostsTheTextWithTheKey) {
  DirectoryGateway gateway(TestDirectory(), SystemClock());
  EXPECT_TRUE(SendAs(gateway, "bob", "garden").ok());
  EXPECT_EQ(body_, R"({"text":"The seeds are \"here\"."})");
  EXPECT_EQ(key_, "k1");
  EXPECT_TRUE(SendAs(gateway, "ann", "Board").ok());
  EXPECT_EQ(body_, R"({"content":"The seeds are \"here\"."})");
}

TEST_F(DirectoryGatewayTest, WhoMayNotWriteSomewhereIsNotToldThatItIsThere) {
  DirectoryGateway gateway(TestDirectory(), SystemClock());
  EXPECT_EQ(gateway.ListReceivers("ann").size(), 2U);
  EXPECT_EQ(gateway.ListReceivers("bob").size(), 1U);
  const Status refused = SendAs(gateway, "bob", "Board");
  EXPECT_EQ(refused.code(), Code::kNotFound);
  EXPECT_EQ(refused.message(), "no receiver 'Board': the receivers are Garden");
  EXPECT_TRUE(body_.empty());
}

TEST_F(DirectoryGatewayTest, ARefusalIsReportedWithItsWords) {
  DirectoryGateway gateway(TestDirectory(), SystemClock());
  status_ = 403;
  const Status refused = SendAs(gateway, "ann", "Garden");
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_EQ(refused.message(), "'Garden' refused the message with 403: so it is");
}

TEST_F(DirectoryGatewayTest, AMailServerThatIsAwayHasSentNothing) {
  DirectoryGateway gateway(
      {.mail_server = http::MailServer{.url = "smtp://127.0.0.1:1"},
       .mail_from = "baton@example.org",
       .entries = {{.name = "Bob", .users = {"*"}, .mail = "bob@example.org"}}},
      SystemClock());
  const Status failed = SendAs(gateway, "ann", "Bob");
  EXPECT_EQ(failed.code(), Code::kFailedPrecondition) << failed.ToString();
  EXPECT_TRUE(failed.message().starts_with("not sent: ")) << failed.ToString();
}

TEST_F(DirectoryGatewayTest, TheToolSaysWhatWasSentToWhom) {
  ToolRegistry tools;
  ASSERT_TRUE(RegisterMessageTools(
                  tools, std::make_shared<DirectoryGateway>(TestDirectory(), SystemClock()))
                  .ok());
  EXPECT_EQ(tools.Find("send_message")->definition().effect, Effect::kSend);
  const ToolContext context{.user_id = "ann", .idempotency_key = "k2"};
  const auto listed = async::BlockOn(tools.Call("list_message_receivers", {}, context));
  ASSERT_TRUE(listed.has_value());
  EXPECT_EQ(listed->text, "Messages can be sent to:\n- Garden (webhook)\n- Board (webhook)");
  const auto sent = async::BlockOn(
      tools.Call("send_message", {{"receiver", "Garden"}, {"text", "Hello."}}, context));
  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  EXPECT_EQ(sent->text, "Sent to Garden: Hello.");
  EXPECT_EQ(
      async::BlockOn(tools.Call("send_message", {{"receiver", "Garden"}, {"text", ""}}, context))
          .error()
          .code(),
      Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::tools
