// Every kind of channel, over super-steps and over a restart, on every store.
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"

namespace baton::checkpoint {
namespace {

using graph::ChannelKind;
using graph::Channels;
using graph::kStart;
using graph::NodeContext;
using graph::NodeOutput;
using graph::RunResult;
using graph::testing::Bench;
using graph::testing::GraphDraft;
using graph::testing::GraphPtr;
using ::testing::HasSubstr;

json::Value Parsed(std::string_view text) { return json::Parse(text).value(); }

NodeOutput Writing(const json::Object& writes) {
  NodeOutput output;
  output.writes = writes;
  return output;
}

// Super-steps, each a list of nodes that write; `c` is the channel under test.
using Steps = std::vector<std::vector<std::string_view>>;

class ChannelTest : public testing::StoreTest {
 protected:
  // A chain of steps, in each of which the nodes run side by side; what `c` reads as at the
  // beginning of every step after the first, and at the end, one line each.
  std::string Trace(graph::ChannelSpec spec, const Steps& steps, bool restart = true) {
    seen_.clear();
    EXPECT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
    Channels channels;
    channels["c"] = std::move(spec);
    const GraphPtr graph = Build(std::move(channels), steps);
    std::string trace;
    RunResult result;
    for (std::size_t i = 0; i <= steps.size(); ++i) {
      // Stops before each step, so that another process goes on from what was stored.
      Bench bench(*store_);
      result = i == 0 ? bench.Input(graph, {}) : bench.GoOn(graph);
      if (!result.status.ok()) return result.status.message();
      if (restart) Reopen();
    }
    const json::Value* last = json::Find(result.values, "c");
    for (const auto& [step, text] : seen_) trace += text + '\n';
    return trace + (last == nullptr ? "-" : json::Serialize(*last));
  }

 private:
  GraphPtr Build(Channels channels, const Steps& steps) {
    GraphDraft draft(std::move(channels));
    std::vector<std::string> before;
    graph::CompileOptions options;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::string tick = "t" + std::to_string(i);
      draft.Do(tick, [this, i](NodeContext& context) {
        if (i > 0) See(i, context);
        return NodeOutput();
      });
      options.interrupt_before.push_back(tick);
      std::vector<std::string> now = {tick};
      for (std::size_t k = 0; k < steps[i].size(); ++k) {
        now.push_back("w" + std::to_string(i) + std::to_string(k));
        json::Object writes = Parsed(steps[i][k]).as_object();
        draft.Do(now.back(), [writes](NodeContext&) { return Writing(writes); });
      }
      for (const std::string& node : now) {
        if (before.empty()) {
          draft.Edge(kStart, node);
        } else {
          draft.Edge(before.front(), node);
        }
      }
      before = now;
    }
    return draft.Compile(options);
  }
  void See(std::size_t step, NodeContext& context) {
    const json::Value* value = json::Find(context.input(), "c");
    seen_[step] = value == nullptr ? "-" : json::Serialize(*value);
  }

  std::map<std::size_t, std::string> seen_;
};

TEST_P(ChannelTest, ALastValueStays) {
  EXPECT_EQ(Trace({}, {{R"({"c":1})"}, {}, {}}), "1\n1\n1");
  EXPECT_THAT(Trace({}, {{R"({"c":1})", R"({"c":2})"}}), HasSubstr("nodes 'w00' and 'w01'"));
}

TEST_P(ChannelTest, AnyValueLastsOneSuperStepAndTakesSeveralWriters) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kAnyValue}, {{R"({"c":1})", R"({"c":2})"}, {}, {}}),
            "2\n-\n-");
}

TEST_P(ChannelTest, AnEphemeralValueLastsOneSuperStepEvenOverARestart) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kEphemeral}, {{R"({"c":1})"}, {}, {}}), "1\n-\n-");
  EXPECT_THAT(Trace({.kind = ChannelKind::kEphemeral}, {{R"({"c":1})", R"({"c":2})"}}),
              HasSubstr("both write"));
}

TEST_P(ChannelTest, AnUnguardedEphemeralTakesSeveralWriters) {
  EXPECT_EQ(
      Trace({.kind = ChannelKind::kEphemeral, .guard = false}, {{R"({"c":1})", R"({"c":2})"}, {}}),
      "2\n-");
}

TEST_P(ChannelTest, AnUntrackedValueIsNotStored) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kUntracked}, {{R"({"c":1})"}, {}, {}}), "-\n-\n-");
}

TEST_P(ChannelTest, ATopicHoldsWhatTheLastSuperStepWrote) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kTopic},
                  {{R"({"c":1})", R"({"c":[2,3]})"}, {R"({"c":4})"}, {}, {R"({"c":[]})"}}),
            "[1,2,3]\n[4]\n-\n-");
}

