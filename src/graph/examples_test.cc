// The examples of docs/graph.md, which quotes what stands between [name] and [end].
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/signal.h"
#include "base/id_generator.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/memory_node_cache.h"
#include "graph/runner.h"
#include "graph/state_graph.h"
#include "graph/threads.h"

namespace baton::graph::examples {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::SizeIs;

using Graph = std::shared_ptr<const CompiledGraph>;

// What the examples run on.
class GraphExamples : public ::testing::Test {
 protected:
  RunResult Run(const Graph& graph, RunRequest request, RunOptions options = {}) {
    return async::BlockOn(runner_.Run(graph, std::move(request), std::move(options)));
  }
  static std::string Text(const RunResult& result, const char* channel) {
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    return json::Serialize(result.values.at(channel));
  }

  checkpoint::MemoryCheckpointStore store_;
  IdGenerator ids_{SystemClock(), 1};
  Runner runner_{store_, SystemClock(), ids_};
};

// [chain]
NodeOutput Write(std::string_view channel, json::Value value) {
  NodeOutput output;
  output.writes.emplace(channel, std::move(value));
  return output;
}

Result<Graph> BuildJokes() {
  Channels channels;
  channels["topic"].kind = ChannelKind::kLastValue;
  channels["jokes"].kind = ChannelKind::kAppend;
  StateGraph graph(std::move(channels));
  BATON_TRY(graph.AddFunction("refine", [](NodeContext& context) {
    const std::string topic(json::GetString(context.input(), "topic"));
    return Write("topic", json::Value(topic + " and cats"));
  }));
  BATON_TRY(graph.AddFunction("joke", [](NodeContext& context) {
    const std::string topic(json::GetString(context.input(), "topic"));
    return Write("jokes", json::Value("one about " + topic));
  }));
  BATON_TRY(graph.AddEdge(kStart, "refine"));
  BATON_TRY(graph.AddEdge("refine", "joke"));
  BATON_TRY(graph.AddEdge("joke", kEnd));
  return std::move(graph).Compile();
}
// [end]

// [run]
async::Task<Result<json::Value>> TellJokes(Runner& runner, Graph graph) {
  RunRequest request{.thread_id = "user-7", .input = json::Object{{"topic", "ice cream"}}};
  RunResult result = co_await runner.Run(std::move(graph), std::move(request), {});
  if (!result.status.ok()) co_return Fail(std::move(result.status));
  co_return std::move(result.values);
}
// [end]

TEST_F(GraphExamples, AChainRuns) {
  const Result<json::Value> values = async::BlockOn(TellJokes(runner_, BuildJokes().value()));
  ASSERT_TRUE(values.has_value()) << values.error().ToString();
  EXPECT_EQ(json::Serialize(values->at("jokes")), R"(["one about ice cream and cats"])");
}

// [node]
// A node that waits for something is a coroutine of a class; one object serves all runs.
class Pause final : public Node {
 public:
  explicit Pause(std::chrono::milliseconds time) : time_(time) {}

  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    BATON_CO_TRY(co_await context.Emit(json::Object{{"pausing", time_.count()}}));
    if (co_await async::SleepUntil(Deadline::In(time_)) == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "pause: cancelled");
    }
    co_return Write("log", "paused");
  }

 private:
  const std::chrono::milliseconds time_;
};
// [end]

// [map_reduce]
Result<Graph> BuildMapReduce() {
  Channels channels;
  channels["subjects"].kind = ChannelKind::kAppend;
  channels["jokes"].kind = ChannelKind::kAppend;
  StateGraph graph(std::move(channels));
  BATON_TRY(graph.AddFunction("joke", [](NodeContext& context) {
    const std::string subject(json::GetString(context.input(), "subject"));
    return Write("jokes", json::Value("about " + subject));
  }));
  const auto one_for_each = [](const json::Value& state) -> Result<Route> {
    Route route;
    for (const json::Value& subject : state.at("subjects").as_array()) {
      route.sends.push_back({.node = "joke",
                             .argument = json::Object{{"subject", subject}},
                             .timeout = {.run = std::chrono::seconds(30)}});
    }
    return route;
  };
  BATON_TRY(graph.AddConditional(kStart, one_for_each, {"joke"}));
  return std::move(graph).Compile();
}
// [end]

TEST_F(GraphExamples, ATaskForEachElement) {
  const RunResult result =
      Run(BuildMapReduce().value(),
          {.thread_id = "t", .input = json::Object{{"subjects", json::Array{"cats", "dogs"}}}});
  EXPECT_EQ(Text(result, "jokes"), R"(["about cats","about dogs"])");
}

// [interrupt]
class Approve final : public Node {
 public:
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    Question question;
    question.payload = json::Object{{"delete", context.input().at("file")}};
    question.answer_schema = json::Object{{"type", "boolean"}};
    question.expires = std::chrono::hours(24);
    Result<json::Value> answer = co_await context.Interrupt(std::move(question));
    if (!answer) co_return Fail(std::move(answer).error());
    co_return Write("approved", *answer);
  }
};

