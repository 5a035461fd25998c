#include "llm/offline/offline_model.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/task_group.h"
#include "base/utf8.h"
#include "json/schema.h"
#include "testing/scripted_model.h"

namespace baton::llm::offline {
namespace {

using namespace std::chrono_literals;
using testing::CollectingSink;

ToolSpec SearchTool() {
  return {"search_documents",
          "Searches the user's documents. Returns numbered passages with title and path.",
          *json::Parse(R"({"type":"object","additionalProperties":false,"required":["query"],
            "properties":{"query":{"type":"string","minLength":1},
                          "limit":{"type":"integer","minimum":1,"maximum":20}}})")};
}

ToolSpec GetTool() {
  return {"get_document", "Reads a whole document of the user's, by the id of a search.",
          *json::Parse(R"({"type":"object","required":["document_id"],
            "properties":{"document_id":{"type":"string","minLength":1}}})")};
}

ToolSpec PathTool() {
  return {"find_document_by_path", "Finds the document at a path.",
          *json::Parse(R"({"type":"object","required":["path"],
            "properties":{"path":{"type":"string","minLength":1}}})")};
}

ToolSpec WeatherTool() {
  return {"get_weather", "Current weather and forecast: temperature, rain, wind, sun.",
          *json::Parse(R"({"type":"object","required":["location","units","days"],"properties":{
            "location":{"type":"string"},"units":{"enum":["metric","imperial"]},
            "days":{"type":"integer","minimum":1,"maximum":7,"default":3}}})")};
}

ToolSpec CrawlTool() {
  return {"crawl_page", "Fetches a web page.", *json::Parse(R"({"type":"object","required":["url"],
            "properties":{"url":{"type":"string","format":"uri"}}})")};
}

ChatRequest OfflineRequest(std::string question, std::vector<ToolSpec> tools = {}) {
  ChatRequest request;
  request.messages = {{.role = Role::kSystem, .content = "You are Baton."},
                      {.role = Role::kUser, .content = std::move(question)}};
  request.tools = std::move(tools);
  return request;
}

ChatRequest WithResults(ChatRequest request, std::string results) {
  request.messages.push_back({.role = Role::kAssistant, .tool_calls = {{"c1", "search", {}}}});
  request.messages.push_back(
      {.role = Role::kTool, .content = std::move(results), .tool_call_id = "c1"});
  return request;
}

async::Task<Result<ChatResponse>> AskOfflineModel(OfflineChatModel& model,
                                                  const ChatRequest& request, TextSink* sink) {
  co_return co_await model.Chat(request, sink, Deadline::Never());
}

ChatResponse AskOffline(const ChatRequest& request) {
  OfflineChatModel model;
  CollectingSink sink;
  Result<ChatResponse> response = async::BlockOn(AskOfflineModel(model, request, &sink));
  EXPECT_TRUE(response) << response.error().ToString();
  if (!response) return {};
  EXPECT_EQ(sink.text(), response->message.content);
  EXPECT_TRUE(IsValidUtf8(response->message.content));
  return *std::move(response);
}

std::string CalledTool(const ChatRequest& request) {
  const ChatResponse response = AskOffline(request);
  if (response.message.tool_calls.empty()) return "none: " + response.message.content;
  EXPECT_EQ(response.finish_reason, FinishReason::kToolCalls);
  const ToolCall& call = response.message.tool_calls.front();
  for (const ToolSpec& tool : request.tools) {
    if (tool.name != call.name) continue;
    EXPECT_TRUE(json::Schema::Compile(*tool.parameters)->Validate(call.arguments).ok());
  }
  return call.name + json::Serialize(call.arguments);
}

std::vector<ToolSpec> AllTools() {
  return {SearchTool(), GetTool(), PathTool(), WeatherTool(), CrawlTool()};
}

TEST(OfflineToolChoice, PicksTheToolThatFitsAndFillsItsArguments) {
  EXPECT_EQ(CalledTool(OfflineRequest("What does the design say about durability?", AllTools())),
            R"(search_documents{"query":"design durability"})");
  EXPECT_EQ(CalledTool(OfflineRequest("Show me the top 5 documents on heat pumps", AllTools())),
            R"(search_documents{"query":"top 5 heat pumps","limit":5})");
  EXPECT_EQ(CalledTool(OfflineRequest("Will it rain in New York, in imperial units?", AllTools())),
            R"(get_weather{"location":"New York","units":"imperial","days":3})");
  EXPECT_EQ(CalledTool(OfflineRequest("Read https://example.org/a?b=c, please.", AllTools())),
            R"(crawl_page{"url":"https://example.org/a?b=c"})");
  EXPECT_EQ(CalledTool(OfflineRequest("Open notes/2024/plan.md", AllTools())),
            R"(find_document_by_path{"path":"notes/2024/plan.md"})");
  EXPECT_EQ(CalledTool(OfflineRequest("Was steht in meinen Notizen zur Heizung?", AllTools())),
            R"(search_documents{"query":"Heizung"})");
}

TEST(OfflineToolChoice, FillsInWhatIsQuotedAndWhatIsNamed) {
  const ToolSpec add{"add_item", "Adds an item to the list.",
                     *json::Parse(R"({"type":"object","required":["text"],"properties":{
                       "text":{"type":"string"},"category":{"type":"string"}}})")};
  const auto call = [&](const char* message) { return CalledTool(OfflineRequest(message, {add})); };
  EXPECT_EQ(call("Add 'buy Ann's milk' to my list"), R"(add_item{"text":"buy Ann's milk"})");
  EXPECT_EQ(call("Add „Brot“ to the list in the category Sunday Shopping, please"),
            R"(add_item{"text":"Brot","category":"Sunday Shopping"})");
  EXPECT_EQ(
      call("Add \"a\" and \"b\" to the list, category 'my own'"),
      R"(add_item{"text":"Add \"a\" and \"b\" to the list, category 'my own'","category":"my own"})");
  EXPECT_EQ(call("Don't add Ann's and Bob's to the list of one category"),
            R"(add_item{"text":"Don't add Ann's and Bob's to the list of one category"})");
}

TEST(OfflineToolChoice, ReadsTheDocumentThatItHasFound) {
  ChatRequest request = OfflineRequest("Does it keep to notes/plan.md?", {PathTool(), GetTool()});
  request.messages.push_back(
      {.role = Role::kAssistant,
       .tool_calls = {{"c1", "find_document_by_path", {{"path", "notes/plan.md"}}}}});
  request.messages.push_back({.role = Role::kTool,
                              .content = "[1] plan.md — notes/plan.md\ndocument_id: doc_7",
                              .tool_call_id = "c1"});
  EXPECT_EQ(CalledTool(request), R"(get_document{"document_id":"doc_7"})");
  request.tools = {PathTool()};
  EXPECT_TRUE(CalledTool(request).starts_with("none: "));
}

TEST(OfflineToolChoice, CallsNothingForSmallTalk) {
  for (const char* message :
       {"Hello!", "hi there", "Hallo Baton", "¡Hola!", "Bonjour", "Thanks a lot", "danke",
        "Who are you?", "What can you do for me?", "What did I ask?", "My name is Ada.", "", "?"}) {
    EXPECT_TRUE(CalledTool(OfflineRequest(message, AllTools())).starts_with("none: ")) << message;
  }
}

TEST(OfflineToolChoice, TakesARequestForOneAlsoWhereThePersonSpeaksOfThemselves) {
  EXPECT_EQ(CalledTool(
                OfflineRequest("Crawl https://example.org/ and add it to my library.", AllTools())),
            R"(crawl_page{"url":"https://example.org/"})");
  EXPECT_TRUE(AskOffline(OfflineRequest("Start a game: I am Blue, you are Red."))
                  .message.content.contains("OPENAI_API_KEY"));
}

TEST(OfflineToolChoice, CallsNothingItCannotFill) {
  EXPECT_TRUE(
      CalledTool(OfflineRequest("Read the whole document", {GetTool()})).starts_with("none: "));
}

TEST(OfflineToolChoice, AlwaysCallsWhereItMust) {
  ChatRequest request = OfflineRequest("Hello!", {GetTool()});
  request.require_tool = true;
  EXPECT_TRUE(CalledTool(request).starts_with("get_document{"));
  ChatRequest again = WithResults(OfflineRequest("Find the moon", {SearchTool()}), "Nothing.");
  again.require_tool = true;
  EXPECT_EQ(CalledTool(again), R"(search_documents{"query":"moon"})");
}

TEST(OfflineToolChoice, GivesEveryCallItsOwnId) {
  ChatRequest request = OfflineRequest("What is a checkpoint?", {SearchTool()});
  const std::string first = AskOffline(request).message.tool_calls.at(0).id;
  request = WithResults(std::move(request), "[1] A — a.md\nA checkpoint is a saved state.");
  request.messages.push_back({.role = Role::kAssistant, .content = "A saved state. [1]"});
  request.messages.push_back({.role = Role::kUser, .content = "What is a channel?"});
  EXPECT_NE(AskOffline(request).message.tool_calls.at(0).id, first);
}

constexpr const char* kDesignResults =
    "[1] Design — docs/design.md\n# Durability\n\nAn accepted run is on disk before its first "
    "chunk. A failed fsync fails the run; it is never ignored. The web page is separate.\n\n"
    "[2] Storage notes — notes/storage.md\nWrites are grouped. Durability has the modes sync, "
    "async and exit. An accepted run is on disk before its first chunk.\n\n"
    "[3] Garden — notes/garden.md\nThe roses need water.";

TEST(OfflineAnswer, ArrangesTheSentencesThatMatchWithTheirCitations) {
  const ChatResponse response = AskOffline(WithResults(
      OfflineRequest("Which modes of durability are there?", AllTools()), kDesignResults));
  const std::string& text = response.message.content;
  EXPECT_TRUE(text.contains("Durability has the modes sync, async and exit. [2]")) << text;
  EXPECT_FALSE(text.contains("roses")) << text;
  EXPECT_TRUE(text.contains("Offline model")) << text;
  EXPECT_EQ(response.finish_reason, FinishReason::kStop);
  EXPECT_GT(response.usage.input_tokens, 10);
  EXPECT_GT(response.usage.output_tokens, 5);
}

TEST(OfflineAnswer, SaysTheSameOnceAndCitesBoth) {
  const std::string text =
      AskOffline(WithResults(OfflineRequest("When is an accepted run on disk?"), kDesignResults))
          .message.content;
  EXPECT_TRUE(text.contains("An accepted run is on disk before its first chunk. [1][2]")) << text;
  EXPECT_EQ(text.find("An accepted run"), text.rfind("An accepted run"));
}

TEST(OfflineAnswer, ReadsASentenceUnderItsHeading) {
  const std::string text =
      AskOffline(WithResults(OfflineRequest("What about backups?"),
                             "[1] House — h.md\n## Backups\nThe disk is copied every night. "
                             "It stands in the cellar.\n\n## Garden\nThe roses need water."))
          .message.content;
  EXPECT_TRUE(text.starts_with("The disk is copied every night. [1]")) << text;
  EXPECT_FALSE(text.contains("roses")) << text;
}

TEST(OfflineAnswer, QuotesSentencesAndNoMarkup) {
  const std::string text =
      AskOffline(WithResults(OfflineRequest("How does a run end?"),
                             "[1] Runs — r.md\nrunning ─┬─ a run may end ─ here\n```\n"
                             "\"run\": \"end\", \"how\": \"the run may end\"\n```\n"
                             "The [life](runs.md) of a run may end early.\n<!-- run end -->"))
          .message.content;
  EXPECT_TRUE(text.starts_with("The life of a run may end early. [1]\n\n(")) << text;
}

TEST(OfflineAnswer, SummarisesTheDocumentThatIsNamed) {
  const std::string text =
      AskOffline(
          WithResults(OfflineRequest("Summarise the document 'Heating report'."),
                      "[1] Heating report — h.md\n# Heating report\nGas fell by a third. The "
                      "pump is new.\n\n[2] Bills — b.md\nThe heating is dear, says a report."))
          .message.content;
  EXPECT_TRUE(text.starts_with("Gas fell by a third. [1] The pump is new. [1]\n\n(")) << text;
}

TEST(OfflineAnswer, SaysWhenTheSourcesDoNotAnswer) {
  const std::string text =
      AskOffline(WithResults(OfflineRequest("Who is the mayor of Kiel?"), kDesignResults))
          .message.content;
  EXPECT_TRUE(text.contains("do not speak of it directly")) << text;
  EXPECT_TRUE(text.contains("- Design — docs/design.md [1]")) << text;
  EXPECT_TRUE(text.contains("Offline model")) << text;
}

TEST(OfflineAnswer, SaysWhenNothingWasFound) {
  const std::string text =
      AskOffline(WithResults(OfflineRequest("Wer ist der Bürgermeister von Kiel?"),
                             "No document matches."))
          .message.content;
  EXPECT_TRUE(text.starts_with("Die Suche hat nichts gefunden")) << text;
  EXPECT_TRUE(text.contains("No document matches.")) << text;
}

TEST(OfflineAnswer, TellsAllThatAToolSaysInWordsOfItsOwn) {
  ChatRequest request = OfflineRequest("Which rooms am I in?");
  request.messages.push_back({.role = Role::kAssistant, .tool_calls = {{"c1", "list_rooms", {}}}});
  request.messages.push_back(
      {.role = Role::kTool, .content = "You are in:\n- Garden\n- Choir\n", .tool_call_id = "c1"});
  EXPECT_EQ(AskOffline(request).message.content,
            "You are in:\n- Garden\n- Choir\n\n(Offline model: as the tool says it.)");
}

TEST(OfflineAnswer, CitesTheSourceThatRepeatsWhatAToolSays) {
  ChatRequest request = OfflineRequest("What is the weather in Kiel?");
  request.messages.push_back({.role = Role::kAssistant, .tool_calls = {{"c1", "get_weather", {}}}});
  request.messages.push_back({.role = Role::kTool,
                              .content = "Weather for Kiel\nNow: 3 °C\n\nDays:\n- Friday: 5 °C\n\n"
                                         "[1] Weather for Kiel — Open-Meteo\n3 °C",
                              .tool_call_id = "c1"});
  EXPECT_EQ(AskOffline(request).message.content,
            "Weather for Kiel\nNow: 3 °C\n\nDays:\n- Friday: 5 °C [1]\n\n"
            "(Offline model: as the tool says it.)");
}

TEST(OfflineAnswer, SummarisesWhatHasNoTopic) {
  const std::string text =
      AskOffline(WithResults(OfflineRequest("Summarise this, please."), kDesignResults))
          .message.content;
  EXPECT_TRUE(text.contains("[1]")) << text;
  EXPECT_TRUE(text.contains("[3]")) << text;
}

TEST(OfflineAnswer, ReadsSourcesInThePromptToo) {
  const std::string text =
      AskOffline(OfflineRequest("Where are the roses?\n\n[4] Garden — g.md\nThe roses are behind "
                                "the shed."))
          .message.content;
  EXPECT_TRUE(text.starts_with("The roses are behind the shed. [4]")) << text;
}

TEST(OfflineTalk, AnswersAndSaysWhatItIs) {
  const auto talk = [](const char* message) {
    return AskOffline(OfflineRequest(message)).message.content;
  };
  EXPECT_TRUE(talk("Hello!").starts_with("Hello!"));
  EXPECT_TRUE(talk("Guten Morgen").starts_with("Hallo!"));
  EXPECT_TRUE(talk("hola").starts_with("¡Hola!"));
  EXPECT_TRUE(talk("Merci").starts_with("Je vous en prie"));
  EXPECT_TRUE(talk("What can you do?").contains("offline model"));
  EXPECT_TRUE(talk("Write a poem about trees").contains("OPENAI_API_KEY"));
  EXPECT_TRUE(talk("Write a poem about trees").contains("OPENAI_BASE_URL"));
  EXPECT_TRUE(talk("Write a poem about trees").contains("BATON_MODEL"));
  for (const char* message : {"Hello!", "Thanks", "Who are you?", "What did I say?", "I am Ada."}) {
    EXPECT_TRUE(talk(message).contains("ffline model")) << message;
  }
}

TEST(OfflineTalk, RemembersTheConversation) {
  ChatRequest request;
  const auto say = [&](const char* message) {
    request.messages.push_back({.role = Role::kUser, .content = message});
    ChatResponse response = AskOffline(request);
    request.messages.push_back(response.message);
    return response.message.content;
  };
  EXPECT_TRUE(say("What did I ask before?").contains("first message"));
  say("My cat is called Flöckchen.");
  say("Tell me about trees");
  EXPECT_TRUE(say("What did I ask?").contains("“Tell me about trees”"));
  EXPECT_TRUE(say("What was my first question?").contains("“What did I ask before?”"));
  request.tools = {SearchTool()};
  EXPECT_TRUE(say("What is my cat called?").contains("“My cat is called Flöckchen.”"));
}

TEST(OfflineChatModel, StreamsAFewWordsAtATime) {
  OfflineChatModel model;
  CollectingSink sink;
  ASSERT_TRUE(async::BlockOn(AskOfflineModel(model, OfflineRequest("Who are you?"), &sink)));
  EXPECT_GT(sink.pieces().size(), 10U);
  for (const std::string& piece : sink.pieces()) EXPECT_FALSE(piece.empty());
}

TEST(OfflineChatModel, AnswersJsonWhereASchemaIsGiven) {
  ChatRequest request =
      WithResults(OfflineRequest("Which modes of durability are there?"), kDesignResults);
  request.response_schema =
      *json::Parse(R"({"type":"object","required":["sufficient"],"properties":{
                       "sufficient":{"type":"boolean"}}})");
  EXPECT_EQ(AskOffline(request).message.content, R"({"sufficient":true})");
}

TEST(OfflineChatModel, SaysSoWhereASchemaWantsSomethingInvented) {
  ChatRequest request = OfflineRequest("Make the ending darker.");
  request.response_schema =
      *json::Parse(R"({"type":"object","required":["operations"],"properties":{
                       "operations":{"type":"array"}}})");
  request.is_inventive = true;
  EXPECT_TRUE(AskOffline(request).message.content.contains("offline model"));
}

