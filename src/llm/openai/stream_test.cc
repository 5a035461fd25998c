#include "llm/openai/stream.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace baton::llm::openai {
namespace {

// Streams in the form that the servers document, shortened to what differs.
constexpr std::string_view kOpenAiText =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024","choices":[{"index":0,"delta":{"content":"Grüße"},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024","choices":[{"index":0,"delta":{"content":" an \"alle\" 😀\n"},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15}}

data: [DONE]

)";

constexpr std::string_view kOpenAiTwoTools =
    R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"search","arguments":""}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"qu"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"ery\":\"wal\"}"}},{"index":1,"function":{"arguments":"{\"city\":\"Kiel\"}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

)";

// Ollama numbers every call 0 and says "stop".
constexpr std::string_view kOllamaTools =
    R"(data: {"id":"chatcmpl-7","object":"chat.completion.chunk","model":"llama3.2","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_x","index":0,"type":"function","function":{"name":"search","arguments":"{\"query\":\"wal\"}"}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-7","object":"chat.completion.chunk","model":"llama3.2","choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_y","index":0,"type":"function","function":{"name":"weather","arguments":"{\"city\":\"Kiel\"}"}}]},"finish_reason":null}]}

data: {"id":"chatcmpl-7","object":"chat.completion.chunk","model":"llama3.2","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}

data: [DONE]

)";

// OpenRouter's keep-alive comments, CRLF, and no [DONE].
constexpr std::string_view kOpenRouterText =
    ": OPENROUTER PROCESSING\r\n\r\n: OPENROUTER PROCESSING\r\n\r\n"
    "data: {\"provider\":\"X\",\"model\":\"a/b\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
    "\"assistant\",\"content\":\"Hi\",\"reasoning\":\"hm\"},\"finish_reason\":null}]}\r\n\r\n"
    "data: {\"model\":\"a/b\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" you\"},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\n";

// The least a server may send, without the blank line at the end.
constexpr std::string_view kBareText =
    "data:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
    "data:{\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"eos\"}]}";

constexpr std::string_view kWholeAnswer = R"(
  {"object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant",
   "content":"not streamed","tool_calls":[
     {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
     {"id":"b","type":"function","function":{"name":"g","arguments":{"y":2}}}]},
   "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":6}})";

struct StreamOutcome {
  Result<ChatResponse> response;
  std::vector<std::string> texts;  // what TakeText() gave after each piece
};

StreamOutcome ReadPieces(const std::vector<std::string_view>& pieces,
                         const ChatRequest& request = {}) {
  ChatStream stream;
  StreamOutcome outcome{Fail(Code::kUnknown, "unread"), {}};
  const auto take = [&](const Status& status) {
    const std::string_view text = stream.TakeText();
    if (!text.empty()) outcome.texts.emplace_back(text);
    if (!status.ok()) outcome.response = Fail(status);
    return status.ok();
  };
  for (const std::string_view piece : pieces) {
    if (stream.done()) break;
    if (!take(stream.Feed(piece))) return outcome;
  }
  if (!take(stream.End())) return outcome;
  outcome.response = std::move(stream).Finish(request);
  return outcome;
}

std::string JoinedText(const StreamOutcome& outcome) {
  std::string all;
  for (const std::string& text : outcome.texts) all += text;
  return all;
}

std::string Described(const StreamOutcome& outcome) {
  if (!outcome.response) return outcome.response.error().ToString();
  const ChatResponse& response = *outcome.response;
  return fmt::format("{} finish={} usage={}/{} model={}", json::Serialize(ToJson(response.message)),
                     static_cast<int>(response.finish_reason), response.usage.input_tokens,
                     response.usage.output_tokens, response.model);
}

class OpenAiRecordedStream : public ::testing::TestWithParam<std::string_view> {};

TEST_P(OpenAiRecordedStream, IsTheSameHoweverItIsCut) {
  const std::string_view bytes = GetParam();
  const StreamOutcome whole = ReadPieces({bytes});
  ASSERT_TRUE(whole.response) << whole.response.error().ToString();
  EXPECT_EQ(JoinedText(whole), whole.response->message.content);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const StreamOutcome halves = ReadPieces({bytes.substr(0, cut), bytes.substr(cut)});
    ASSERT_EQ(Described(halves), Described(whole)) << "cut at " << cut;
    ASSERT_EQ(JoinedText(halves), JoinedText(whole)) << "cut at " << cut;
    for (const std::string& text : halves.texts) ASSERT_TRUE(IsValidUtf8(text));
  }
}

