#include "workspace/charts/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "json/json.h"

namespace baton::workspace::charts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Chart ChartOf(ChartKind kind, std::string_view data) {
  auto series = ParseChartData(data);
  EXPECT_TRUE(series) << series.error().ToString();
  return {.kind = kind, .title = "A <b> & \"c\"", .x_label = "x", .series = *series};
}

std::size_t CountOf(const std::string& svg, const char* element) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(svg.c_str())) << svg;
  std::size_t count = 0;
  for (const auto& node : document.child("svg").children(element)) {
    static_cast<void>(node);
    ++count;
  }
  return count;
}

std::string WhyNot(std::string_view data) {
  const auto series = ParseChartData(data);
  return series ? "data" : series.error().ToString();
}

TEST(ChartTest, ReadsTheShapesThatDataComesIn) {
  for (const char* data : {R"({"x":["a","b"],"y":[1,2]})", R"({"labels":["a","b"],"values":[1,2]})",
                           R"({"a":1,"b":2})", R"([{"label":"a","value":1},{"x":"b","y":2}])",
                           R"({"x":["a","b"],"series":[{"name":"n","y":[1,2]}]})"}) {
    const auto series = ParseChartData(data);
    ASSERT_TRUE(series) << data << series.error().ToString();
    ASSERT_EQ(series->size(), 1U);
    EXPECT_EQ(series->front().points.at(1).label, "b");
    EXPECT_EQ(series->front().points.at(1).y, 2);
  }
  EXPECT_EQ(ParseChartData("[5, 6]")->front().points.at(1).x, 2);
}

TEST(ChartTest, SaysWhatDoesNotFit) {
  EXPECT_THAT(WhyNot("{"), HasSubstr("chart data"));
  EXPECT_THAT(WhyNot("7"), HasSubstr("neither a list nor an object"));
  EXPECT_THAT(WhyNot("[]"), HasSubstr("no values"));
  EXPECT_THAT(WhyNot(R"({"x":["a"],"y":[1,2]})"), HasSubstr("2 values, but 1 places"));
  EXPECT_THAT(WhyNot(R"(["a"])"), HasSubstr("\"a\" is no number"));
  EXPECT_THAT(WhyNot(R"([{"x":1}])"), HasSubstr("item 0 has no 'y'"));
  EXPECT_THAT(ParseChartKind("radar").error().ToString(), HasSubstr("scatter and pie"));
}

TEST(ChartTest, DrawsEveryKindAsWellFormedXml) {
  const std::string_view data = R"({"x":[1,2,3],"series":[{"name":"<a>","y":[1,-2,3]},
                                    {"name":"b","y":[2,2,2]}]})";
  const std::string bars = *DrawSvg(ChartOf(ChartKind::kBar, data));
  EXPECT_EQ(CountOf(bars, "rect"), 1U + 6U + 2U);  // ground, bars, legend
  EXPECT_THAT(bars, HasSubstr("A &lt;b&gt; &amp; &quot;c&quot;"));
  EXPECT_THAT(bars, Not(HasSubstr("<a>")));
  EXPECT_EQ(CountOf(*DrawSvg(ChartOf(ChartKind::kLine, data)), "path"), 2U);
  EXPECT_EQ(CountOf(*DrawSvg(ChartOf(ChartKind::kArea, data)), "path"), 4U);
  EXPECT_EQ(CountOf(*DrawSvg(ChartOf(ChartKind::kScatter, data)), "circle"), 6U);
  EXPECT_EQ(CountOf(*DrawSvg(ChartOf(ChartKind::kPie, R"({"a":1,"b":3})")), "path"), 2U);
  EXPECT_EQ(CountOf(*DrawSvg(ChartOf(ChartKind::kPie, R"({"a":1})")), "circle"), 1U);
  EXPECT_TRUE(DrawSvg(ChartOf(ChartKind::kLine, "[1e300, -1e300, 0]")));
  EXPECT_TRUE(DrawSvg(ChartOf(ChartKind::kLine, "[0]")));
}

TEST(ChartTest, RefusesWhatCannotBeDrawn) {
  EXPECT_FALSE(DrawSvg(ChartOf(ChartKind::kPie, R"({"a":-1,"b":2})")));
  EXPECT_FALSE(DrawSvg(ChartOf(ChartKind::kPie, R"({"a":0})")));
  Chart huge = ChartOf(ChartKind::kBar, "[1]");
  huge.width = 100'000;
  EXPECT_FALSE(DrawSvg(huge));
}

TEST(ChartTest, SpecifiesForVegaLite) {
  const auto spec = json::Parse(WriteVegaLite(ChartOf(ChartKind::kPie, R"({"a":1,"b":3})")));
  ASSERT_TRUE(spec);
  EXPECT_EQ(json::GetString(*json::Find(*spec, "mark"), "type"), "arc");
  const json::Value& data = *json::Find(*json::Find(*spec, "data"), "values");
  EXPECT_EQ(data.as_array().size(), 2U);
}

}  // namespace
}  // namespace baton::workspace::charts