// Runs, or goes on with the answers to what was asked before.
async::Task<RunResult> Ask(Runner& runner, Graph graph,
                           std::map<std::string, json::Value> answers) {
  RunRequest request{.thread_id = "user-7"};
  if (answers.empty()) {
    request.input = json::Object{{"file", "notes.txt"}};
  } else {
    request.answers = std::move(answers);
    request.answered_by = "ann";
  }
  co_return co_await runner.Run(std::move(graph), std::move(request), {});
}
// [end]

TEST_F(GraphExamples, ARunAsksAndIsAnswered) {
  Channels channels;
  channels["file"].kind = ChannelKind::kLastValue;
  channels["approved"].kind = ChannelKind::kLastValue;
  StateGraph draft(channels);
  ASSERT_TRUE(draft.AddNode("approve", std::make_unique<Approve>()).ok());
  ASSERT_TRUE(draft.AddEdge(kStart, "approve").ok());
  const Graph graph = std::move(draft).Compile().value();
  const RunResult asked = async::BlockOn(Ask(runner_, graph, {}));
  ASSERT_THAT(asked.questions, SizeIs(1));
  const std::string id = asked.questions[0].id;
  EXPECT_EQ(async::BlockOn(Ask(runner_, graph, {{id, "yes"}})).status.code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Text(async::BlockOn(Ask(runner_, graph, {{id, true}})), "approved"), "true");
}

// [policies]
NodeOptions Careful() {
  NodeOptions options;
  options.retry.max_attempts = 3;
  options.timeout = {.run = std::chrono::minutes(2), .idle = std::chrono::seconds(20)};
  options.cache = CachePolicy{.ttl = std::chrono::hours(1)};
  options.destinations = {"apologize"};
  return options;
}

// What runs when all attempts have failed. It says itself where to go.
class Excuse final : public Node {
 public:
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    NodeOutput output = Write("log", json::Value("failed: " + context.failure()->message()));
    output.go_to = {"apologize"};
    co_return output;
  }
};
// [end]

TEST_F(GraphExamples, PoliciesOfANode) {
  Channels channels;
  channels["log"].kind = ChannelKind::kAppend;
  StateGraph draft(channels);
  NodeOptions options = Careful();
  options.retry.first_delay = std::chrono::milliseconds(1);
  options.error_handler = std::make_shared<Excuse>();
  int calls = 0;
  const auto fetch = [&calls](NodeContext&) -> Result<NodeOutput> {
    ++calls;
    return Fail(Code::kUnavailable, "no network");
  };
  ASSERT_TRUE(draft.AddFunction("fetch", fetch, std::move(options)).ok());
  ASSERT_TRUE(
      draft.AddFunction("apologize", [](NodeContext&) { return Write("log", "sorry"); }).ok());
  ASSERT_TRUE(draft.AddNode("pause", std::make_unique<Pause>(std::chrono::milliseconds(1))).ok());
  ASSERT_TRUE(draft.AddEdge(kStart, "fetch").ok());
  ASSERT_TRUE(draft.AddEdge("apologize", "pause").ok());
  const Graph graph = std::move(draft).Compile({.name = "fetching"}).value();
  checkpoint::MemoryNodeCache cache;
  const RunResult result =
      Run(graph, {.thread_id = "t", .input = json::Object()}, {.cache = &cache});
  EXPECT_EQ(Text(result, "log"), R"(["failed: no network","sorry","paused"])");
  EXPECT_EQ(calls, 3);
}

// [subgraph]
// A team member that remembers what it did before, and hands over when it has nothing to do.
Result<Graph> BuildMember() {
  Channels channels;
  channels["log"].kind = ChannelKind::kAppend;
  channels["turns"].kind = ChannelKind::kSum;
  StateGraph graph(std::move(channels));
  BATON_TRY(graph.AddFunction("work", [](NodeContext& context) {
    NodeOutput output = Write("log", "worked");
    if (json::GetInt(context.input(), "turns") > 0) {
      output.go_to = {"boss"};  // a node of the parent graph
      output.to_parent = true;
    } else {
      output.writes.emplace("turns", 1);
    }
    return output;
  }));
  BATON_TRY(graph.AddEdge(kStart, "work"));
  return std::move(graph).Compile({.persistence = Persistence::kOwn});
}
// [end]

TEST_F(GraphExamples, ASubgraphRemembersAndSpeaksForItsNode) {
  Channels channels;
  channels["log"].kind = ChannelKind::kAppend;
  StateGraph draft(channels);
  ASSERT_TRUE(draft.AddSubgraph("member", BuildMember().value(), {.destinations = {"boss"}}).ok());
  ASSERT_TRUE(draft.AddFunction("boss", [](NodeContext&) { return Write("log", "boss"); }).ok());
  ASSERT_TRUE(draft.AddEdge(kStart, "member").ok());
  const Graph graph = std::move(draft).Compile().value();
  EXPECT_EQ(Text(Run(graph, {.thread_id = "t", .input = json::Object()}), "log"), R"(["worked"])");
  EXPECT_EQ(Text(Run(graph, {.thread_id = "t", .input = json::Object()}), "log"),
            R"(["worked","worked","boss"])");
}

