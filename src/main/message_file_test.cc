#include "main/message_file.h"

#include <gtest/gtest.h>

namespace baton::app {
namespace {

TEST(MessageFile, IsReadAsWritten) {
  const auto directory = ParseMessageFile(R"(
mail: {server: "smtp://127.0.0.1:2525", from: baton@example.org, user: baton, password: s, tls: if_offered}
receivers:
  - {name: Bob, mail: bob@example.org, users: [ann, eve]}
  - {name: Garden, webhook: "https://chat.example.org/hooks/1", field: content, users: ["*"]}
)",
                                          "m.yaml");
  ASSERT_TRUE(directory.has_value()) << directory.error().ToString();
  ASSERT_TRUE(directory->mail_server.has_value());
  EXPECT_EQ(directory->mail_server->url, "smtp://127.0.0.1:2525");
  EXPECT_EQ(directory->mail_server->password, "s");
  EXPECT_EQ(directory->mail_server->tls, http::MailServer::Tls::kIfOffered);
  EXPECT_EQ(directory->mail_from, "baton@example.org");
  ASSERT_EQ(directory->entries.size(), 2U);
  EXPECT_EQ(directory->entries[0].users, (std::vector<std::string>{"ann", "eve"}));
  EXPECT_EQ(directory->entries[1].field, "content");
}

TEST(MessageFile, AMistakeIsNamedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"receivers:\n  - {name: B, users: [a]}", "m.yaml:2: 'B' needs either 'mail' or 'webhook'"},
      {"receivers:\n  - {name: B, webhook: 'http://x/'}", "m.yaml:2: 'B' needs 'users'"},
      {"receivers:\n  - {name: B, mail: bob, users: [a]}", "m.yaml:2: 'bob' is no mail address"},
      {"receivers:\n  - {name: B, mail: b@x.org, users: [a]}", "'mail:' names no server"},
      {"receivers:\n  - {nam: B}", "m.yaml:2: unknown key 'nam'"},
      {"mail: {server: 'http://x', from: a@x.org}", "m.yaml:1: a mail server is smtp://"},
      {"mail: {server: 'smtp://x'}", "m.yaml:1: 'mail' needs 'from'"},
      {"mail: {server: 'smtp://x', tls: maybe}", "m.yaml:1: 'maybe' is none of"},
      {"receiver: []", "m.yaml:1: unknown key 'receiver'"},
      {"receivers: [", "m.yaml:1"}};
  for (const auto& [text, message] : cases) {
    const auto directory = ParseMessageFile(text, "m.yaml");
    ASSERT_FALSE(directory.has_value()) << text;
    EXPECT_NE(directory.error().message().find(message), std::string::npos)
        << directory.error().ToString();
  }
}

}  // namespace
}  // namespace baton::app
