#include "tools/remote/weather_tools.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/remote/internal/client_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

void AppendLines(std::string& text, std::string_view heading,
                 const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  text += fmt::format("\n\n{}:", heading);
  for (const std::string& line : lines) text += "\n- " + line;
}

std::string DescribeWeather(WeatherAnswer& answer) {
  std::string text = "Weather for " + answer.location;
  if (!answer.current.empty()) text += "\nNow: " + answer.current;
  AppendLines(text, "Days", answer.days);
  AppendLines(text, "Alerts", answer.alerts);
  if (const std::string& others = answer.metadata["other_places"]; !others.empty()) {
    text += "\n\nOther places of that name: " + others;
  }
  if (const std::string& missing = answer.metadata["not_available"]; !missing.empty()) {
    text += "\n\nNothing is known yet of " + missing;
  }
  return text;
}

async::Task<Result<ToolResult>> GetWeather(ToolServiceClient& client, json::Object arguments,
                                           ToolContext context) {
  auto answer =
      co_await client.GetWeather(std::move(context), internal::TextArgument(arguments, "location"),
                                 internal::TextArgument(arguments, "when"), {});
  if (!answer) co_return Fail(std::move(answer).error());
  ToolResult result;
  result.text = DescribeWeather(*answer);
  const std::string& provider = answer->metadata["provider"];
  result.sources.push_back({.id = "weather:" + answer->location,
                            .title = fmt::format("Weather for {} ({})", answer->location, provider),
                            .locator = provider,
                            .excerpt = answer->current});
  co_return result;
}

}  // namespace

Status RegisterWeatherTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client) {
  ToolDefinition definition{
      .name = "get_weather",
      .description =
          "The weather of a place: now, on days to come (up to 16), or on days past. Returns the "
          "conditions now, one line a day, and alerts. Use it for any question about weather; "
          "never guess.",
      .parameters = internal::ObjectSchema(
          {{"location", internal::StringProperty(
                            "A place, with region or country where its name is not enough: "
                            "\"Springfield, Illinois\"; or a postal code")},
           {"when", internal::StringProperty(
                        "Days, in the user's own words: \"tomorrow\", \"Saturday\", \"next 10 "
                        "days\", \"2026-01-15\", \"2025-07\"; left out: now and the next week")}},
          {"location"}),
      .effect = Effect::kNetwork};
  return registry.Add(
      std::make_unique<internal::ClientTool>(std::move(client), std::move(definition), GetWeather));
}

}  // namespace baton::tools::remote
