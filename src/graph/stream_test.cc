// What a listener hears of a run, and in which order.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/memory_node_cache.h"
#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::AskingNode;
using testing::Bench;
using ::testing::ElementsAre;
using testing::GraphDraft;
using testing::GraphPtr;
using ::testing::HasSubstr;
using testing::LogOf;
using ::testing::SizeIs;

json::Object StreamInput() { return {{"log", json::Array{"in"}}}; }

class RecordingListener final : public StreamListener {
 public:
  explicit RecordingListener(int fail_after = 1000) : left_(fail_after) {}
  bool Wants(StreamEvent::Kind kind) const override { return kind != StreamEvent::Kind::kDebug; }
  async::Task<Status> OnEvent(StreamEvent event) override {
    static constexpr std::string_view kNames = "sfvuckmd";
    trace += kNames[static_cast<std::size_t>(event.kind)];
    if (!event.node.empty()) trace += ':' + event.ns.substr(0, event.ns.find(':')) + event.node;
    trace += ' ';
    if (left_-- > 0) co_return Status();
    co_return Fail(Code::kUnavailable, "nobody listens");
  }
  std::string trace;

 private:
  int left_;
};

TEST(StreamTest, TellsWhatHappensInOrder) {
  Bench bench;
  RecordingListener listener;
  const GraphPtr inner = GraphDraft().Say("x").Edge(kStart, "x").Compile();
  const GraphPtr graph = GraphDraft().Say("a").Sub("s", inner).Chain({"a", "s"}).Compile();
  bench.Input(graph, StreamInput(), {.listener = &listener});
  EXPECT_EQ(listener.trace, "k k v s:a u:a f:a k v s:s k k v s:sx u:sx f:sx k v u:s f:s k v ");
}

TEST(StreamTest, AListenerThatFailsEndsTheRun) {
  Bench bench;
  RecordingListener listener(4);
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile();
  const RunResult result = bench.Input(graph, StreamInput(), {.listener = &listener});
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("nobody listens"));
  EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in a b");
}

// Keeps the events of one kind.
class Listener final : public StreamListener {
 public:
  explicit Listener(StreamEvent::Kind kind, bool details = false)
      : kind_(kind), details_(details) {}
  bool Wants(StreamEvent::Kind kind) const override { return kind == kind_; }
  bool WantsDetails() const override { return details_; }
  async::Task<Status> OnEvent(StreamEvent event) override {
    events.push_back(std::move(event));
    co_return Status();
  }
  // The data of all events.
  std::vector<std::string> Data() const {
    std::vector<std::string> data;
    for (const StreamEvent& event : events) data.push_back(json::Serialize(event.data));
    return data;
  }

  std::vector<StreamEvent> events;

 private:
  const StreamEvent::Kind kind_;
  const bool details_;
};

GraphPtr SayAThenB() { return GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile(); }

GraphPtr AsksBesideA() {
  GraphDraft draft;
  draft.Say("a").Add("q",
                     std::make_unique<AskingNode>(std::vector<Question>{{"ok?", {}, {}}}, "log"));
  return draft.Edge(kStart, "a").Edge(kStart, "q").Compile();
}

TEST(StreamTest, ValuesComeWhenARunGoesOnAndWhenItStopsInBetween) {
  Bench bench;
  Listener listener(StreamEvent::Kind::kValues);
  const GraphPtr graph = AsksBesideA();
  bench.Input(graph, StreamInput(), {.listener = &listener});
  ASSERT_THAT(listener.events, SizeIs(2));
  EXPECT_EQ(LogOf(listener.events[1].data), "in a");
  listener.events.clear();
  bench.Run(graph, {.thread_id = "t", .answers = {{"", "yes"}}}, {.listener = &listener});
  ASSERT_THAT(listener.events, SizeIs(2));
  EXPECT_EQ(LogOf(listener.events[0].data), "in");
  EXPECT_EQ(LogOf(listener.events[1].data), "in a yes");
}

TEST(StreamTest, TasksTellHowTheyBeganAndEnded) {
  Bench bench;
  Listener started(StreamEvent::Kind::kTaskStarted);
  bench.Input(SayAThenB(), StreamInput(), {.listener = &started});
  EXPECT_THAT(started.Data(), ElementsAre(R"({"step":1,"triggers":["branch:to:a"]})",
                                          R"({"step":2,"triggers":["branch:to:b"]})"));
  Listener finished(StreamEvent::Kind::kTaskFinished, true);
  Bench().Input(AsksBesideA(), StreamInput(), {.listener = &finished});
  ASSERT_THAT(finished.events, SizeIs(2));
  EXPECT_EQ(json::Serialize(finished.events[0].data),
            R"({"status":"done","attempts":1,"result":{"log":["a"]}})");
  EXPECT_EQ(finished.events[1].data.at("status"), "asking");
  EXPECT_EQ(finished.events[1].data.at("questions").at(0).at("payload"), "ok?");
}

TEST(StreamTest, AFailedTaskSaysWhy) {
  Listener finished(StreamEvent::Kind::kTaskFinished);
  const auto fail = [](NodeContext&) -> Result<NodeOutput> {
    return Fail(Code::kUnavailable, "down");
  };
  Bench().Input(GraphDraft().Do("a", fail).Edge(kStart, "a").Compile(), StreamInput(),
                {.listener = &finished});
  EXPECT_THAT(finished.Data(), ElementsAre(R"({"status":"failed","attempts":1,)"
                                           R"("error":{"code":"UNAVAILABLE","message":"down"}})"));
}

