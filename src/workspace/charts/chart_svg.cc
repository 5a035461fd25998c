#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include "base/utf8.h"
#include "workspace/charts/chart.h"

namespace baton::workspace::charts {
namespace {

constexpr std::size_t kLabelShown = 24;  // bytes
constexpr std::size_t kMostTicks = 6;

using Palette = std::array<std::string_view, 6>;
// The first is Okabe and Ito's, which the colour-blind can tell apart.
constexpr Palette kDefaultColors = {"#0072b2", "#e69f00", "#009e73",
                                    "#cc79a7", "#d55e00", "#56b4e9"};
constexpr Palette kGrays = {"#222222", "#666666", "#999999", "#444444", "#888888", "#bbbbbb"};

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20U) out += c;
    }
  }
  return out;
}

std::string Shortened(std::string_view text) {
  const std::string_view head = Utf8Prefix(text, kLabelShown);
  return Escaped(head) + (head.size() < text.size() ? "…" : "");
}

struct Range {
  double low = 0;
  double high = 1;

  // From 0 to 1 within the range.
  double Of(double value) const { return high > low ? (value - low) / (high - low) : 0.5; }
};

// A step of 1, 2 or 5 times a power of ten, for at most kMostTicks of them.
double StepOf(const Range& range) {
  const double rough = (range.high - range.low) / kMostTicks;
  if (!(rough > 0) || !std::isfinite(rough)) return 1;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

class SvgChart {
 public:
  explicit SvgChart(const Chart& chart)
      : chart_(chart), colors_(chart.colors.starts_with("gr") ? kGrays : kDefaultColors) {}

  std::string Draw() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
        chart_.width, chart_.height);
    if (!chart_.title.empty()) {
      Text(chart_.width / 2.0, 22, "middle", Escaped(chart_.title), " font-size=\"16\"");
    }
    if (chart_.kind == ChartKind::kPie) {
      DrawPie();
    } else {
      DrawPlot();
    }
    return out_ + "</svg>\n";
  }

 private:
  std::string_view ColorOf(std::size_t i) const { return colors_[i % colors_.size()]; }

  void Text(double x, double y, std::string_view anchor, std::string_view text,
            std::string_view more = "") {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                        anchor, more, text);
  }
  void Line(double x1, double y1, double x2, double y2, std::string_view color) {
    out_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1,
        x2, y2, color);
  }

  double Left() const { return 64; }
  double Right() const { return chart_.width - 16.0; }
  double Top() const { return chart_.title.empty() ? 16 : 40; }
  double Bottom() const { return chart_.height - (chart_.series.size() > 1 ? 68.0 : 48.0); }
  double Y(double value) const { return Bottom() - y_.Of(value) * (Bottom() - Top()); }

  // The centre of the i-th of `count` places, or where its number says.
  double X(const ChartPoint& point, std::size_t i, std::size_t count) const {
    if (by_number_) return Left() + 8 + x_.Of(*point.x) * (Right() - Left() - 16);
    return Left() +
           (static_cast<double>(i) + 0.5) / static_cast<double>(count) * (Right() - Left());
  }

  void FindRanges() {
    bool first = true;
    by_number_ = chart_.kind != ChartKind::kBar;
    for (const ChartSeries& series : chart_.series) {
      for (const ChartPoint& point : series.points) {
        by_number_ = by_number_ && point.x.has_value();
        const double x = point.x.value_or(0);
        if (first) {
          y_ = {point.y, point.y};
          x_ = {x, x};
          first = false;
        }
        y_ = {std::min(y_.low, point.y), std::max(y_.high, point.y)};
        x_ = {std::min(x_.low, x), std::max(x_.high, x)};
      }
    }
    if (chart_.kind == ChartKind::kBar || chart_.kind == ChartKind::kArea) {
      y_ = {std::min(y_.low, 0.0), std::max(y_.high, 0.0)};
    }
    const double step = StepOf(y_);
    y_ = {std::floor(y_.low / step) * step, std::ceil(y_.high / step) * step};
    if (y_.low == y_.high) y_.high = y_.low + 1;
  }

  void DrawPlot() {
    FindRanges();
    DrawAxes();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) DrawSeries(i);
    if (chart_.series.size() > 1) DrawLegend();
  }

  void DrawAxes() {
    const double step = StepOf(y_);
    for (int i = 0; i <= 2 * static_cast<int>(kMostTicks); ++i) {
      const double value = y_.low + i * step;
      if (value > y_.high + step / 2) break;
      Line(Left(), Y(value), Right(), Y(value), "#dddddd");
      Text(Left() - 6, Y(value) + 4, "end", fmt::format("{:.6g}", value));
    }
    const ChartSeries& first = chart_.series.front();
    const std::size_t count = first.points.size();
    const std::size_t every = std::max<std::size_t>(1, (count + 11) / 12);
    for (std::size_t i = 0; i < count; i += every) {
      Text(X(first.points[i], i, count), Bottom() + 16, "middle", Shortened(first.points[i].label));
    }
    Line(Left(), Bottom(), Right(), Bottom(), "#000000");
    Line(Left(), Top(), Left(), Bottom(), "#000000");
    Text((Left() + Right()) / 2, Bottom() + 34, "middle", Escaped(chart_.x_label));
    const double middle = (Top() + Bottom()) / 2;
    Text(14, middle, "middle", Escaped(chart_.y_label),
         fmt::format(" transform=\"rotate(-90 14 {:.1f})\"", middle));
  }

  void DrawSeries(std::size_t index) {
    const ChartSeries& series = chart_.series[index];
    const std::string_view color = ColorOf(index);
    const std::size_t count = series.points.size();
    std::string path;
    for (std::size_t i = 0; i < count; ++i) {
      const ChartPoint& point = series.points[i];
      const double x = X(point, i, count);
      if (chart_.kind == ChartKind::kBar) {
        DrawBar(index, x, point, count);
      } else if (chart_.kind == ChartKind::kScatter) {
        out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x,
                            Y(point.y), color);
      } else {
        path += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : " L", x, Y(point.y));
      }
    }
    if (path.empty()) return;
    if (chart_.kind == ChartKind::kArea) {
      const std::string end =
          fmt::format(" L{:.1f} {:.1f} L{:.1f} {:.1f} Z", X(series.points.back(), count - 1, count),
                      Y(0), X(series.points.front(), 0, count), Y(0));
      out_ +=
          fmt::format("<path d=\"{}{}\" fill=\"{}\" fill-opacity=\"0.4\"/>\n", path, end, color);
    }
    out_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path,
                        color);
  }

  void DrawBar(std::size_t index, double centre, const ChartPoint& point, std::size_t count) {
    const double place = (Right() - Left()) / static_cast<double>(count) * 0.8;
    const double width = place / static_cast<double>(chart_.series.size());
    const double left = centre - place / 2 + width * static_cast<double>(index);
    const double top = std::min(Y(point.y), Y(0));
    out_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n", left,
        top, width, std::abs(Y(point.y) - Y(0)), ColorOf(index));
  }

  void DrawLegend() {
    double x = Left();
    for (std::size_t i = 0; i < chart_.series.size() && x < Right(); ++i) {
      out_ += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{}\"/>\n",
                          x, chart_.height - 20, ColorOf(i));
      Text(x + 14, chart_.height - 11, "start", Shortened(chart_.series[i].name));
      x += (Right() - Left()) / static_cast<double>(chart_.series.size());
    }
  }

  void DrawPie() {
    const ChartSeries& series = chart_.series.front();
    double total = 0;
    for (const ChartPoint& point : series.points) total += point.y;
    const double cx = chart_.width * 0.36;
    const double cy = (Top() + chart_.height) / 2;
    const double radius = std::min(cx, (chart_.height - Top()) / 2) - 12;
    double angle = -std::numbers::pi / 2;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      const double share = series.points[i].y / total;
      const double end = angle + share * 2 * std::numbers::pi;
      if (share >= 0.9999) {
        out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\"/>\n", cx,
                            cy, radius, ColorOf(i));
      } else if (share > 0) {
        out_ += fmt::format(
            "<path d=\"M{:.1f} {:.1f} L{:.1f} {:.1f} A{:.1f} {:.1f} 0 {} 1 {:.1f} {:.1f} Z\" "
            "fill=\"{}\" stroke=\"#ffffff\"/>\n",
            cx, cy, cx + radius * std::cos(angle), cy + radius * std::sin(angle), radius, radius,
            share > 0.5 ? 1 : 0, cx + radius * std::cos(end), cy + radius * std::sin(end),
            ColorOf(i));
      }
      const double row = Top() + 14 + 18 * static_cast<double>(i);
      if (row < chart_.height) {
        out_ += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\" fill=\"{}\"/>\n",
            chart_.width * 0.72, row - 9, ColorOf(i));
        Text(chart_.width * 0.72 + 14, row, "start",
             fmt::format("{} ({:.1f} %)", Shortened(series.points[i].label), share * 100));
      }
      angle = end;
    }
  }

  const Chart& chart_;
  const Palette& colors_;
  std::string out_;
  Range x_;
  Range y_;
  bool by_number_ = false;
};

}  // namespace

Result<std::string> DrawSvg(const Chart& chart) {
  for (const int size : {chart.width, chart.height}) {
    if (size >= kLeastChartSize && size <= kMostChartSize) continue;
    return Fail(Code::kInvalidArgument, "a chart of {} by {} pixels: {} to {} are possible",
                chart.width, chart.height, kLeastChartSize, kMostChartSize);
  }
  if (chart.kind == ChartKind::kPie) {
    double total = 0;
    for (const ChartPoint& point : chart.series.front().points) {
      if (point.y < 0) return Fail(Code::kInvalidArgument, "a pie has no negative values");
      total += point.y;
    }
    if (!(total > 0)) return Fail(Code::kInvalidArgument, "a pie of nothing");
  }
  return SvgChart(chart).Draw();
}

}  // namespace baton::workspace::charts
