#include "tools/remote/text_tools.h"

#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/remote/internal/client_tool.h"
#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using TextStub = ToolServiceClient::Connection::AsyncStub;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;

// A chart that is larger as a specification is no answer to read.
constexpr std::size_t kMaxChartText = std::size_t{32} << 10U;

std::string DescribeMeasures(const wire::TextAnalysisResponse& counts) {
  return fmt::format(
      "words: {}\nsentences: {}\nparagraphs: {}\nlines: {} ({} not empty)\n"
      "characters: {} ({} without blanks)\nwords a sentence: {:.1f}\nwords a paragraph: {:.1f}\n"
      "more: {}",
      counts.word_count(), counts.sentence_count(), counts.paragraph_count(), counts.line_count(),
      counts.non_empty_line_count(), counts.character_count(), counts.character_count_no_spaces(),
      counts.avg_words_per_sentence(), counts.avg_words_per_paragraph(), counts.metadata_json());
}

// The text itself, or that of a document, which then is a source.
async::Task<Result<ToolResult>> AnalyzeText(ToolServiceClient& client, json::Object arguments,
                                            ToolContext context) {
  std::string text = TextArgument(arguments, "text");
  const std::string document_id = TextArgument(arguments, "document_id");
  if (text.empty() == document_id.empty()) {
    co_return Fail(Code::kInvalidArgument, "analyze_text needs either text or document_id");
  }
  ToolResult result;
  if (!document_id.empty()) {
    auto card = co_await client.GetDocument(context, document_id);
    if (!card) co_return Fail(std::move(card).error());
    auto content = co_await client.GetDocumentContent(context, document_id);
    if (!content) co_return Fail(std::move(content).error());
    text = *std::move(content);
    result.text = fmt::format("[1] {} — {}\n", card->title, card->metadata["path"]);
    result.sources.push_back(
        {.id = document_id, .title = card->title, .locator = card->metadata["path"]});
  }
  wire::TextAnalysisRequest request;
  request.set_user_id(context.user_id);
  request.set_content(std::move(text));
  request.set_include_advanced(true);
  auto counts =
      co_await client.connection().Call<wire::TextAnalysisRequest, wire::TextAnalysisResponse>(
          &TextStub::AnalyzeTextContent, std::move(request), std::move(context));
  if (!counts) co_return Fail(std::move(counts).error());
  result.text += DescribeMeasures(*counts);
  co_return result;
}

void FillChart(const json::Object& arguments, wire::CreateChartRequest& request) {
  request.set_chart_type(TextArgument(arguments, "chart_type"));
  if (const json::Value* data = json::Find(arguments, "data")) {
    request.set_data_json(json::Serialize(*data));
  }
  request.set_title(TextArgument(arguments, "title"));
  request.set_x_label(TextArgument(arguments, "x_label"));
  request.set_y_label(TextArgument(arguments, "y_label"));
  request.set_interactive(TextArgument(arguments, "format") != "svg");
}

Result<ToolResult> ShowChart(const wire::CreateChartResponse& response) {
  if (!response.success()) return Fail(Status(Code::kInvalidArgument, response.error()));
  if (response.chart_data().size() > kMaxChartText) {
    return Fail(Code::kResourceExhausted, "the chart takes {} KiB: give it fewer values",
                response.chart_data().size() >> 10U);
  }
  return ToolResult{
      .text = fmt::format("Put this block into the answer, as it is:\n\n```{}\n{}\n```",
                          response.output_format(), response.chart_data()),
      .sources = {}};
}

Status AddChartTool(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  json::Object kind{{"type", "string"}, {"enum", {"bar", "line", "area", "scatter", "pie"}}};
  json::Object format{{"type", "string"},
                      {"enum", {"vega-lite", "svg"}},
                      {"description", "vega-lite (the default), or svg for a fixed picture"}};
  json::Object data{
      {"type", {"object", "array"}},
      {"description",
       "{\"x\": [\"a\", \"b\"], \"y\": [1, 2]}, or {\"a\": 1, \"b\": 2}, or several lines as "
       "{\"x\": [...], \"series\": [{\"name\": \"n\", \"y\": [...]}]}. Only values you were "
       "given"}};
  return internal::AddRpcTool<wire::CreateChartRequest, wire::CreateChartResponse>(
      registry, client,
      {.name = "create_chart",
       .description = "Draws a chart of numbers. Returns a block for the answer, which shows it.",
       .parameters = ObjectSchema({{"chart_type", std::move(kind)},
                                   {"data", std::move(data)},
                                   {"title", StringProperty("What is shown")},
                                   {"x_label", StringProperty("Of the axis, with the unit")},
                                   {"y_label", StringProperty("Of the axis, with the unit")},
                                   {"format", std::move(format)}},
                                  {"chart_type", "data", "title"})},
      {&TextStub::CreateChart, FillChart, ShowChart});
}

Status AddExpandTool(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  return internal::AddRpcTool<wire::QueryExpansionRequest, wire::QueryExpansionResponse>(
      registry, client,
      {.name = "expand_query",
       .description = "Other wordings of a question, for a search that has found too little.",
       .parameters =
           ObjectSchema({{"query", StringProperty("The question")},
                         {"context", StringProperty("What was said before, if it refers to that")}},
                        {"query"})},
      {&TextStub::ExpandQuery,
       [](const json::Object& arguments, wire::QueryExpansionRequest& request) {
         request.set_query(TextArgument(arguments, "query"));
         const std::string context = TextArgument(arguments, "context");
         if (!context.empty()) request.set_conversation_context(context);
       },
       [](const wire::QueryExpansionResponse& response) -> Result<ToolResult> {
         return ToolResult{.text = fmt::format(
                               "{}\nnames in it: {}", fmt::join(response.expanded_queries(), "\n"),
                               response.key_entities().empty()
                                   ? "none"
                                   : fmt::format("{}", fmt::join(response.key_entities(), ", "))),
                           .sources = {}};
       }});
}

}  // namespace

Status RegisterTextTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client) {
  BATON_TRY(AddChartTool(registry, client));
  BATON_TRY(AddExpandTool(registry, client));
  ToolDefinition definition{
      .name = "analyze_text",
      .description =
          "Counts words, sentences, paragraphs and characters of a text or a document, "
          "and its most common words. Never count yourself.",
      .parameters = ObjectSchema(
          {{"text", StringProperty("The text; or")},
           {"document_id", StringProperty("a document of the library, as search results name it")}},
          {})};
  return registry.Add(std::make_unique<internal::ClientTool>(std::move(client),
                                                             std::move(definition), AnalyzeText));
}

}  // namespace baton::tools::remote
