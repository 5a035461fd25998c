#include "main/outside.h"

#include <filesystem>
#include <utility>

namespace baton::app {
namespace {

std::string WithoutLastSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

std::unique_ptr<workspace::images::ImageService> BuildImages(const Settings& settings,
                                                             workspace::DocumentStore& documents,
                                                             IdGenerator& ids) {
  const auto first = [&](std::initializer_list<std::string> texts) {
    for (const std::string& text : texts) {
      if (!text.empty()) return text;
    }
    return std::string();
  };
  return std::make_unique<workspace::images::ImageService>(
      workspace::images::ImageOptions{
          .base_url = WithoutLastSlash(
              first({settings.Text("images.base_url"), settings.Text("openai.base_url"),
                     "https://api.openai.com/v1"})),
          .api_key = first({settings.Text("images.api_key"), settings.Text("openai.api_key")}),
          .model = settings.Text("images.model"),
          .folder = std::filesystem::path(settings.Text("data")) / "images",
          .addresses = http::AddressPolicy::Parse(settings.Text("web.allowed_addresses"))
                           .value_or(http::AddressPolicy())},
      documents, ids);
}

Result<std::unique_ptr<workspace::weather::WeatherService>> BuildWeather(const Settings& settings,
                                                                         const Clock& clock) {
  namespace weather = workspace::weather;
  const auto units = weather::ParseUnits(settings.Text("weather.units"));
  if (!units) return Fail(Status(units.error()).Annotate("setting 'weather.units'"));
  auto provider = weather::MakeWeatherProvider(
      {.provider = settings.Text("weather.provider"),
       .api_key = settings.Text("weather.api_key"),
       .base_url = WithoutLastSlash(settings.Text("weather.base_url"))});
  if (!provider) return Fail(std::move(provider).error());
  return std::make_unique<weather::WeatherService>(*std::move(provider), *units, clock);
}

Result<std::unique_ptr<workspace::web::WebService>> BuildWeb(const Settings& settings,
                                                             const Clock& clock, IdGenerator& ids,
                                                             MetricsRegistry& metrics) {
  auto addresses = http::AddressPolicy::Parse(settings.Text("web.allowed_addresses"));
  if (!addresses) {
    return Fail(std::move(addresses).error().Annotate("setting 'web.allowed_addresses'"));
  }
  workspace::web::WebOptions options{
      .user_agent = settings.Text("web.user_agent"),
      .delay = std::chrono::milliseconds(settings.Number("web.delay_ms")),
      .addresses = *std::move(addresses),
      .searxng_url = settings.Text("web.searxng_url"),
      .brave_api_key = settings.Text("web.brave_api_key"),
      .brave_url = settings.Text("web.brave_url")};
  return std::make_unique<workspace::web::WebService>(std::move(options), clock, ids, metrics);
}

}  // namespace baton::app