TEST_P(ChannelTest, AnAccumulatingTopicHoldsAll) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kTopic, .accumulate = true},
                  {{R"({"c":1})", R"({"c":[2,3]})"}, {R"({"c":4})"}, {}}),
            "[1,2,3]\n[1,2,3,4]\n[1,2,3,4]");
}

TEST_P(ChannelTest, ReducersCombine) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kAppend}, {{R"({"c":1})", R"({"c":[2]})"}, {R"({"c":3})"}}),
            "[1,2]\n[1,2,3]");
  EXPECT_EQ(Trace({.kind = ChannelKind::kSum}, {{R"({"c":1})", R"({"c":2})"}, {R"({"c":3})"}}),
            "3\n6");
  EXPECT_EQ(Trace({.kind = ChannelKind::kMax}, {{R"({"c":1})", R"({"c":5})"}, {R"({"c":3})"}}),
            "5\n5");
  EXPECT_EQ(Trace({.kind = ChannelKind::kMerge}, {{R"({"c":{"a":1}})"}, {R"({"c":{"b":2}})"}}),
            R"({"a":1})"
            "\n"
            R"({"a":1,"b":2})");
  graph::ChannelSpec longest{.kind = ChannelKind::kReducer, .initial = ""};
  longest.reduce = [](const json::Value& current,
                      const json::Value& written) -> Result<json::Value> {
    return written.as_string().size() > current.as_string().size() ? written : current;
  };
  EXPECT_EQ(Trace(longest, {{R"({"c":"ab"})", R"({"c":"abc"})"}, {R"({"c":"z"})"}}),
            "\"abc\"\n\"abc\"");
}

TEST_P(ChannelTest, TheLargestOfWholeNumbersAndDoublesIsExact) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kMax},
                  {{R"({"c":9007199254740992.0})"}, {R"({"c":9007199254740993})"}}),
            "9.007199254740992E15\n9007199254740993");
}

// JSON knows no infinity: what was stored could never be read again.
TEST_P(ChannelTest, ANumberThatIsNotFiniteIsRefusedAndTheThreadGoesOn) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Trace({.kind = ChannelKind::kSum}, {{R"({"c":1e308})"}, {R"({"c":1e308})"}}),
              HasSubstr("channel 'c': a number that is not finite"));
  graph::ChannelSpec growing{.kind = ChannelKind::kReducer, .initial = 0.0};
  growing.reduce = [](const json::Value&, const json::Value&) -> Result<json::Value> {
    return json::Value(kInfinite);
  };
  EXPECT_THAT(Trace(growing, {{R"({"c":1})"}}), HasSubstr("a number that is not finite"));

  Channels channels;
  channels["c"] = {};
  const GraphPtr graph = GraphDraft(channels)
                             .Do("a",
                                 [](NodeContext& context) {
                                   json::Array written{kInfinite};
                                   if (json::Find(context.input(), "c") != nullptr) written = {1};
                                   return Writing({{"c", written}});
                                 })
                             .Chain({"a"})
                             .Compile();
  EXPECT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
  EXPECT_THAT(Bench(*store_).Input(graph, {}).status.message(),
              HasSubstr("channel 'c': a number that is not finite"));
  Reopen();
  const RunResult again = Bench(*store_).Input(graph, {{"c", 2}});
  EXPECT_TRUE(again.status.ok()) << again.status.ToString();
  EXPECT_EQ(json::Serialize(again.values.at("c")), "[1]");
}

TEST_P(ChannelTest, AnOverwriteTakesThePlaceOfEverythingInItsSuperStep) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kAppend},
                  {{R"({"c":[1,2]})"},
                   {R"({"c":3})", R"({"c":{"__overwrite__":[9]}})", R"({"c":4})"},
                   {R"({"c":5})"}}),
            "[1,2]\n[9]\n[9,5]");
  EXPECT_EQ(Trace({.kind = ChannelKind::kSum},
                  {{R"({"c":7})"}, {R"({"c":{"__overwrite__":1}})", R"({"c":2})"}}),
            "7\n1");
  EXPECT_EQ(Trace({}, {{R"({"c":{"__overwrite__":1}})"}}), "1");
  EXPECT_THAT(Trace({.kind = ChannelKind::kSum},
                    {{R"({"c":{"__overwrite__":1}})", R"({"c":{"__overwrite__":2}})"}}),
              HasSubstr("two Overwrite() in one super-step, the second by node 'w01'"));
}

TEST_P(ChannelTest, MessagesAreReplacedAndRemoved) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kMessages},
                  {{R"({"c":[{"id":"a","t":1},{"id":"b"}]})"},
                   {R"({"c":{"id":"a","t":2}})", R"({"c":{"type":"remove","id":"b"}})"},
                   {R"({"c":[{"type":"remove","id":"__remove_all__"},{"id":"z"}]})"}}),
            R"([{"id":"a","t":1},{"id":"b"}])"
            "\n"
            R"([{"id":"a","t":2}])"
            "\n"
            R"([{"id":"z"}])");
  EXPECT_THAT(Trace({.kind = ChannelKind::kMessages}, {{R"({"c":{"type":"remove","id":"b"}})"}}),
              HasSubstr("no message \"b\" to remove"));
}

