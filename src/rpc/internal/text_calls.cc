#include "rpc/internal/text_calls.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "async/blocking_pool.h"
#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"
#include "workspace/analysis/text_analysis.h"
#include "workspace/charts/chart.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace analysis = workspace::analysis;
using PoolPtr = std::shared_ptr<async::BlockingPool>;

double PerOne(std::int64_t count, std::int64_t of) {
  return of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
}

std::string DeeperLook(const analysis::TextStatistics& counts) {
  google::protobuf::Struct fields;
  auto& map = *fields.mutable_fields();
  map["distinct_words"].set_number_value(static_cast<double>(counts.distinct_words));
  map["longest_sentence_words"].set_number_value(
      static_cast<double>(counts.longest_sentence_words));
  map["average_word_length"].set_number_value(counts.average_word_length);
  auto& common = *map["common_words"].mutable_struct_value()->mutable_fields();
  for (const auto& [word, count] : counts.common) {
    common[WireText(word)].set_number_value(static_cast<double>(count));
  }
  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(fields, &json);
  return written.ok() ? json : "{}";
}

async::Task<Result<wire::TextAnalysisResponse>> AnalyzeTextContent(
    PoolPtr pool, wire::TextAnalysisRequest request) {
  if (request.content().size() > analysis::kMaxAnalysedBytes) {
    co_return Fail(Code::kResourceExhausted, "TextAnalysisRequest.content is larger than {} MiB",
                   analysis::kMaxAnalysedBytes >> 20U);
  }
  const analysis::TextStatistics counts = co_await pool->Run(
      [&] { return analysis::AnalyzeText(request.content(), request.include_advanced()); });
  wire::TextAnalysisResponse response;
  response.set_word_count(static_cast<int>(counts.words));
  response.set_line_count(static_cast<int>(counts.lines));
  response.set_non_empty_line_count(static_cast<int>(counts.filled_lines));
  response.set_character_count(static_cast<int>(counts.characters));
  response.set_character_count_no_spaces(static_cast<int>(counts.characters_without_blanks));
  response.set_paragraph_count(static_cast<int>(counts.paragraphs));
  response.set_sentence_count(static_cast<int>(counts.sentences));
  response.set_avg_words_per_sentence(static_cast<float>(PerOne(counts.words, counts.sentences)));
  response.set_avg_words_per_paragraph(static_cast<float>(PerOne(counts.words, counts.paragraphs)));
  response.set_metadata_json(request.include_advanced() ? DeeperLook(counts) : "{}");
  co_return response;
}

async::Task<Result<wire::QueryExpansionResponse>> ExpandQuery(PoolPtr pool,
                                                              wire::QueryExpansionRequest request) {
  if (request.query().empty()) {
    co_return Fail(Code::kInvalidArgument, "QueryExpansionRequest.query is empty");
  }
  const auto count = LimitOf(request.num_variations(), kDefaultVariations, kMaxVariations,
                             "QueryExpansionRequest.num_variations");
  if (!count) co_return Fail(count.error());
  analysis::QueryVariations found = co_await pool->Run([&] {
    return analysis::ExpandQuery(request.query(), request.conversation_context(),
                                 static_cast<std::size_t>(*count));
  });
  wire::QueryExpansionResponse response;
  response.set_original_query(request.query());
  for (std::string& query : found.queries) response.add_expanded_queries(WireText(query));
  for (std::string& name : found.names) response.add_key_entities(WireText(name));
  response.set_expansion_count(response.expanded_queries_size());
  co_return response;
}

Result<wire::CreateChartResponse> DrawChart(const wire::CreateChartRequest& request) {
  namespace charts = workspace::charts;
  const auto kind = charts::ParseChartKind(request.chart_type());
  if (!kind) return Fail(kind.error());
  auto series = charts::ParseChartData(request.data_json());
  if (!series) return Fail(std::move(series).error());
  charts::Chart chart{.kind = *kind,
                      .title = request.title(),
                      .x_label = request.x_label(),
                      .y_label = request.y_label(),
                      .colors = request.color_scheme(),
                      .series = *std::move(series)};
  if (request.width() != 0) chart.width = request.width();
  if (request.height() != 0) chart.height = request.height();
  auto svg = charts::DrawSvg(chart);
  if (!svg) return Fail(std::move(svg).error());
  wire::CreateChartResponse response;
  response.set_success(true);
  response.set_chart_type(request.chart_type());
  response.set_output_format(request.interactive() ? "vega-lite" : "svg");
  response.set_metadata_json(fmt::format("{{\"series\": {}}}", chart.series.size()));
  if (request.include_static()) {
    response.set_static_svg(WireText(*svg));
    response.set_static_format("svg");
  }
  response.set_chart_data(
      WireText(request.interactive() ? charts::WriteVegaLite(chart) : *std::move(svg)));
  return response;
}

async::Task<Result<wire::CreateChartResponse>> CreateChart(PoolPtr pool,
                                                           wire::CreateChartRequest request) {
  auto response = co_await pool->Run([&] { return DrawChart(request); });
  if (!response) co_return RefusedAs<wire::CreateChartResponse>(std::move(response).error());
  co_return response;
}

}  // namespace

void ServeText(DescribedService& service) {
  const auto pool = std::make_shared<async::BlockingPool>("texts", 1);
  service.ServeUnary<wire::TextAnalysisRequest, wire::TextAnalysisResponse>(
      "AnalyzeTextContent", Access::kToken,
      [pool](wire::TextAnalysisRequest request, const CallContext&) {
        return AnalyzeTextContent(pool, std::move(request));
      });
  service.ServeUnary<wire::QueryExpansionRequest, wire::QueryExpansionResponse>(
      "ExpandQuery", Access::kToken,
      [pool](wire::QueryExpansionRequest request, const CallContext&) {
        return ExpandQuery(pool, std::move(request));
      });
  service.ServeUnary<wire::CreateChartRequest, wire::CreateChartResponse>(
      "CreateChart", Access::kToken, [pool](wire::CreateChartRequest request, const CallContext&) {
        return CreateChart(pool, std::move(request));
      });
}

}  // namespace baton::rpc::internal
