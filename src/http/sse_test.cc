#include "http/sse.h"

#include <vector>

#include <gtest/gtest.h>

namespace baton::http {
namespace {

using Events = std::vector<SseEvent>;

void Collect(SseParser& parser, Events& out) {
  while (auto event = parser.Next()) out.push_back(*std::move(event));
}

struct RecordedStream {
  const char* name;
  std::string bytes;
  Events events;
};

std::vector<RecordedStream> RecordedStreams() {
  const std::string nul_in_id("id: 7\ndata: a\n\nid: x\0y\ndata: b\n\n", 33);
  return {
      {"OpenAI",
       "data: {\"delta\":\"Hel\"}\n\ndata: {\"delta\":\"lo\"}\n\ndata: [DONE]\n\n",
       {{"", R"({"delta":"Hel"})", ""}, {"", R"({"delta":"lo"})", ""}, {"", "[DONE]", ""}}},
      {"Anthropic with CRLF",
       "event: message_start\r\ndata: {}\r\n\r\nevent: ping\r\ndata: {\"a\": 1}\r\n\r\n",
       {{"message_start", "{}", ""}, {"ping", R"({"a": 1})", ""}}},
      {"CR only", "id: 1\rdata: a\rdata: b\r\rdata: c\r\r", {{"", "a\nb", "1"}, {"", "c", "1"}}},
      {"line ends mixed",
       "data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\n",
       {{"", "a\nb\nc", ""}, {"", "d", ""}}},
      {"BOM at the start only",
       "\xEF\xBB\xBF"
       "data: a\n\n\xEF\xBB\xBF"
       "data: lost\n\ndata: b\n\n",
       {{"", "a", ""}, {"", "b", ""}}},
      {"comments, unknown fields, retry",
       ": hello\nretry: 100\nfoo: bar\ndata: x\n:\n\n: ping\n\n",
       {{"", "x", ""}}},
      {"one space is removed",
       "data:a\n\ndata:  b\n\ndata: \n\ndata\n\n",
       {{"", "a", ""}, {"", " b", ""}, {"", "", ""}, {"", "", ""}}},
      {"empty data lines count", "data:\ndata:\n\n", {{"", "\n", ""}}},
      {"an event without data is none, its type is forgotten",
       "event: lost\n\ndata: x\n\n",
       {{"", "x", ""}}},
      {"an id stays, also from an event without data",
       "id: 5\n\ndata: x\n\nid\ndata: y\n\n",
       {{"", "x", "5"}, {"", "y", ""}}},
      {"an id with NUL is ignored", nul_in_id, {{"", "a", "7"}, {"", "b", "7"}}},
      {"what is incomplete at the end is dropped", "data: a\n\ndata: b\n", {{"", "a", ""}}},
      {"UTF-8",
       "data: h\xC3\xA9llo \xF0\x9F\x98\x80\n\n",
       {{"", "h\xC3\xA9llo \xF0\x9F\x98\x80", ""}}},
      {"nothing", "", {}},
  };
}

TEST(SseParser, ReadsEveryRecordedStreamAtEveryPairOfSplits) {
  for (const RecordedStream& stream : RecordedStreams()) {
    const std::string_view bytes = stream.bytes;
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
      for (std::size_t second = first; second <= bytes.size(); ++second) {
        SseParser parser;
        Events events;
        for (const std::string_view piece :
             {bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)}) {
          ASSERT_TRUE(parser.Feed(piece).ok());
          Collect(parser, events);
        }
        ASSERT_EQ(events, stream.events) << stream.name << " cut at " << first << ", " << second;
      }
    }
  }
}

TEST(SseParser, ReadsByteByByte) {
  for (const RecordedStream& stream : RecordedStreams()) {
    SseParser parser;
    Events events;
    for (const char& byte : stream.bytes) {
      ASSERT_TRUE(parser.Feed({&byte, 1}).ok());
      Collect(parser, events);
    }
    EXPECT_EQ(events, stream.events) << stream.name;
  }
}

TEST(SseParser, AnEventIsThereAtItsBlankLineAndNotLater) {
  SseParser parser;
  ASSERT_TRUE(parser.Feed("data: a\r\n\r").ok());
  EXPECT_EQ(parser.Next(), (SseEvent{"", "a", ""}));
  ASSERT_TRUE(parser.Feed("\ndata: b\n").ok());
  EXPECT_EQ(parser.Next(), std::nullopt);
}

TEST(SseParser, ReadsAHugeEventInPieces) {
  SseParser parser;
  std::string expected;
  for (int line = 0; line < 64; ++line) {
    const std::string part(64 << 10, static_cast<char>('a' + line % 26));
    ASSERT_TRUE(parser.Feed("data: " + part.substr(0, 1000)).ok());
    ASSERT_TRUE(parser.Feed(part.substr(1000) + "\n").ok());
    expected += (line == 0 ? "" : "\n") + part;
  }
  ASSERT_TRUE(parser.Feed("\n").ok());
  EXPECT_EQ(parser.Next()->data, expected);
}

TEST(SseParser, RefusesAnEventOverItsLimitAtAnySplitAndKeepsWhatCameBefore) {
  const std::string stream = "data: before\n\ndata: 12345\ndata: 67890123\n\ndata: after\n\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    SseParser parser(16);
    const bool first_ok = parser.Feed(std::string_view(stream).substr(0, cut)).ok();
    const Status second = parser.Feed(std::string_view(stream).substr(cut));
    EXPECT_TRUE(!first_ok || !second.ok()) << cut;
    Events events;
    Collect(parser, events);
    EXPECT_EQ(events, (Events{{"", "before", ""}})) << cut;
    EXPECT_EQ(parser.Feed("data: x\n\n").code(), Code::kResourceExhausted);
    EXPECT_EQ(parser.Next(), std::nullopt);
  }
}

TEST(EncodeSse, WritesTheFieldsThatAreSet) {
  EXPECT_EQ(EncodeSse({"", "hi", ""}), "data: hi\n\n");
  EXPECT_EQ(EncodeSse({"token", "a\nb", "7"}), "event: token\nid: 7\ndata: a\ndata: b\n\n");
  EXPECT_EQ(EncodeSse({"", "", ""}), "data: \n\n");
}

TEST(EncodeSse, NoValueBreaksOutOfItsField) {
  EXPECT_EQ(EncodeSse({"a\ndata: evil", "x\r\ny\rz", "1\r2"}),
            "event: adata: evil\nid: 12\ndata: x\ndata: y\ndata: z\n\n");
}

TEST(EncodeSse, IsReadBack) {
  for (const std::string data : {"plain", "", " leading", "a\n\nb\n", ": colon", "data: data"}) {
    SseParser parser;
    ASSERT_TRUE(parser.Feed(EncodeSse({"kind", data, "42"})).ok());
    EXPECT_EQ(parser.Next(), (SseEvent{"kind", data, "42"}));
  }
}

}  // namespace
}  // namespace baton::http
