#include "llm/openai/wire.h"

#include <gtest/gtest.h>

namespace baton::llm::openai {
namespace {

using namespace std::chrono_literals;

const RequestFormat kFormat{.default_model = "mini"};

json::Value RequestBody(const ChatRequest& request) {
  return json::Parse(BuildRequest(request, kFormat)).value();
}

ChatRequest ConversationWithToolCall() {
  ChatRequest request;
  request.messages = {
      {.role = Role::kSystem, .content = "Be brief."},
      {.role = Role::kUser, .content = "How big?"},
      {.role = Role::kAssistant, .tool_calls = {{"c1", "measure", {{"what", "it"}}}}},
      {.role = Role::kTool, .content = "3 m", .tool_call_id = "c1"}};
  return request;
}

TEST(OpenAiWire, BuildsTheConversation) {
  EXPECT_EQ(BuildRequest(ConversationWithToolCall(), kFormat),
            R"({"model":"mini","messages":[{"role":"system","content":"Be brief."},)"
            R"({"role":"user","content":"How big?"},)"
            R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",)"
            R"("function":{"name":"measure","arguments":"{\"what\":\"it\"}"}}]},)"
            R"({"role":"tool","content":"3 m","tool_call_id":"c1"}],)"
            R"("stream":true,"stream_options":{"include_usage":true}})");
}

TEST(OpenAiWire, OffersToolsAndMayDemandOne) {
  ChatRequest request;
  request.model = "big";
  request.tools = {{"now", "The time.", nullptr}};
  const json::Value body = RequestBody(request);
  EXPECT_EQ(json::Serialize(body.at("tools")),
            R"([{"type":"function","function":{"name":"now","description":"The time.",)"
            R"("parameters":{"type":"object","properties":{}}}}])");
  EXPECT_EQ(body.at("model"), json::Value("big"));
  EXPECT_EQ(json::Find(body, "tool_choice"), nullptr);
  request.require_tool = true;
  EXPECT_EQ(RequestBody(request).at("tool_choice"), json::Value("required"));
}

TEST(OpenAiWire, LimitsTokensInTheServersDialect) {
  ChatRequest request;
  request.max_output_tokens = 9;
  request.temperature = 0.5;
  EXPECT_TRUE(BuildRequest(request, kFormat).contains(R"("temperature":5E-1,"max_tokens":9)"));
  EXPECT_TRUE(BuildRequest(request, {.use_max_completion_tokens = true})
                  .contains(R"("max_completion_tokens":9)"));
}

TEST(OpenAiWire, AsksForStrictSchemasOnlyWhereTheSchemaAllowsIt) {
  const auto strict = [](const char* schema) {
    ChatRequest request;
    request.response_schema = *json::Parse(schema);
    return RequestBody(request).at("response_format").at("json_schema").at("strict") ==
           json::Value(true);
  };
  EXPECT_TRUE(strict(R"({"type":"object","additionalProperties":false,"required":["a"],
                         "properties":{"a":{"type":"string"}}})"));
  EXPECT_FALSE(strict(R"({"type":"object","required":["a"],"properties":{"a":{}}})"));
  EXPECT_FALSE(strict(R"({"type":"object","additionalProperties":false,"required":["a"],
                          "properties":{"a":{},"b":{}}})"));
  EXPECT_FALSE(strict(R"({"type":"object","additionalProperties":false,"required":["a"],
      "properties":{"a":{"type":"array","items":{"type":"object","properties":{"c":{}}}}}})"));
}

TEST(OpenAiWire, SendsNoInvalidUtf8) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = "a\xff z"}};
  EXPECT_TRUE(BuildRequest(request, kFormat).contains("a\xEF\xBF\xBD z"));
}

struct ErrorCase {
  int http_status;
  const char* body;
  Code code;
  const char* words;
};

