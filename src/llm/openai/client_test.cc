#include "llm/openai/client.h"

#include <atomic>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "async/task_group.h"
#include "testing/mock_openai_server.h"
#include "testing/scripted_model.h"

namespace baton::llm::openai {
namespace {

using namespace std::chrono_literals;
using testing::CollectingSink;
using testing::MockAnswer;
using testing::MockOpenAiServer;
using testing::MockRequest;

constexpr const char* kTestKey = "sk-test-0123456789";

MockAnswer ErrorAnswer(int status, std::string body, http::Headers headers = {}) {
  MockAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.headers = std::move(headers);
  return answer;
}

MockAnswer TextAnswer(std::vector<std::string> tokens) {
  MockAnswer answer;
  answer.tokens = std::move(tokens);
  return answer;
}

ChatRequest AskRequest(std::string text) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = std::move(text)}};
  return request;
}

async::Task<Result<ChatResponse>> CallModel(ChatModel& model, const ChatRequest& request,
                                            TextSink* sink, Deadline deadline) {
  co_return co_await model.Chat(request, sink, deadline);
}

class OpenAiClientTest : public ::testing::Test {
 protected:
  // Answers request 1, 2, … with the answers in turn; the last one stays.
  void Serve(std::vector<MockAnswer> answers) {
    answers_ = std::move(answers);
    auto server = MockOpenAiServer::Start(runtime_, [this](const MockRequest&) {
      const std::size_t i = next_++;
      return answers_[std::min(i, answers_.size() - 1)];
    });
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = *std::move(server);
    OpenAiOptions options;
    options.base_url = server_->base_url();
    UseModel(std::move(options));
  }

  void UseModel(OpenAiOptions options) {
    options.api_key = kTestKey;
    options.model = "mock";
    options.first_backoff = 1ms;
    auto model = OpenAiChatModel::Create(std::move(options));
    ASSERT_TRUE(model) << model.error().ToString();
    model_ = *std::move(model);
  }

  Result<ChatResponse> Chat(const ChatRequest& request, Deadline deadline = Deadline::In(10s)) {
    return async::BlockOn(CallModel(*model_, request, &sink_, deadline));
  }

  async::Runtime runtime_{1};
  std::vector<MockAnswer> answers_;
  std::atomic<std::size_t> next_{0};
  std::unique_ptr<MockOpenAiServer> server_;
  std::shared_ptr<OpenAiChatModel> model_;
  CollectingSink sink_;
};

TEST_F(OpenAiClientTest, StreamsAnAnswer) {
  Serve({TextAnswer({"Hello ", "wör", "ld"})});
  const Result<ChatResponse> response = Chat(AskRequest("hi"));
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->message.content, "Hello wörld");
  EXPECT_EQ(sink_.text(), "Hello wörld");
  EXPECT_EQ(response->usage.output_tokens, 3);
  EXPECT_EQ(response->model, "mock");
  EXPECT_EQ(model_->name(), "openai:mock");
  const testing::MockExchange exchange = server_->exchanges().at(0);
  EXPECT_EQ(exchange.request.path, "/v1/chat/completions");
  EXPECT_EQ(exchange.request.headers.Get("authorization"), std::string("Bearer ") + kTestKey);
  EXPECT_EQ(json::GetBool(exchange.request.body, "stream"), true);
}

TEST_F(OpenAiClientTest, GivesOutTogetherWhatArrivedTogether) {
  MockAnswer answer;
  answer.raw = {
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"c\"},\"finish_reason\":\"stop\"}]}"
      "\n\ndata: [DONE]\n\n"};
  Serve({answer});
  ASSERT_TRUE(Chat(AskRequest("hi")));
  EXPECT_EQ(sink_.pieces(), (std::vector<std::string>{"abc"}));
}

TEST_F(OpenAiClientTest, ReturnsToolCalls) {
  MockAnswer answer;
  answer.tool_calls = {{"c1", "search", {{"query", "wal"}}}, {"c2", "now", {}}};
  Serve({answer});
  ChatRequest request = AskRequest("look");
  request.tools = {{"search", "Searches.", json::Object{{"type", "object"}}}};
  const Result<ChatResponse> response = Chat(request);
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->message.tool_calls, answer.tool_calls);
  EXPECT_EQ(response->finish_reason, FinishReason::kToolCalls);
}

TEST_F(OpenAiClientTest, TriesAgainAfterRateLimitAndServerError) {
  Serve({ErrorAnswer(429, "slow down", {{"Retry-After", "0"}}), ErrorAnswer(503, "starting"),
         TextAnswer({"ok"})});
  const Result<ChatResponse> response = Chat(AskRequest("hi"));
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(sink_.text(), "ok");
  EXPECT_EQ(server_->exchanges().size(), 3U);
}