TEST(StreamTest, ACachedTaskSaysSo) {
  checkpoint::MemoryNodeCache cache;
  const GraphPtr graph =
      GraphDraft().Say("a", {.cache = CachePolicy()}).Edge(kStart, "a").Compile({.name = "g"});
  Bench().Input(graph, StreamInput(), {.cache = &cache});
  Listener finished(StreamEvent::Kind::kTaskFinished);
  Bench().Input(graph, StreamInput(), {.listener = &finished, .cache = &cache});
  EXPECT_THAT(finished.Data(), ElementsAre(R"({"status":"done","attempts":0,"cached":true})"));
}

TEST(StreamTest, CheckpointsNameTheirParentAndWithDetailsTheirState) {
  Bench bench;
  Listener listener(StreamEvent::Kind::kCheckpoint, true);
  bench.Input(SayAThenB(), StreamInput(), {.listener = &listener});
  ASSERT_THAT(listener.events, SizeIs(4));
  EXPECT_EQ(listener.events[0].data.at("source"), "input");
  EXPECT_EQ(listener.events[0].data.at("parent_id"), "");
  const json::Value& second = listener.events[2].data;
  EXPECT_EQ(second.at("parent_id"), listener.events[1].data.at("checkpoint_id"));
  EXPECT_EQ(second.at("source"), "loop");
  EXPECT_EQ(json::Serialize(second.at("next")), R"(["b"])");
  EXPECT_EQ(LogOf(second.at("values")), "in a");
  EXPECT_EQ(second.at("checkpoint_id"),
            json::Value(bench.History(SayAThenB()).at(1).checkpoint_id));
}

TEST(StreamTest, DebugWrapsTasksAndCheckpoints) {
  Listener listener(StreamEvent::Kind::kDebug);
  Bench bench;
  bench.Input(GraphDraft().Say("a").Edge(kStart, "a").Compile(), StreamInput(),
              {.listener = &listener});
  std::string types;
  for (const StreamEvent& event : listener.events) {
    types += json::GetString(event.data, "type");
    types += std::to_string(json::GetInt(event.data, "step")) + " ";
  }
  EXPECT_EQ(types, "checkpoint-1 checkpoint0 task1 task_result1 checkpoint1 ");
  EXPECT_EQ(json::GetString(listener.events[0].data, "timestamp"),
            FormatTimestamp(bench.clock.Now()));
  const json::Value& task = listener.events[2].data.at("payload");
  EXPECT_EQ(task.at("name"), "a");
  EXPECT_EQ(LogOf(task.at("input")), "in");
  EXPECT_EQ(json::Serialize(listener.events[3].data.at("payload").at("result")),
            R"({"log":["a"]})");
}

TEST(StreamTest, AForkIsACheckpointToo) {
  Bench bench;
  bench.Input(SayAThenB(), StreamInput());
  Listener listener(StreamEvent::Kind::kCheckpoint);
  const std::string old = bench.History(SayAThenB()).at(1).checkpoint_id;
  bench.Run(SayAThenB(), {.thread_id = "t", .checkpoint_id = old}, {.listener = &listener});
  ASSERT_THAT(listener.events, SizeIs(2));
  EXPECT_EQ(listener.events[0].data.at("source"), "fork");
  EXPECT_EQ(listener.events[0].data.at("parent_id"), json::Value(old));
}

// Streams a message in two parts, then writes it, and others.
class Speaker final : public Node {
 public:
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    for (const char* part : {"he", "llo"}) {
      json::Object message{{"id", "m1"}, {"text", part}};
      BATON_CO_TRY(co_await context.EmitMessage(std::move(message)));
    }
    NodeOutput output;
    output.writes.emplace(
        "m", json::Array{json::Object{{"id", "m1"}, {"text", "hello"}},
                         json::Object{{"id", "m2"}, {"text", "whole"}},
                         json::Object{{"id", "m0"}, {"text", "edited"}}, RemoveMessage("m0")});
    co_return output;
  }
};

TEST(StreamTest, MessagesComeInPartsOrWholeButNotTwice) {
  Channels channels;
  channels["m"].kind = ChannelKind::kMessages;
  const GraphPtr inner = GraphDraft(channels)
                             .Add("speak", std::make_unique<Speaker>())
                             .Edge(kStart, "speak")
                             .Compile();
  const GraphPtr graph = GraphDraft(channels).Sub("s", inner).Edge(kStart, "s").Compile();
  Listener listener(StreamEvent::Kind::kMessages);
  Bench().Input(graph, {{"m", json::Array{json::Object{{"id", "m0"}}}}}, {.listener = &listener});
  std::string texts;
  for (const StreamEvent& event : listener.events) {
    texts += json::GetString(event.data.at(0), "text");
    texts += ' ';
  }
  EXPECT_EQ(texts, "he llo whole ");
  EXPECT_EQ(listener.events.at(0).data.at(1).at("node"), "speak");
  EXPECT_EQ(listener.events.at(0).data.at(1).at("step"), 1);
  EXPECT_THAT(listener.events.at(0).ns, HasSubstr("s:"));
}

}  // namespace
}  // namespace baton::graph