TEST(OpenAiWire, MapsEveryErrorToACodeAndTheServersWords) {
  const ErrorCase cases[] = {
      {400, R"({"error":{"message":"bad temperature","type":"invalid_request_error"}})",
       Code::kInvalidArgument, "bad temperature"},
      {401, R"({"error":{"message":"no key"}})", Code::kUnauthenticated, "no key"},
      {402, R"({"error":{"message":"no credit","code":402}})", Code::kFailedPrecondition,
       "no credit"},
      {403, "forbidden", Code::kPermissionDenied, "forbidden"},
      {404, R"({"error":"model 'x' not found"})", Code::kInvalidArgument, "model 'x' not found"},
      {408, "", Code::kUnavailable, "HTTP 408"},
      {413, "too large", Code::kInvalidArgument, "too large"},
      {422, R"({"detail":[{"msg":"field required"}]})", Code::kInvalidArgument, "field required"},
      {429, R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})",
       Code::kResourceExhausted, "slow down"},
      {429, R"({"error":{"message":"pay","type":"insufficient_quota"}})", Code::kFailedPrecondition,
       "pay"},
      {429, "[{\"error\":{\"message\":\"quota of the minute\",\"code\":429}}]",
       Code::kResourceExhausted, "quota of the minute"},
      {500, "<html>oops</html>", Code::kUnavailable, "oops"},
      {503, R"({"message":"loading model"})", Code::kUnavailable, "loading model"},
      {302, "", Code::kInvalidArgument, "HTTP 302"},
  };
  for (const ErrorCase& c : cases) {
    const Status status = ParseError(c.http_status, c.body);
    EXPECT_EQ(status.code(), c.code) << c.body;
    EXPECT_TRUE(status.message().contains(c.words)) << status.message();
  }
}

TEST(OpenAiWire, ShortensLongErrorPagesBetweenCharacters) {
  std::string page;
  for (int i = 0; i < 5000; ++i) page += "ä";
  const Status status = ParseError(500, page);
  EXPECT_LT(status.message().size(), 600U);
  EXPECT_TRUE(status.message().ends_with("ä…"));
}

TEST(OpenAiWire, FindsErrorsInAnswers) {
  const auto find = [](const char* text) { return FindError(*json::Parse(text)); };
  EXPECT_FALSE(find(R"({"choices":[]})").has_value());
  EXPECT_FALSE(find(R"({"choices":[],"error":null})").has_value());
  EXPECT_EQ(find(R"({"error":{"message":"m","code":429}})")->code(), Code::kResourceExhausted);
  EXPECT_EQ(find(R"({"error":"gone"})")->message(), "the model's server reports: gone");
  EXPECT_EQ(find(R"({"object":"error","message":"too long","code":400})")->code(),
            Code::kInvalidArgument);
  EXPECT_EQ(find(R"({"error":{"message":"m","code":"server_error"}})")->code(), Code::kUnavailable);
}

TEST(OpenAiWire, ReadsHowLongToWait) {
  const Timestamp now = *ParseTimestamp("2026-11-22T10:00:00Z");
  const auto wait = [&](const char* name, const char* value) {
    return ParseRetryAfter({{name, value}}, now);
  };
  EXPECT_EQ(wait("Retry-After", "2"), 2000ms);
  EXPECT_EQ(wait("retry-after", "0.25"), 250ms);
  EXPECT_EQ(wait("Retry-After-Ms", "40"), 40ms);
  EXPECT_EQ(wait("Retry-After", "Sun, 22 Nov 2026 10:00:07 GMT"), 7000ms);
  EXPECT_EQ(wait("Retry-After", "Sun, 22 Nov 2026 09:00:00 GMT"), 0ms);
  EXPECT_EQ(wait("Retry-After", "soon"), std::nullopt);
  EXPECT_EQ(wait("Retry-After", "-1"), std::nullopt);
  EXPECT_EQ(wait("Retry-After", "nan"), std::nullopt);
  EXPECT_EQ(wait("Other", "1"), std::nullopt);
}

TEST(OpenAiWire, RedactsTheKeyWholeAndMasked) {
  const std::string key = "sk-abcdef123456";
  EXPECT_EQ(RedactKey("key sk-abcdef123456 and sk-abcdef123456!", key),
            "key [API key] and [API key]!");
  EXPECT_EQ(RedactKey("Incorrect API key provided: sk-abc****456. See", key),
            "Incorrect API key provided: [API key] See");
  EXPECT_EQ(RedactKey("skip this", key), "skip this");
  EXPECT_EQ(RedactKey("none of it", "none"), "none of it");
}

}  // namespace
}  // namespace baton::llm::openai