TEST_F(OpenAiClientTest, GivesUpAfterThreeAttempts) {
  Serve({ErrorAnswer(500, R"({"error":{"message":"broken"}})")});
  const Result<ChatResponse> response = Chat(AskRequest("hi"));
  EXPECT_EQ(response.error().code(), Code::kUnavailable);
  EXPECT_TRUE(response.error().message().contains("openai:mock"));
  EXPECT_TRUE(response.error().message().contains("broken"));
  EXPECT_EQ(server_->exchanges().size(), 3U);
}

TEST_F(OpenAiClientTest, DoesNotRepeatWhatWillNotHelp) {
  for (const int status : {400, 401, 403, 404, 422}) {
    next_ = 0;
    Serve({ErrorAnswer(status, "no")});
    EXPECT_FALSE(Chat(AskRequest("hi")));
    EXPECT_EQ(server_->exchanges().size(), 1U) << status;
  }
}

TEST_F(OpenAiClientTest, ReportsAWaitThatIsLongerThanTheDeadline) {
  Serve({ErrorAnswer(429, "slow down", {{"Retry-After", "15"}})});
  const auto began = std::chrono::steady_clock::now();
  const Result<ChatResponse> response = Chat(AskRequest("hi"), Deadline::In(5s));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
  EXPECT_EQ(response.error().code(), Code::kResourceExhausted);
  EXPECT_EQ(response.error().details().at("retry_after_ms"), "15000");
  EXPECT_EQ(server_->exchanges().size(), 1U);
}

TEST_F(OpenAiClientTest, NeverRepeatsWhatTheUserHasSeen) {
  MockAnswer broken = TextAnswer({"Half an "});
  broken.break_off = true;
  Serve({broken});
  const Result<ChatResponse> response = Chat(AskRequest("hi"));
  EXPECT_EQ(response.error().code(), Code::kUnavailable);
  EXPECT_EQ(sink_.text(), "Half an ");
  EXPECT_EQ(server_->exchanges().size(), 1U);
}

TEST_F(OpenAiClientTest, NamesAServerThatIsNotThere) {
  Serve({TextAnswer({"x"})});
  OpenAiOptions options;
  options.base_url = server_->base_url();
  server_.reset();
  UseModel(std::move(options));
  const Result<ChatResponse> response = Chat(AskRequest("hi"));
  EXPECT_EQ(response.error().code(), Code::kUnavailable);
  EXPECT_TRUE(response.error().message().contains("127.0.0.1")) << response.error().message();
}

TEST_F(OpenAiClientTest, EndsAtTheDeadline) {
  MockAnswer silent = TextAnswer({"Wait"});
  silent.stall = true;
  Serve({silent});
  const Result<ChatResponse> response = Chat(AskRequest("hi"), Deadline::In(100ms));
  EXPECT_EQ(response.error().code(), Code::kDeadlineExceeded);
  ASSERT_TRUE(server_->WaitForEnded(1, 5s));
  EXPECT_TRUE(server_->exchanges().at(0).closed.has_value());
}

TEST_F(OpenAiClientTest, NeverTellsTheKey) {
  Serve({ErrorAnswer(401, fmt::format(R"({{"error":{{"message":"bad key {}"}}}})", kTestKey))});
  const Result<ChatResponse> response = Chat(AskRequest("hi"));
  EXPECT_EQ(response.error().code(), Code::kUnauthenticated);
  EXPECT_TRUE(response.error().message().contains("bad key [API key]"));
  EXPECT_FALSE(response.error().message().contains("0123456789"));
}

// A sink that fails, as one whose reader has gone.
class FailingSink final : public TextSink {
 public:
  async::Task<Status> OnText(std::string_view) override {
    co_return Status(Code::kAborted, "reader gone");
  }
};

TEST_F(OpenAiClientTest, EndsWithTheSinksFailureAndClosesTheSocket) {
  Serve({testing::PacedTokens(1000, 10ms)});
  FailingSink sink;
  const Result<ChatResponse> response =
      async::BlockOn(CallModel(*model_, AskRequest("hi"), &sink, Deadline::In(10s)));
  EXPECT_EQ(response.error(), Status(Code::kAborted, "reader gone"));
  ASSERT_TRUE(server_->WaitForEnded(1, 5s));
  EXPECT_TRUE(server_->exchanges().at(0).closed.has_value());
}

struct CancelOutcome {
  std::optional<Result<ChatResponse>> response;
  std::chrono::steady_clock::time_point cancelled;
};

