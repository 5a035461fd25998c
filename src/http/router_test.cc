#include "http/router.h"

#include <gtest/gtest.h>

#include "async/block_on.h"

namespace baton::http {
namespace {

// Keeps the response it was given.
class RecordingWriter final : public ResponseWriter {
 public:
  async::Task<Status> Send(int status, Headers headers, std::string body) override {
    text = std::to_string(status) + " " + body;
    allow = headers.Get("Allow");
    co_return Status();
  }
  async::Task<Status> Start(int, Headers) override { co_return Status(); }
  async::Task<Status> Write(std::string) override { co_return Status(); }

  std::string text;
  std::string allow;
};

async::Task<void> SendRoute(std::string name, const PathParameters& parameters,
                            ResponseWriter& writer) {
  for (const auto& [key, value] : parameters)
    name.append(" ").append(key).append("=").append(value);
  (void)co_await writer.Send(200, {}, name);
}

RouteHandler Named(std::string name) {
  return [name](const ServerRequest&, const PathParameters& parameters, ResponseWriter& writer) {
    return SendRoute(name, parameters, writer);
  };
}

class RouterTest : public testing::Test {
 protected:
  void Add(const char* method, const char* pattern) {
    const Status added = router_.Add(method, pattern, Named(std::string(method) + pattern));
    EXPECT_TRUE(added.ok()) << added.ToString();
  }
  async::Task<void> Run(ServerRequest request, RecordingWriter& writer) {
    co_await router_.AsHandler()(request, writer);
  }
  RecordingWriter Ask(std::string method, std::string path) {
    RecordingWriter writer;
    async::BlockOn(Run({.method = std::move(method), .path = std::move(path)}, writer));
    return writer;
  }

  Router router_;
};

TEST_F(RouterTest, FindsLiteralPathsAndParameters) {
  Add("GET", "/");
  Add("GET", "/runs/{id}");
  Add("POST", "/runs/{id}/steps/{step}");
  EXPECT_EQ(Ask("GET", "/").text, "200 GET/");
  EXPECT_EQ(Ask("GET", "/runs/a b").text, "200 GET/runs/{id} id=a b");
  EXPECT_EQ(Ask("HEAD", "/runs/1").text, "200 GET/runs/{id} id=1");
  EXPECT_EQ(Ask("POST", "/runs/1/steps/2").text, "200 POST/runs/{id}/steps/{step} id=1 step=2");
}

TEST_F(RouterTest, LiteralSegmentsWinWhateverTheOrder) {
  Add("GET", "/runs/{id}/log");
  Add("GET", "/{kind}/latest/log");
  Add("GET", "/runs/latest/log");
  Add("GET", "/runs/{id}/{part}");
  EXPECT_EQ(Ask("GET", "/runs/latest/log").text, "200 GET/runs/latest/log");
  EXPECT_EQ(Ask("GET", "/runs/7/log").text, "200 GET/runs/{id}/log id=7");
  EXPECT_EQ(Ask("GET", "/other/latest/log").text, "200 GET/{kind}/latest/log kind=other");
  EXPECT_EQ(Ask("GET", "/runs/latest/x").text, "200 GET/runs/{id}/{part} id=latest part=x");
}

TEST_F(RouterTest, AnUnknownPathIs404) {
  Add("GET", "/runs/{id}");
  for (const char* path :
       {"", "/", "/runs", "/runs/", "/runs/1/", "/runs/1/2", "/Runs/1", "runs/1"}) {
    EXPECT_EQ(Ask("GET", path).text, R"(404 {"error":{"code":"not_found","message":"GET )" +
                                         std::string(path) + R"(: no such route"}})");
  }
}

TEST_F(RouterTest, AKnownPathWithAnotherMethodIs405AndSaysWhich) {
  Add("GET", "/runs/{id}");
  Add("DELETE", "/runs/latest");
  EXPECT_EQ(Ask("POST", "/runs/latest").allow, "DELETE, GET, HEAD");
  EXPECT_TRUE(
      Ask("POST", "/runs/1").text.starts_with(R"(405 {"error":{"code":"method_not_allowed")"));
  EXPECT_EQ(Ask("GET", "/runs/latest").text, "200 GET/runs/{id} id=latest");
}

TEST_F(RouterTest, RefusesPatternsThatAreWrongOrTaken) {
  Add("GET", "/runs/{id}");
  EXPECT_EQ(router_.Add("GET", "/runs/{name}", Named("x")).code(), Code::kAlreadyExists);
  EXPECT_TRUE(router_.Add("PUT", "/runs/{name}", Named("x")).ok());
  for (const char* pattern : {"", "runs", "/a{b}", "/{}", "/{a", "/{a}/{a}"}) {
    EXPECT_EQ(router_.Add("GET", pattern, Named("x")).code(), Code::kInvalidArgument) << pattern;
  }
}

}  // namespace
}  // namespace baton::http
