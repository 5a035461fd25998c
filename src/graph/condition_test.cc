#include "graph/condition.h"

#include <gtest/gtest.h>

namespace baton::graph {
namespace {

bool FilterHolds(std::string_view filter, std::string_view value) {
  const auto conditions = ParseFilter(json::Parse(filter).value());
  EXPECT_TRUE(conditions.has_value()) << conditions.error().ToString();
  for (const Condition& condition : *conditions) {
    if (!Holds(condition, json::Parse(value).value())) return false;
  }
  return true;
}

std::string FilterMistake(std::string_view filter) {
  const auto conditions = ParseFilter(json::Parse(filter).value());
  return conditions ? "none" : conditions.error().message();
}

TEST(Condition, EqualsOnlyTheSameTypeAndValue) {
  EXPECT_TRUE(FilterHolds(R"({"a": 1})", R"({"a": 1.0})"));
  EXPECT_TRUE(FilterHolds(R"({"a": "x"})", R"({"a": "x"})"));
  EXPECT_TRUE(FilterHolds(R"({"a": true})", R"({"a": true})"));
  EXPECT_FALSE(FilterHolds(R"({"a": 1})", R"({"a": true})"));
  EXPECT_FALSE(FilterHolds(R"({"a": 1})", R"({"a": "1"})"));
  EXPECT_FALSE(FilterHolds(R"({"a": 1})", R"({"a": [1]})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$ne": 1}})", R"({"a": [1]})"));
}

TEST(Condition, TakesTheAbsentForNull) {
  EXPECT_TRUE(FilterHolds(R"({"a": null})", R"({})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$ne": 1}})", R"({})"));
  EXPECT_FALSE(FilterHolds(R"({"a": {"$ne": null}})", R"({})"));
  EXPECT_FALSE(FilterHolds(R"({"a": {"$gte": null}})", R"({})"));
}

TEST(Condition, OrdersNumbersAndTexts) {
  EXPECT_TRUE(FilterHolds(R"({"a": {"$gt": 1, "$lt": 2}})", R"({"a": 1.5})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$gte": 2, "$lte": 2.0}})", R"({"a": 2})"));
  EXPECT_FALSE(FilterHolds(R"({"a": {"$gt": "1"}})", R"({"a": 2})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$gt": "Z", "$lt": "é"}})", R"({"a": "a"})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$lt": -9223372036854775807}})", R"({"a": -1e19})"));
}

TEST(Condition, ComparesLargeNumbersExactly) {
  EXPECT_FALSE(FilterHolds(R"({"a": 9007199254740992.0})", R"({"a": 9007199254740993})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$gt": 9007199254740992.0}})", R"({"a": 9007199254740993})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$lt": 18446744073709551615}})", R"({"a": -1})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$gt": -2}})", R"({"a": 18446744073709551615})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$gt": -1.5}})", R"({"a": -1})"));
  EXPECT_TRUE(FilterHolds(R"({"a": {"$lt": 1e300}})", R"({"a": 18446744073709551615})"));
}

TEST(Condition, LooksAlongAPath) {
  EXPECT_TRUE(FilterHolds(R"({"/a/b/1": 2})", R"({"a": {"b": [1, 2]}})"));
  EXPECT_FALSE(FilterHolds(R"({"/a/b/2": 2})", R"({"a": {"b": [1, 2]}})"));
  EXPECT_TRUE(FilterHolds(R"({"a.b": 1, "c": 2})", R"({"a.b": 1, "c": 2})"));
}

TEST(Condition, NamesWhatIsWrongWithAFilter) {
  EXPECT_EQ(FilterMistake("[]"), "a filter must be a JSON object");
  EXPECT_EQ(FilterMistake(R"({"a": {"$near": 1}})"),
            "filter '/a': unknown operator '$near': $eq, $ne, $gt, $gte, $lt, $lte");
  EXPECT_EQ(FilterMistake(R"({"a": [1]})"),
            "filter: '/a' eq: compares with null, true, false, a number or a text, not with a list "
            "or object");
  EXPECT_EQ(FilterMistake(R"({"/a~": 1})"),
            "filter: path '/a~': after '~' comes '0' (for '~') or '1' (for '/')");
}

}  // namespace
}  // namespace baton::graph