TEST_P(OpenAiRecordedStream, IsUnavailableWhereverItBreaksOffBeforeItsEnd) {
  const std::string_view bytes = GetParam();
  const std::size_t finish = bytes.rfind("\"finish_reason\":\"");
  ASSERT_NE(finish, std::string_view::npos);
  for (std::size_t end = 0; end < finish; ++end) {
    const StreamOutcome outcome = ReadPieces({bytes.substr(0, end)});
    ASSERT_FALSE(outcome.response) << "broken off at " << end;
    ASSERT_EQ(outcome.response.error().code(), Code::kUnavailable);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, OpenAiRecordedStream,
                         ::testing::Values(kOpenAiText, kOpenAiTwoTools, kOllamaTools,
                                           kOpenRouterText, kBareText, kWholeAnswer));

TEST(OpenAiStream, ReadsTextUsageAndModel) {
  EXPECT_EQ(Described(ReadPieces({kOpenAiText})),
            R"({"role":"assistant","content":"Grüße an \"alle\" 😀\n"})"
            " finish=0 usage=11/4 model=gpt-4o-mini-2024");
}

TEST(OpenAiStream, AssemblesInterleavedToolCalls) {
  EXPECT_EQ(Described(ReadPieces({kOpenAiTwoTools}, {.model = "asked"})),
            R"({"role":"assistant","tool_calls":[)"
            R"({"id":"call_a","name":"search","arguments":{"query":"wal"}},)"
            R"({"id":"call_b","name":"weather","arguments":{"city":"Kiel"}}]})"
            " finish=1 usage=0/0 model=asked");
}

TEST(OpenAiStream, TellsCallsApartThatShareAnIndex) {
  const StreamOutcome outcome = ReadPieces({kOllamaTools});
  ASSERT_EQ(outcome.response->message.tool_calls.size(), 2U);
  EXPECT_EQ(outcome.response->message.tool_calls[1].name, "weather");
  EXPECT_EQ(outcome.response->finish_reason, FinishReason::kToolCalls);
}

TEST(OpenAiStream, TakesAnAnswerThatIsNotStreamed) {
  const StreamOutcome outcome = ReadPieces({kWholeAnswer});
  EXPECT_EQ(outcome.texts, (std::vector<std::string>{"not streamed"}));
  EXPECT_EQ(json::Serialize(outcome.response->message.tool_calls[1].arguments), R"({"y":2})");
  EXPECT_EQ(outcome.response->usage.output_tokens, 6);
}

// One event per argument, then the end.
StreamOutcome ReadDeltas(const std::vector<std::string>& deltas, const char* finish = "stop",
                         const ChatRequest& request = {}) {
  std::string bytes;
  for (const std::string& delta : deltas) {
    bytes += fmt::format("data: {{\"choices\":[{{\"delta\":{}}}]}}\n\n", delta);
  }
  bytes += fmt::format("data: {{\"choices\":[{{\"finish_reason\":\"{}\"}}]}}\n\n", finish);
  return ReadPieces({bytes}, request);
}

TEST(OpenAiStream, PairsPiecesThatHaveNeitherIndexNorId) {
  const StreamOutcome outcome =
      ReadDeltas({R"({"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":"}}]})",
                  R"({"tool_calls":[{"function":{"arguments":"1}"}}]})",
                  R"({"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":2}"}}]})"});
  ASSERT_TRUE(outcome.response) << outcome.response.error().ToString();
  ASSERT_EQ(outcome.response->message.tool_calls.size(), 2U);
  EXPECT_EQ(json::GetInt(outcome.response->message.tool_calls[0].arguments, "a"), 1);
  EXPECT_EQ(json::GetInt(outcome.response->message.tool_calls[1].arguments, "a"), 2);
}