// [stream]
class Printer final : public StreamListener {
 public:
  bool Wants(StreamEvent::Kind kind) const override {
    return kind == StreamEvent::Kind::kUpdates || kind == StreamEvent::Kind::kMessages;
  }
  async::Task<Status> OnEvent(StreamEvent event) override {
    lines.push_back(event.ns + event.node + " " + json::Serialize(event.data));
    co_return Status();  // a failure would end the run
  }
  std::vector<std::string> lines;
};
// [end]

// [time_travel]
async::Task<Result<StateSnapshot>> TryAgainWith(Runner& runner, Graph graph, std::string thread,
                                                std::string topic) {
  HistoryRequest history{.thread_id = thread, .source = "loop", .limit = 100};
  const auto past = co_await runner.History(*graph, std::move(history));
  if (!past) co_return Fail(past.error());
  for (const StateSnapshot& state : *past) {
    if (state.next != std::vector<std::string>{"joke"}) continue;
    // Back to before the joke, with another topic: a branch of its own.
    UpdateRequest update{.thread_id = thread, .checkpoint_id = state.checkpoint_id};
    update.updates.push_back({.values = {{"topic", topic}}, .as_node = "refine"});
    BATON_CO_TRY(co_await runner.UpdateState(*graph, std::move(update)));
    const RunResult result = co_await runner.Run(graph, {.thread_id = thread}, {});
    if (!result.status.ok()) co_return Fail(result.status);
    co_return co_await runner.GetState(*graph, thread);
  }
  co_return Fail(Code::kNotFound, "thread '{}' has told no joke", thread);
}
// [end]

TEST_F(GraphExamples, TimeTravelAndStreams) {
  const Graph graph = BuildJokes().value();
  Printer printer;
  Run(graph, {.thread_id = "t", .input = json::Object{{"topic", "tea"}}}, {.listener = &printer});
  EXPECT_THAT(printer.lines, ElementsAre(R"(refine {"topic":"tea and cats"})",
                                         R"(joke {"jokes":"one about tea and cats"})"));
  const auto state = async::BlockOn(TryAgainWith(runner_, graph, "t", "rain"));
  ASSERT_TRUE(state.has_value()) << state.error().ToString();
  EXPECT_EQ(json::Serialize(state->values.at("jokes")), R"(["one about rain"])");
  const auto history = async::BlockOn(runner_.History(*graph, "t"));
  EXPECT_THAT(*history, SizeIs(6)) << "the first joke is still there";
}

// [command]
// Writes to a thread and starts a node, beside what waits to run.
RunRequest Nudge(std::string thread) {
  Command command;
  command.update = {{"topic", "something else"}};
  command.go_to = {"joke"};
  return {.thread_id = std::move(thread), .command = std::move(command)};
}
// [end]

// [keeping]
async::Task<Status> TidyUp(CheckpointStore& store, IdGenerator& ids, Graph graph,
                           std::string thread, Timestamp now) {
  Threads threads(store, ids);
  BATON_CO_TRY(co_await threads.Copy(thread, thread + "-backup"));
  Retention retention{.keep = 10, .older_than = now - std::chrono::days(30)};
  const Result<std::size_t> gone = co_await threads.Prune(*graph, thread, retention);
  co_return gone ? Status() : gone.error();
}
// [end]

TEST_F(GraphExamples, CommandsAndKeeping) {
  const Graph graph = BuildJokes().value();
  Run(graph, {.thread_id = "t", .input = json::Object{{"topic", "tea"}}});
  EXPECT_THAT(Text(Run(graph, Nudge("t")), "jokes"), EndsWith(R"("one about something else"])"));
  const Status tidy = async::BlockOn(TidyUp(store_, ids_, graph, "t", SystemClock().Now()));
  EXPECT_TRUE(tidy.ok()) << tidy.ToString();
  EXPECT_THAT(*async::BlockOn(runner_.History(*graph, "t-backup")), SizeIs(5));
}

// [drain]
// On SIGTERM: what runs ends its super-step and can go on elsewhere.
async::Task<bool> RunUntilShutdown(Runner& runner, Graph graph, std::string thread,
                                   const RunControl& shutdown) {
  RunOptions options;
  options.durability = DurabilityMode::kAsync;
  options.control = &shutdown;
  const RunResult result = co_await runner.Run(graph, {.thread_id = thread}, options);
  co_return result.status.ok() && !result.drained;
}
// [end]

TEST_F(GraphExamples, ARunIsDrainedAndGoesOn) {
  const Graph graph = BuildJokes().value();
  Run(graph, {.thread_id = "t", .input = json::Object{{"topic", "tea"}}},
      {.interrupt_before = {"joke"}});
  RunControl shutdown;
  shutdown.RequestDrain();
  EXPECT_FALSE(async::BlockOn(RunUntilShutdown(runner_, graph, "t", shutdown)));
  EXPECT_TRUE(async::BlockOn(RunUntilShutdown(runner_, graph, "t", RunControl())));
}

}  // namespace baton::graph::examples