TEST(OfflineChatModel, SaysBelowWhatItQuotesThatItWroteNothing) {
  ChatRequest request = WithResults(OfflineRequest("Add a mode of durability."), kDesignResults);
  request.response_schema = *json::Parse(R"({"type":"object"})");
  request.is_inventive = true;
  const std::string text = AskOffline(request).message.content;
  EXPECT_TRUE(text.contains("Durability has the modes sync, async and exit. [2]")) << text;
  EXPECT_TRUE(text.contains("Nothing is written or changed")) << text;
}

TEST(OfflineChatModel, StopsAtTheLimitOfTokens) {
  ChatRequest request = OfflineRequest("Who are you?");
  request.max_output_tokens = 4;
  const ChatResponse response = AskOffline(request);
  EXPECT_EQ(response.message.content, "I am Baton's");
  EXPECT_EQ(response.finish_reason, FinishReason::kLength);
}

TEST(OfflineChatModel, SurvivesAnyBytes) {
  const std::string bytes = "Wh\xff\xc3 is \xf0\x9f the \xed\xa0\x80 moon?";
  AskOffline(OfflineRequest(bytes, AllTools()));
  AskOffline(WithResults(OfflineRequest(bytes), "[1] T\xff — p\nThe m\xc3oon is.\xe2"));
  AskOffline(OfflineRequest(bytes));
  AskOffline(ChatRequest{});
}