TEST(OpenAiStream, GivesIdsThatAreUniqueInTheConversation) {
  ChatRequest request;
  request.messages = {{.role = Role::kAssistant, .tool_calls = {{"f:0", "f", {}}}}};
  const StreamOutcome outcome =
      ReadDeltas({R"({"tool_calls":[{"index":0,"id":"f:0","function":{"name":"f"}},)"
                  R"({"index":1,"function":{"name":"g","arguments":null}}]})"},
                 "tool_calls", request);
  ASSERT_TRUE(outcome.response) << outcome.response.error().ToString();
  const std::vector<ToolCall>& calls = outcome.response->message.tool_calls;
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_NE(calls[0].id, "f:0");
  EXPECT_FALSE(calls[1].id.empty());
  EXPECT_NE(calls[0].id, calls[1].id);
}

TEST(OpenAiStream, RefusesArgumentsThatAreNoObject) {
  const std::vector<std::string> deltas = {
      R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\": tru"}}]})"};
  const StreamOutcome broken = ReadDeltas(deltas, "tool_calls");
  EXPECT_EQ(broken.response.error().code(), Code::kUnavailable);
  EXPECT_TRUE(broken.response.error().message().contains("tool 'f'"));
  EXPECT_EQ(ReadDeltas(deltas, "length").response.error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(
      ReadDeltas({R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"[]"}}]})"})
          .response);
}

TEST(OpenAiStream, ReadsEveryFinishReason) {
  const auto finish = [](const char* reason) {
    return ReadDeltas({R"({"content":"x"})"}, reason).response;
  };
  EXPECT_EQ(finish("stop")->finish_reason, FinishReason::kStop);
  EXPECT_EQ(finish("end_turn")->finish_reason, FinishReason::kStop);
  EXPECT_EQ(finish("tool_calls")->finish_reason, FinishReason::kStop);  // without any call
  EXPECT_EQ(finish("length")->finish_reason, FinishReason::kLength);
  EXPECT_EQ(finish("content_filter")->finish_reason, FinishReason::kContentFilter);
  EXPECT_EQ(finish("error").error().code(), Code::kUnavailable);
}

TEST(OpenAiStream, ShowsARefusalAsFilteredText) {
  const StreamOutcome outcome =
      ReadDeltas({R"({"content":null,"refusal":"I can"})", R"({"refusal":"not."})"});
  EXPECT_EQ(outcome.response->message.content, "I cannot.");
  EXPECT_EQ(outcome.response->finish_reason, FinishReason::kContentFilter);
}

TEST(OpenAiStream, ReadsContentInParts) {
  EXPECT_EQ(JoinedText(ReadDeltas({R"({"content":[{"type":"text","text":"a"},{"text":"b"}]})"})),
            "ab");
}

TEST(OpenAiStream, LetsNoInvalidUtf8Through) {
  const StreamOutcome raw = ReadDeltas({"{\"content\":\"a\xc3z\"}"});
  EXPECT_EQ(JoinedText(raw), "a\xEF\xBF\xBDz");
  const StreamOutcome halves = ReadDeltas({R"({"content":"a\ud83d"})", R"({"content":"\uDE00b"})"});
  EXPECT_EQ(JoinedText(halves),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(JoinedText(ReadDeltas({R"({"content":"\ud83d\ude00 \\ud83d"})"})), "😀 \\ud83d");
}

TEST(OpenAiStream, ReportsErrorsWithinTheStreamAndKeepsTheTextBefore) {
  const StreamOutcome outcome =
      ReadPieces({"data: {\"choices\":[{\"delta\":{\"content\":\"Hal\"}}]}\n\n"
                  "data: {\"error\":{\"message\":\"overloaded\",\"code\":502}}\n\n"});
  EXPECT_EQ(JoinedText(outcome), "Hal");
  EXPECT_EQ(outcome.response.error().code(), Code::kUnavailable);
  EXPECT_TRUE(outcome.response.error().message().contains("overloaded"));
}

TEST(OpenAiStream, RefusesWhatIsNoStream) {
  for (const char* bytes : {"data: {not json}\n\n", "data: [DONE]\n\n", "<html></html>", "",
                            "{\"choices\":[]}", "{\"cho"}) {
    const StreamOutcome outcome = ReadPieces({bytes});
    ASSERT_FALSE(outcome.response) << bytes;
    EXPECT_EQ(outcome.response.error().code(), Code::kUnavailable) << bytes;
  }
}

}  // namespace
}  // namespace baton::llm::openai
