#include "json/json.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
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

TEST(Parse, RefusesWhatNoDoubleHolds) {
  EXPECT_THAT(Parse(R"({"a":[1,-1e400]})").error().message(),
              ::testing::HasSubstr("a number of more than 1.8e308"));
  EXPECT_TRUE(Parse("[1.7e308, -1.7e308, 18446744073709551615]"));
}

TEST(Serialize, SurvivesARoundTrip) {
  const std::string text = R"({"b":[1,2.5E0,"x\u0000y",null,true],"a":{}})";
  const Value value = Parse(text).value();
  EXPECT_EQ(Serialize(value), text);
  EXPECT_EQ(Parse(SerializePretty(value)).value(), value);
}

TEST(Serialize, WritesWhatTheLibraryWrites) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  const Value value = {
      {"empty", {Object(), Array(), "", Object{{"", Array{Array()}}}}},
      {bytes, bytes},
      {"words", {nullptr, true, false}},
      {"numbers",
       {0, -1, INT64_MIN, INT64_MAX, UINT64_MAX, 0.0, -0.0, 0.1, 1e300, -5e-324, 3.0, 1.0 / 3}}};
  EXPECT_EQ(Serialize(value), boost::json::serialize(value));
  EXPECT_EQ(Serialize(value.get_object()), boost::json::serialize(value));
  for (const char c : std::string_view("\"\\\n\x1f\x20\x80\xff\0", 8)) {
    for (int at = 0; at < 20; ++at) {
      std::string one(20, 'a');
      one[static_cast<std::size_t>(at)] = c;
      EXPECT_EQ(Serialize(Value(one)), boost::json::serialize(Value(one))) << at;
    }
  }
  std::string text = "x";
  AppendText(text, value);
  AppendString(text, "\"y\"");
  EXPECT_EQ(text, "x" + boost::json::serialize(value) + R"("\"y\"")");
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

Status Check(const std::string& schema, const Value& value) {
  const auto compiled = Schema::Compile(Parse(schema).value());
  return compiled ? compiled->Validate(value) : compiled.error();
}

TEST(Schema, APatternIsMatchedInTimeAndSpaceThatGrowWithTheTextOnly) {
  const Value long_text(std::string(1'000'000, 'a'));
  EXPECT_TRUE(Check(R"({"pattern": "^(a|b)*$"})", long_text).ok());
  EXPECT_FALSE(Check(R"({"format": "date"})", Value(std::string(1'000'000, '1'))).ok());
  const Value endless(std::string(64, 'a') + "!");
  EXPECT_EQ(Check(R"({"pattern": "^(a+)+$"})", endless).message(),
            "value: does not match the pattern '^(a+)+$'");
}

TEST(Schema, PatternsApplyToTextsAndNamesEverywhere) {
  const auto object = [](const char* text) { return Parse(text).value(); };
  const std::string nested = R"({"properties": {"pattern": {"pattern": "^x"}},
      "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": false})";
  EXPECT_TRUE(Check(nested, object(R"({"pattern": "xy", "n_a": 1})")).ok());
  EXPECT_EQ(Check(nested, object(R"({"pattern": "y"})")).code(), Code::kInvalidArgument);
  EXPECT_EQ(Check(nested, object(R"({"n_a": "1"})")).code(), Code::kInvalidArgument);
  EXPECT_EQ(Check(nested, object(R"({"m_a": 1})")).code(), Code::kInvalidArgument);
  EXPECT_TRUE(Check(R"({"pattern": "^x"})", Value(3)).ok()) << "a pattern is for texts";

  const std::string names = R"({"propertyNames": {"pattern": "^[a-z]+$"}})";
  EXPECT_TRUE(Check(names, object(R"({"abc": 1})")).ok());
  EXPECT_FALSE(Check(names, object(R"({"aBc": 1})")).ok());
  EXPECT_TRUE(Check(R"({"enum": [{"pattern": "("}]})", object(R"({"pattern": "("})")).ok())
      << "data is no schema";
}

TEST(Schema, FormatsOfTimeAreChecked) {
  EXPECT_TRUE(Check(R"({"format": "date"})", Value("2024-02-29")).ok());
  EXPECT_FALSE(Check(R"({"format": "date"})", Value("2023-02-29")).ok());
  EXPECT_TRUE(Check(R"({"format": "time"})", Value("16:52:45.5+02:00")).ok());
  EXPECT_FALSE(Check(R"({"format": "time"})", Value("25:00:00Z")).ok());
  EXPECT_TRUE(Check(R"({"format": "date-time"})", Value("2024-02-29T16:52:45Z")).ok());
  EXPECT_FALSE(Check(R"({"format": "date-time"})", Value("2024-02-30T16:52:45Z")).ok());
  EXPECT_TRUE(Check(R"({"format": "int64"})", Value(3)).ok());
}

TEST(Schema, APatternThatCannotBeUsedIsRefusedWithItsPlace) {
  const Status lookahead =
      Check(R"({"properties": {"a": {"items": [{"pattern": "(?!x)y"}]}}})", Value(nullptr));
  EXPECT_EQ(lookahead.code(), Code::kInvalidArgument);
  EXPECT_EQ(lookahead.message().find("JSON Schema: /properties/a/items/0/pattern: the pattern "
                                     "'(?!x)y' cannot be used"),
            0U)
      << lookahead.message();
  EXPECT_EQ(Check(R"({"patternProperties": {"(": {}}})", Value(nullptr)).code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Check(R"({"$ref": "urn:)" + std::string(1'000'000, 'a') + "\"}", Value(nullptr)).code(),
            Code::kInvalidArgument);
}

TEST(Schema, RefusesWhatIsNoSchema) {
  EXPECT_FALSE(Schema::Compile(Parse(R"({"type": 3})").value()).has_value());
  EXPECT_FALSE(Schema::Compile(Value("x")).has_value());
}

}  // namespace
}  // namespace baton::json