TEST_P(ChannelTest, AMessageWithoutIdGetsOneAndCanBeReplaced) {
  Channels channels;
  channels["m"].kind = ChannelKind::kMessages;
  const GraphPtr graph =
      GraphDraft(channels)
          .Do("a", [](NodeContext&) { return Writing({{"m", json::Object{{"text", "hi"}}}}); })
          .Do("b",
              [](NodeContext& context) {
                json::Value message = context.input().at("m").at(1);
                message.as_object()["text"] = "hello";
                return Writing({{"m", message}});
              })
          .Chain({"a", "b"})
          .Compile();
  Bench bench(*store_);
  const RunResult result = bench.Input(graph, {{"m", json::Object{{"text", "in"}}}});
  const json::Array& messages = result.values.at("m").as_array();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].at("text"), "hello");
  EXPECT_NE(messages[0].at("id"), messages[1].at("id"));
}

TEST_P(ChannelTest, ABarrierIsFullOnceAllNamesHaveCome) {
  const graph::ChannelSpec barrier{.kind = ChannelKind::kBarrier, .names = {"x", "y"}};
  EXPECT_EQ(Trace(barrier, {{R"({"c":"x"})"}, {R"({"c":"x"})"}, {R"({"c":"y"})"}}), "-\n-\nnull");
  EXPECT_THAT(Trace(barrier, {{R"({"c":"z"})"}}), HasSubstr("\"z\" is none of the names"));
}

TEST_P(ChannelTest, AfterFinishChannelsShowWhenNothingElseIsLeft) {
  EXPECT_EQ(Trace({.kind = ChannelKind::kLastValueAfterFinish},
                  {{R"({"c":1})", R"({"c":2})"}, {R"({"c":3})"}, {}}),
            "-\n-\n3");
  EXPECT_EQ(Trace({.kind = ChannelKind::kBarrierAfterFinish, .names = {"x", "y"}},
                  {{R"({"c":"x"})", R"({"c":"y"})"}, {}, {}}),
            "-\n-\nnull");
}

// x -> y; "tell" runs on what is written to `c`, stopping before each step.
GraphPtr Subscribed(graph::ChannelSpec spec, const std::vector<json::Object>& writes) {
  Channels channels = graph::testing::LogChannels();
  channels["c"] = std::move(spec);
  GraphDraft draft(channels);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    names.push_back("w" + std::to_string(i));
    draft.Do(names.back(), [write = writes[i]](NodeContext&) { return Writing(write); });
  }
  draft.Do("tell", [](NodeContext& context) {
    return graph::testing::Say("told:" + json::Serialize(context.input().at("c")));
  });
  return draft.Chain(names).Subscribe("c", "tell").Compile();
}

class SubscriptionTest : public testing::StoreTest {
 protected:
  // The log after a run that another process takes over before every super-step.
  std::string Log(const GraphPtr& graph) {
    RunResult result = Bench(*store_).Input(graph, {}, {.interrupt_before = {"*"}});
    while (result.status.ok() && !result.next.empty()) {
      Reopen();
      result = Bench(*store_).GoOn(graph, {.interrupt_before = {"*"}});
    }
    return result.status.ok() ? graph::testing::LogOf(result.values) : result.status.message();
  }
};

TEST_P(SubscriptionTest, ANodeRunsForEverySuperStepThatWroteItsChannel) {
  EXPECT_EQ(Log(Subscribed({}, {{{"c", 1}}, {}, {{"c", 2}}})), "told:1 told:2");
}

TEST_P(SubscriptionTest, ABarrierFillsAgainAfterItsNodeHasRun) {
  EXPECT_EQ(Log(Subscribed({.kind = ChannelKind::kBarrier, .names = {"x", "y"}},
                           {{{"c", "x"}}, {{"c", "y"}}, {{"c", "x"}}, {}, {{"c", "y"}}})),
            "told:null told:null");
}

TEST_P(SubscriptionTest, AnAfterFinishChannelStartsItsNodeAtTheEnd) {
  EXPECT_EQ(
      Log(Subscribed({.kind = ChannelKind::kLastValueAfterFinish}, {{{"c", 1}}, {{"c", 2}}, {}})),
      "told:2");
}

INSTANTIATE_TEST_SUITE_P(Stores, ChannelTest, testing::AllStores(), testing::StoreName);
INSTANTIATE_TEST_SUITE_P(Stores, SubscriptionTest, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
