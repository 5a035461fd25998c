#include "http/mail.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "http/internal/scripted_peer.h"

namespace baton::http {
namespace {

using internal::ScriptedPeer;

// A server of one mail. `refuse` names the command it answers with `answer`; "." is the text's end.
struct MailPeer {
  std::string refuse;
  std::string answer;  // empty: hangs up instead
  std::string heard;   // all that came, for who has joined the peer

  async::Task<void> Serve(ScriptedPeer::Socket& socket) {
    std::string buffer;
    if (!co_await Say(socket, "220 peer ready\r\n")) co_return;
    bool in_text = false;
    for (;;) {
      const auto line = co_await ReadLine(socket, buffer);
      if (!line) co_return;
      heard += *line;
      if (in_text && *line != ".\r\n") continue;
      const bool refused = !refuse.empty() && line->starts_with(refuse);
      if (refused && answer.empty()) co_return;
      std::string reply = "250 fine\r\n";
      if (refused) {
        reply = answer;
      } else if (line->starts_with("DATA")) {
        reply = "354 go on\r\n";
      } else if (line->starts_with("EHLO")) {
        reply = "250 peer\r\n";
      }
      in_text = reply.starts_with("354");
      if (!co_await Say(socket, reply) || line->starts_with("QUIT")) co_return;
    }
  }

  static async::Task<bool> Say(ScriptedPeer::Socket& socket, const std::string& text) {
    const auto [error, bytes] = co_await boost::asio::async_write(
        socket, boost::asio::buffer(text), boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return !error;
  }
  static async::Task<std::optional<std::string>> ReadLine(ScriptedPeer::Socket& socket,
                                                          std::string& buffer) {
    const auto [error, bytes] =
        co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(buffer), "\r\n",
                                               boost::asio::as_tuple(boost::asio::use_awaitable));
    if (error) co_return std::nullopt;
    std::string line = buffer.substr(0, bytes);
    buffer.erase(0, bytes);
    co_return line;
  }
};

class MailTest : public ::testing::Test {
 protected:
  static Mail TestMail() {
    return {.from = "baton@example.org",
            .to = "bob@example.org",
            .subject = "Tomorrow",
            .text = "I'm running late.\n.\nAnn",
            .message_id = "k1@example.org",
            .date = "Mon, 23 Nov 2026 01:00:00 +0000"};
  }
  // What became of a mail, and what the peer heard.
  std::pair<Status, std::string> SendTo(MailPeer peer, Mail mail,
                                        MailServer::Tls tls = MailServer::Tls::kNone) {
    std::optional<ScriptedPeer> server(
        std::in_place, runtime_.At(1),
        [&peer](ScriptedPeer::Socket& socket) { return peer.Serve(socket); });
    std::string url = server->Url("");
    url.replace(0, 4, "smtp");
    Status sent = async::BlockOn(runtime_.At(0), SendMail({.url = url, .tls = tls}, std::move(mail),
                                                          Deadline::In(std::chrono::seconds(20))));
    server.reset();
    return {std::move(sent), peer.heard};
  }

  async::Runtime runtime_{2};
};

TEST_F(MailTest, IsTakenByTheServerAsItWasWritten) {
  const auto [sent, heard] = SendTo({}, TestMail());
  EXPECT_TRUE(sent.ok()) << sent.ToString();
  EXPECT_NE(heard.find("MAIL FROM:<baton@example.org>"), std::string::npos) << heard;
  EXPECT_NE(heard.find("RCPT TO:<bob@example.org>"), std::string::npos);
  EXPECT_NE(heard.find("Subject: Tomorrow\r\n"), std::string::npos);
  EXPECT_NE(heard.find("Message-ID: <k1@example.org>\r\n"), std::string::npos);
  EXPECT_NE(heard.find("I'm running late.\r\n..\r\nAnn"), std::string::npos)
      << "a line with a dot alone is not the text's end: " << heard;
}

TEST_F(MailTest, ARefusalForGoodIsNoUseTryingAgain) {
  const auto [sent, heard] =
      SendTo({.refuse = "RCPT", .answer = "550 no such user\r\n"}, TestMail());
  EXPECT_EQ(sent.code(), Code::kInvalidArgument) << sent.ToString();
  EXPECT_NE(sent.message().find("550"), std::string::npos) << sent.ToString();
}

TEST_F(MailTest, ARefusalForNowIsUnavailable) {
  const auto [sent, heard] = SendTo({.refuse = "RCPT", .answer = "451 later\r\n"}, TestMail());
  EXPECT_EQ(sent.code(), Code::kUnavailable) << sent.ToString();
}

TEST_F(MailTest, AnEndAfterTheTextLeavesOpenWhetherItArrives) {
  const auto [sent, heard] = SendTo({.refuse = ".\r\n"}, TestMail());
  EXPECT_EQ(sent.code(), Code::kUnknown) << sent.ToString();
  EXPECT_NE(sent.message().find("may arrive"), std::string::npos);
}

TEST_F(MailTest, WithoutTheEncryptionThatIsRequiredNothingIsSaid) {
  const auto [sent, heard] = SendTo({}, TestMail(), MailServer::Tls::kRequired);
  EXPECT_EQ(sent.code(), Code::kUnavailable) << sent.ToString();
  EXPECT_EQ(heard.find("MAIL FROM"), std::string::npos) << heard;
}

TEST_F(MailTest, AnAddressThatCouldBeACommandIsRefused) {
  Mail mail = TestMail();
  mail.to = "bob@example.org>\r\nRCPT TO:<eve@example.org";
  const auto [sent, heard] = SendTo({}, std::move(mail));
  EXPECT_EQ(sent.code(), Code::kInvalidArgument);
  EXPECT_TRUE(heard.empty());
}

TEST(MailHeader, IsAsciiInWordsOfBoundedLength) {
  EXPECT_EQ(EncodeMailHeader("Tomorrow"), "Tomorrow");
  EXPECT_EQ(EncodeMailHeader("a\r\nBcc: eve@example.org"), "a  Bcc: eve@example.org");
  EXPECT_EQ(EncodeMailHeader("Grüße"), "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=");
  std::string many;
  for (int i = 0; i < 40; ++i) many += "ü ";
  const std::string encoded = EncodeMailHeader(many);
  for (std::size_t begin = 0; begin < encoded.size();) {
    const std::size_t end = std::min(encoded.find("\r\n ", begin), encoded.size());
    EXPECT_LE(end - begin, 75U) << encoded;
    EXPECT_TRUE(encoded.substr(begin, end - begin).ends_with("?="));
    begin = end + 3;
  }
}

}  // namespace
}  // namespace baton::http
