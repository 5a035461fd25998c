#include "graph/internal/channel_rules.h"

#include <limits>

#include <gtest/gtest.h>

namespace baton::graph {
namespace {

json::Value Parsed(std::string_view text) { return json::Parse(text).value(); }

// What a channel holds after the writes, as JSON text.
std::string After(ChannelKind kind, std::initializer_list<std::string_view> writes) {
  const ChannelEntry channel{"c", {.kind = kind}};
  json::Value current = InitialValue(channel.spec).value_or(nullptr);
  for (const std::string_view text : writes) {
    json::Value written = Parsed(text);
    if (Status status = CheckWrite(channel, written); !status.ok()) return status.message();
    ApplyWrite(kind, current, std::move(written));
  }
  return json::Serialize(current);
}

TEST(ChannelRulesTest, AppendConcatenatesListsAndPushesTheRest) {
  EXPECT_EQ(After(ChannelKind::kAppend, {"[1,2]", "3", "{\"a\":1}", "[]", "[[4]]", "null"}),
            R"([1,2,3,{"a":1},[4],null])");
}

TEST(ChannelRulesTest, SumAddsAndStaysWholeWhileItCan) {
  EXPECT_EQ(After(ChannelKind::kSum, {"1", "2", "-5"}), "-2");
  EXPECT_EQ(After(ChannelKind::kSum, {"1", "0.5"}), "1.5E0");
  EXPECT_EQ(After(ChannelKind::kSum, {"9223372036854775807", "1"}), "9.223372036854776E18");
  EXPECT_EQ(After(ChannelKind::kSum, {"\"1\""}), "channel 'c' takes numbers");
}

TEST(ChannelRulesTest, MaxKeepsTheGreaterAndStartsAtZero) {
  EXPECT_EQ(After(ChannelKind::kMax, {"-3"}), "0");
  EXPECT_EQ(After(ChannelKind::kMax, {"3", "2", "3.5"}), "3.5E0");
  EXPECT_EQ(After(ChannelKind::kMax, {"[]"}), "channel 'c' takes numbers");
}

TEST(ChannelRulesTest, MergeReplacesMembersOfTheSameName) {
  EXPECT_EQ(After(ChannelKind::kMerge, {R"({"a":1,"b":{"x":1}})", R"({"b":{"y":2},"c":3})"}),
            R"({"a":1,"b":{"y":2},"c":3})");
  EXPECT_EQ(After(ChannelKind::kMerge, {"1"}), "channel 'c' takes objects");
}

TEST(ChannelRulesTest, MessagesReplaceByIdAndRemove) {
  EXPECT_EQ(After(ChannelKind::kMessages,
                  {R"([{"id":1,"t":"a"},{"id":2,"t":"b"}])", R"({"id":1,"t":"A"})",
                   R"([{"type":"remove","id":2},{"id":3}])", R"({"type":"remove","id":9})"}),
            R"([{"id":1,"t":"A"},{"id":3}])");
  EXPECT_EQ(After(ChannelKind::kMessages, {"[1]"}),
            "channel 'c' takes an object or a list of objects");
}

TEST(ChannelRulesTest, MessagesWithoutIdAreAppended) {
  EXPECT_EQ(After(ChannelKind::kMessages, {R"({"t":1})", R"({"t":1})"}), R"([{"t":1},{"t":1}])");
}

TEST(ChannelRulesTest, OnlyNewMessagesAppend) {
  const json::Value known = Parsed(R"([{"id":1}])");
  EXPECT_TRUE(OnlyAppends({.kind = ChannelKind::kMessages}, known, Parsed(R"({"id":2})")));
  EXPECT_FALSE(OnlyAppends({.kind = ChannelKind::kMessages}, known, Parsed(R"([{"id":1}])")));
  EXPECT_FALSE(
      OnlyAppends({.kind = ChannelKind::kMessages}, known, Parsed(R"({"type":"remove","id":1})")));
  EXPECT_TRUE(OnlyAppends({.kind = ChannelKind::kAppend}, known, Parsed("[1,2]")));
  EXPECT_FALSE(OnlyAppends({.kind = ChannelKind::kSum}, 1, 1));
}

TEST(ChannelRulesTest, RemovingAllKeepsWhatComesAfter) {
  EXPECT_EQ(After(ChannelKind::kMessages,
                  {R"([{"id":1},{"id":2}])",
                   R"([{"id":3},{"type":"remove","id":"__remove_all__"},{"id":4}])"}),
            R"([{"id":4}])");
}

TEST(ChannelRulesTest, RemovingWhatIsNotThereFails) {
  const ChannelEntry channel{"c", {.kind = ChannelKind::kMessages}};
  const json::Value written =
      Parsed(R"([{"id":2},{"type":"remove","id":2},{"type":"remove","id":9}])");
  EXPECT_TRUE(MayFail(channel.spec, written));
  EXPECT_EQ(TryWrite(channel, Parsed(R"([{"id":1}])"), written).error().message(),
            "channel 'c': no message 9 to remove");
  EXPECT_FALSE(CheckWrite(channel, Parsed(R"({"type":"remove"})")).ok());
}

TEST(ChannelRulesTest, AnOverwriteIsCheckedLikeTheValueItIs) {
  const auto check = [](ChannelKind kind, std::string_view value) {
    return CheckWrite({"c", {.kind = kind}}, Overwrite(Parsed(value))).message();
  };
  EXPECT_EQ(check(ChannelKind::kAppend, "[1]"), "");
  EXPECT_EQ(check(ChannelKind::kAppend, "1"), "channel 'c' takes a list in place of what it holds");
  EXPECT_EQ(check(ChannelKind::kSum, "\"x\""), "channel 'c' takes numbers");
  EXPECT_EQ(check(ChannelKind::kMessages, "[1]"),
            "channel 'c' takes an object or a list of objects");
  EXPECT_EQ(check(ChannelKind::kSum, R"({"__overwrite__":1})"),
            "channel 'c': an Overwrite() within one");
  EXPECT_EQ(check(ChannelKind::kLastValue, "1"), "");
}

TEST(ChannelRulesTest, MessagesGetTheSameNamesEveryTime) {
  json::Value first = Parsed(R"([{"t":1},{"id":"own"},{"t":2}])");
  json::Value again = first;
  EXPECT_TRUE(HasNamelessMessages(first));
  NameMessages(first, "task");
  NameMessages(again, "task");
  EXPECT_EQ(first, again);
  EXPECT_FALSE(HasNamelessMessages(first));
  EXPECT_EQ(first.at(1).at("id"), "own");
  EXPECT_NE(first.at(0).at("id"), first.at(2).at("id"));
}

TEST(ChannelRulesTest, ValuesAreAbsentUntilWritten) {
  EXPECT_FALSE(InitialValue({.kind = ChannelKind::kLastValue}).has_value());
  EXPECT_FALSE(InitialValue({.kind = ChannelKind::kEphemeral}).has_value());
  EXPECT_EQ(InitialValue({.kind = ChannelKind::kReducer, .initial = 7}), json::Value(7));
}

}  // namespace
}  // namespace baton::graph
