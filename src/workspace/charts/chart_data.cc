#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "json/json.h"
#include "workspace/charts/chart.h"

namespace baton::workspace::charts {
namespace {

constexpr std::size_t kMaxChartJson = std::size_t{4} << 20U;
constexpr std::size_t kMaxLabelBytes = 200;
constexpr double kMostValue = 1e300;  // differences of two of them are finite

const json::Value* FindAny(const json::Object& object,
                           std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const json::Value* value = json::Find(object, key)) return value;
  }
  return nullptr;
}

const json::Value* XOf(const json::Object& object) {
  return FindAny(object, {"x", "labels", "label", "categories"});
}
const json::Value* YOf(const json::Object& object) {
  return FindAny(object, {"y", "values", "value", "data"});
}

Result<double> NumberOf(const json::Value& value) {
  if (!value.is_number()) {
    return Fail(Code::kInvalidArgument, "chart data: {} is no number",
                Utf8Prefix(json::Serialize(value), 40));
  }
  const auto number = value.to_number<double>();
  if (!(std::abs(number) <= kMostValue)) {
    return Fail(Code::kInvalidArgument, "chart data: {} is out of range", number);
  }
  return number;
}

void PlaceAt(const json::Value* x, std::size_t position, ChartPoint& point) {
  if (x == nullptr) {
    point.x = static_cast<double>(position + 1);
  } else if (x->is_number()) {
    point.x = std::clamp(x->to_number<double>(), -kMostValue, kMostValue);
  } else if (x->is_string()) {
    point.label = Utf8Prefix(json::ToStringView(x->get_string()), kMaxLabelBytes);
  } else {
    point.label = Utf8Prefix(json::Serialize(*x), kMaxLabelBytes);
  }
  if (point.x) point.label = fmt::format("{}", *point.x);
}

// `x` may be null: then the points are counted from 1.
Result<ChartSeries> ReadSeries(std::string name, const json::Value* x, const json::Value& y) {
  ChartSeries series{.name = std::move(name), .points = {}};
  if (!y.is_array()) return Fail(Code::kInvalidArgument, "chart data: the values are no list");
  const json::Array& values = y.get_array();
  const json::Array* places = x != nullptr ? x->if_array() : nullptr;
  if (x != nullptr && (places == nullptr || places->size() != values.size())) {
    return Fail(Code::kInvalidArgument, "chart data: {} values, but {} places on the x axis",
                values.size(), places == nullptr ? 0 : places->size());
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Result<double> number = NumberOf(values[i]);
    if (!number) return Fail(number.error());
    ChartPoint point{.label = {}, .x = {}, .y = *number};
    PlaceAt(places == nullptr ? nullptr : &(*places)[i], i, point);
    series.points.push_back(std::move(point));
  }
  return series;
}

Result<std::vector<ChartSeries>> ReadList(const json::Array& list) {
  ChartSeries series;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const json::Object* object = list[i].if_object();
    const json::Value* y = object == nullptr ? &list[i] : YOf(*object);
    if (y == nullptr) return Fail(Code::kInvalidArgument, "chart data: item {} has no 'y'", i);
    const Result<double> number = NumberOf(*y);
    if (!number) return Fail(number.error());
    ChartPoint point{.label = {}, .x = {}, .y = *number};
    PlaceAt(object == nullptr ? nullptr : XOf(*object), i, point);
    series.points.push_back(std::move(point));
  }
  return std::vector<ChartSeries>{std::move(series)};
}

Result<std::vector<ChartSeries>> ReadNamedSeries(const json::Object& object,
                                                 const json::Value& list) {
  std::vector<ChartSeries> all;
  const json::Array* array = list.if_array();
  if (array == nullptr) return Fail(Code::kInvalidArgument, "chart data: 'series' is no list");
  for (const json::Value& each : *array) {
    const json::Object* one = each.if_object();
    const json::Value* y = one == nullptr ? nullptr : YOf(*one);
    if (y == nullptr) return Fail(Code::kInvalidArgument, "chart data: a series without 'y'");
    const json::Value* own = XOf(*one);
    auto series = ReadSeries(std::string(json::GetString(*one, "name")),
                             own == nullptr ? XOf(object) : own, *y);
    if (!series) return Fail(std::move(series).error());
    all.push_back(*std::move(series));
  }
  return all;
}