// Cancels the group it is called in when the first text comes.
class CancellingSink final : public TextSink {
 public:
  explicit CancellingSink(async::TaskGroup& group) : group_(group) {}
  async::Task<Status> OnText(std::string_view) override {
    ++pieces_;
    group_.Cancel(CancelReason::kUser);
    co_return Status();
  }
  int pieces() const { return pieces_; }

 private:
  async::TaskGroup& group_;
  int pieces_ = 0;
};

async::Task<void> StoreOffline(OfflineChatModel& model, const ChatRequest& request, TextSink& sink,
                               Status& status) {
  const Result<ChatResponse> response = co_await model.Chat(request, &sink, Deadline::Never());
  status = response ? Status() : response.error();
}

async::Task<std::pair<Status, int>> CancelOffline(std::chrono::milliseconds delay) {
  OfflineChatModel model({.token_delay = delay});
  const ChatRequest request = OfflineRequest("Who are you?");
  async::TaskGroup group(co_await async::CurrentExecutor());
  CancellingSink sink(group);
  Status status;
  group.Spawn(StoreOffline(model, request, sink, status));
  co_await group.Join();
  co_return std::pair(status, sink.pieces());
}

TEST(OfflineChatModel, IsCancelledBetweenTokens) {
  for (const auto delay : {0ms, 1000ms}) {
    const auto [status, pieces] = async::BlockOn(CancelOffline(delay));
    EXPECT_EQ(status.code(), Code::kCancelled);
    EXPECT_EQ(pieces, 1);
  }
}

async::Task<Status> AskWithDeadline(Deadline deadline) {
  OfflineChatModel model({.token_delay = std::chrono::hours(1)});
  const ChatRequest request = OfflineRequest("Who are you?");
  const Result<ChatResponse> response = co_await model.Chat(request, nullptr, deadline);
  co_return response ? Status() : response.error();
}

TEST(OfflineChatModel, EndsAtTheDeadline) {
  EXPECT_EQ(async::BlockOn(AskWithDeadline(Deadline::In(5ms))).code(), Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace baton::llm::offline
