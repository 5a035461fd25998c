#include "json/json.h"

#include <gtest/gtest.h>

#include "json/schema.h"

namespace baton::json {
namespace {

TEST(Parse, NamesTheByteThatIsWrong) {
  EXPECT_EQ(Parse(R"({"a": 1, "b" 2})").error().message().find("JSON, byte "), 0U);
  EXPECT_EQ(Parse("{\"a\": 1} x").error().message(), "JSON, byte 9: text after the value");
  EXPECT_EQ(Parse("").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Parse(R"({"a": [1, 2)").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Parse("\"\xFF\"").error().code(), Code::kInvalidArgument);
}

TEST(Parse, KeepsItsLimits) {
  EXPECT_EQ(Parse(std::string(100, '[')).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(Parse("[1, 2]", {.max_bytes = 3}).error().code(), Code::kResourceExhausted);
}

TEST(Serialize, SurvivesARoundTrip) {
  const std::string text = R"({"b":[1,2.5E0,"x\u0000y",null,true],"a":{}})";
  const Value value = Parse(text).value();
  EXPECT_EQ(Serialize(value), text);
  EXPECT_EQ(Parse(SerializePretty(value)).value(), value);
}

TEST(Access, GivesTheFallbackForWhatIsAbsentOrOfAnotherType) {
  const Value value = Parse(R"({"s": "x", "i": 3, "d": 4.0, "b": true})").value();
  EXPECT_EQ(GetString(value, "s"), "x");
  EXPECT_EQ(GetString(value, "i", "none"), "none");
  EXPECT_EQ(GetInt(value, "i"), 3);
  EXPECT_EQ(GetInt(value, "d"), 4);
  EXPECT_EQ(GetInt(value, "missing", -1), -1);
  EXPECT_TRUE(GetBool(value, "b"));
  const Value number(3);
  EXPECT_EQ(Find(number, "s"), nullptr);
  const Object object{{"s", "x"}};
  EXPECT_EQ(Find(object, "s"), object.if_contains("s"));
  EXPECT_EQ(GetString(object, "s").data(), object.at("s").get_string().data());
  EXPECT_EQ(RequireString(value, "i", "tool call").error().message(),
            "tool call: 'i' must be a string");
}

template <typename T>
concept GivesMembers = requires(T&& object) { Find(std::forward<T>(object), "key"); } ||
                       requires(T&& object) { GetString(std::forward<T>(object), "key"); };

TEST(Access, DoesNotPointIntoATemporary) {
  static_assert(GivesMembers<const Value&> && GivesMembers<Object&>);
  static_assert(!GivesMembers<Value> && !GivesMembers<const Value>);
  static_assert(!GivesMembers<Object> && !GivesMembers<const Object>);
  static_assert(!GivesMembers<Array&>, "converted to a temporary value");
}

TEST(Schema, NamesTheValueThatDoesNotFit) {
  const auto schema = Schema::Compile(Parse(R"({"type": "object", "required": ["query"],
                "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}}})")
                                          .value());
  ASSERT_TRUE(schema.has_value());
  EXPECT_TRUE(schema->Validate(Parse(R"({"query": "x"})").value()).ok());
  const Status status = schema->Validate(Parse(R"({"query": 3})").value());
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_NE(status.message().find("query"), std::string::npos) << status.message();
}

TEST(Schema, RefusesWhatIsNoSchema) {
  EXPECT_FALSE(Schema::Compile(Parse(R"({"type": 3})").value()).has_value());
  EXPECT_FALSE(Schema::Compile(Value("x")).has_value());
}

}  // namespace
}  // namespace baton::json
