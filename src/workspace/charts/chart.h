// Charts as pictures (SVG) and as Vega-Lite specifications.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace baton::workspace::charts {

enum class ChartKind { kBar, kLine, kArea, kScatter, kPie };

// One value: `label` along the x axis, or the number `x` in its place where there is one.
struct ChartPoint {
  std::string label;
  std::optional<double> x;
  double y = 0;
};

struct ChartSeries {
  std::string name;  // may be empty
  std::vector<ChartPoint> points;
};

struct Chart {
  ChartKind kind = ChartKind::kBar;
  std::string title;
  std::string x_label;
  std::string y_label;
  std::string colors;  // name of a scheme; empty: the default
  int width = 640;     // pixels
  int height = 400;
  std::vector<ChartSeries> series;
};

inline constexpr std::size_t kMaxChartPoints = 5000;
inline constexpr std::size_t kMaxChartSeries = 20;
inline constexpr int kLeastChartSize = 100;  // pixels, either way
inline constexpr int kMostChartSize = 4000;

// "bar" "line" "area" "scatter" "pie"; kInvalidArgument names them.
Result<ChartKind> ParseChartKind(std::string_view name);

// Reads any of these, where y may also be called value or values, and x label or labels:
//   {"x": ["a", "b"], "y": [1, 2]}                 {"a": 1, "b": 2}
//   [{"x": "a", "y": 1}, …]                        [1, 2, 3]
//   {"x": […], "series": [{"name": "n", "y": […]}, …]}; a series may have its own x
// kInvalidArgument says what does not fit: lists of different lengths, what is no number.
Result<std::vector<ChartSeries>> ParseChartData(std::string_view json);

// A document of its own, without scripts or links; what came in as text is escaped.
// kInvalidArgument for sizes out of range and pies of negative values.
Result<std::string> DrawSvg(const Chart& chart);

// A specification of Vega-Lite 5 (vega.github.io/vega-lite) with its data in it.
std::string WriteVegaLite(const Chart& chart);

}  // namespace baton::workspace::charts