async::Task<void> StoreAnswer(ChatModel& model, const ChatRequest& request, TextSink& sink,
                              CancelOutcome& outcome) {
  outcome.response = co_await model.Chat(request, &sink, Deadline::Never());
}

// Tells when the first text has come.
class FirstTextSignal final : public TextSink {
 public:
  explicit FirstTextSignal(async::Signal& signal) : signal_(signal) {}
  async::Task<Status> OnText(std::string_view) override {
    signal_.NotifyAll();
    co_return Status();
  }

 private:
  async::Signal& signal_;
};

async::Task<CancelOutcome> CancelCall(ChatModel& model, const ChatRequest& request,
                                      bool after_first_text, MockOpenAiServer& server) {
  const async::Executor executor = co_await async::CurrentExecutor();
  CancelOutcome outcome;
  async::Signal text_came(executor);
  FirstTextSignal sink(text_came);
  async::TaskGroup group(executor);
  group.Spawn(StoreAnswer(model, request, sink, outcome));
  if (after_first_text) {
    co_await text_came.Wait(Deadline::In(5s));
  } else {
    while (server.exchanges().empty()) co_await async::SleepUntil(Deadline::In(1ms));
  }
  outcome.cancelled = std::chrono::steady_clock::now();
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return outcome;
}

TEST_F(OpenAiClientTest, CancelReachesTheServerAtOnce) {
  for (const bool after_first_text : {false, true}) {
    MockAnswer answer = TextAnswer(after_first_text ? std::vector<std::string>{"Once "}
                                                    : std::vector<std::string>{});
    answer.stall = true;
    answer.first_delay = after_first_text ? 0us : 10s;
    Serve({answer});
    const CancelOutcome outcome =
        async::BlockOn(CancelCall(*model_, AskRequest("hi"), after_first_text, *server_));
    ASSERT_TRUE(outcome.response);
    EXPECT_EQ(outcome.response->error().code(), Code::kCancelled);
    ASSERT_TRUE(server_->WaitForEnded(1, 5s));
    const testing::MockExchange exchange = server_->exchanges().at(0);
    ASSERT_TRUE(exchange.closed);
    // 50 ms is the promise; sanitizers on a busy machine get more.
    EXPECT_LT(*exchange.closed - outcome.cancelled, 500ms);
  }
}

TEST_F(OpenAiClientTest, CancelEndsTheWaitBetweenAttempts) {
  Serve({ErrorAnswer(429, "slow down", {{"Retry-After", "19"}})});
  const auto began = std::chrono::steady_clock::now();
  const CancelOutcome outcome =
      async::BlockOn(CancelCall(*model_, AskRequest("hi"), false, *server_));
  EXPECT_EQ(outcome.response->error().code(), Code::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(OpenAiClientTest, KeepsTheConnectionForTheNextCall) {
  Serve({TextAnswer({"a"}), TextAnswer({"b"})});
  ASSERT_TRUE(Chat(AskRequest("1")));
  ASSERT_TRUE(Chat(AskRequest("2")));
  EXPECT_EQ(sink_.text(), "ab");
}

async::Task<Status> CheckModel(ChatModel& model) {
  co_return co_await model.CheckHealth(Deadline::In(5s));
}

TEST_F(OpenAiClientTest, HealthIsThatOfTheModelList) {
  Serve({TextAnswer({"x"})});
  EXPECT_EQ(async::BlockOn(CheckModel(*model_)), Status());
  OpenAiOptions options;
  options.base_url = server_->base_url() + "/elsewhere/";
  server_.reset();
  UseModel(std::move(options));
  EXPECT_EQ(async::BlockOn(CheckModel(*model_)).code(), Code::kUnavailable);
}

TEST(OpenAiOptions, AreCheckedWhenTheModelIsMade) {
  const auto failure = [](std::string url, std::string key, std::string model) {
    OpenAiOptions options;
    options.base_url = std::move(url);
    options.api_key = std::move(key);
    options.model = std::move(model);
    const auto made = OpenAiChatModel::Create(std::move(options));
    return made ? Status() : made.error();
  };
  EXPECT_TRUE(failure("http://h/v1/", " key\n", "m").ok());
  EXPECT_EQ(failure("ftp://h", "key", "m").code(), Code::kInvalidArgument);
  EXPECT_EQ(failure("http://h", "key", "").code(), Code::kInvalidArgument);
  const Status bad_key = failure("http://h", "secret\nkey", "m");
  EXPECT_EQ(bad_key.code(), Code::kInvalidArgument);
  EXPECT_FALSE(bad_key.message().contains("secret"));
}

}  // namespace
}  // namespace baton::llm::openai