Result<std::vector<ChartSeries>> ReadObject(const json::Object& object) {
  if (const json::Value* list = FindAny(object, {"series", "datasets"})) {
    return ReadNamedSeries(object, *list);
  }
  if (const json::Value* y = YOf(object); y != nullptr && y->is_array()) {
    auto series = ReadSeries("", XOf(object), *y);
    if (!series) return Fail(std::move(series).error());
    return std::vector<ChartSeries>{*std::move(series)};
  }
  ChartSeries series;
  for (const auto& [key, value] : object) {
    const Result<double> number = NumberOf(value);
    if (!number) return Fail(number.error());
    series.points.push_back({std::string(Utf8Prefix(key, kMaxLabelBytes)), {}, *number});
  }
  return std::vector<ChartSeries>{std::move(series)};
}

}  // namespace

Result<std::vector<ChartSeries>> ParseChartData(std::string_view text) {
  const Result<json::Value> value = json::Parse(text, {.max_bytes = kMaxChartJson});
  if (!value) return Fail(Code::kInvalidArgument, "chart data: {}", value.error().message());
  Result<std::vector<ChartSeries>> all =
      Fail(Code::kInvalidArgument, "chart data: neither a list nor an object");
  if (value->is_array()) all = ReadList(value->get_array());
  if (value->is_object()) all = ReadObject(value->get_object());
  if (!all) return all;
  std::size_t points = 0;
  for (const ChartSeries& series : *all) points += series.points.size();
  if (points == 0) return Fail(Code::kInvalidArgument, "chart data: there are no values");
  if (points > kMaxChartPoints || all->size() > kMaxChartSeries) {
    return Fail(Code::kResourceExhausted, "chart data: more than {} values or {} series",
                kMaxChartPoints, kMaxChartSeries);
  }
  return all;
}

Result<ChartKind> ParseChartKind(std::string_view name) {
  if (name == "bar") return ChartKind::kBar;
  if (name == "line") return ChartKind::kLine;
  if (name == "area") return ChartKind::kArea;
  if (name == "scatter") return ChartKind::kScatter;
  if (name == "pie") return ChartKind::kPie;
  return Fail(Code::kInvalidArgument,
              "chart_type is '{}': bar, line, area, scatter and pie are possible", name);
}

std::string WriteVegaLite(const Chart& chart) {
  json::Array values;
  bool numbers = true;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      numbers = numbers && point.x.has_value();
      json::Object row{{"label", point.label}, {"y", point.y}, {"series", series.name}};
      if (point.x) row["x"] = *point.x;
      values.push_back(std::move(row));
    }
  }
  const bool pie = chart.kind == ChartKind::kPie;
  const char* marks[] = {"bar", "line", "area", "point", "arc"};
  json::Object encoding;
  const json::Object y{{"field", "y"}, {"type", "quantitative"}, {"title", chart.y_label}};
  if (pie) {
    encoding["theta"] = y;
    encoding["color"] = json::Object{{"field", "label"}, {"type", "nominal"}};
  } else {
    const bool by_number = numbers && chart.kind != ChartKind::kBar;
    json::Object x{{"field", by_number ? "x" : "label"},
                   {"type", by_number ? "quantitative" : "ordinal"},
                   {"title", chart.x_label}};
    x["sort"] = nullptr;  // as they come
    encoding["x"] = std::move(x);
    encoding["y"] = y;
    if (chart.series.size() > 1) {
      encoding["color"] = json::Object{{"field", "series"}, {"type", "nominal"}};
      if (chart.kind == ChartKind::kBar) encoding["xOffset"] = json::Object{{"field", "series"}};
    }
  }
  json::Object mark{{"type", marks[static_cast<int>(chart.kind)]}, {"tooltip", true}};
  json::Object spec{{"$schema", "https://vega.github.io/schema/vega-lite/v5.json"},
                    {"title", chart.title},
                    {"width", chart.width},
                    {"height", chart.height},
                    {"data", json::Object{{"values", std::move(values)}}},
                    {"mark", std::move(mark)},
                    {"encoding", std::move(encoding)}};
  return json::Serialize(spec);
}

}  // namespace baton::workspace::charts
