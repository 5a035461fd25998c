#include "rpc/internal/weather_calls.h"

#include <string>
#include <utility>

#include "proto/tool_service.pb.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace weather = workspace::weather;

Result<weather::WeatherQuery> DecodeWeather(const wire::WeatherRequest& request) {
  if (request.location().empty()) {
    return Fail(Code::kInvalidArgument, "WeatherRequest.location is empty");
  }
  weather::WeatherQuery query{.location = request.location(), .when = request.date_str()};
  if (request.data_types().empty()) return query;
  query.current = query.forecast = query.alerts = false;
  for (const std::string& part : request.data_types()) {
    if (part == "current") {
      query.current = true;
    } else if (part == "forecast") {
      query.forecast = true;
    } else if (part == "alerts") {
      query.alerts = true;
    } else {
      return Fail(Code::kInvalidArgument,
                  "WeatherRequest.data_types: '{}' is none of current, forecast, alerts", part);
    }
  }
  return query;
}

// The service names cities and days as others wrote them: their text may be anything.
wire::WeatherResponse EncodeReport(weather::WeatherReport&& report) {
  wire::WeatherResponse response;
  response.set_location(WireText(std::move(report.location)));
  response.set_current_conditions(WireText(std::move(report.current)));
  for (std::string& day : report.days) response.add_forecast(WireText(std::move(day)));
  for (std::string& alert : report.alerts) response.add_alerts(WireText(std::move(alert)));
  for (auto& [key, value] : report.metadata) {
    (*response.mutable_metadata())[key] = WireText(std::move(value));
  }
  return response;
}

async::Task<Result<wire::WeatherResponse>> GetWeatherData(weather::WeatherService& service,
                                                          wire::WeatherRequest request,
                                                          Deadline deadline) {
  auto query = DecodeWeather(request);
  if (!query) co_return Fail(std::move(query).error());
  auto report = co_await service.Report(*std::move(query), deadline);
  if (!report) co_return Fail(std::move(report).error());
  co_return EncodeReport(*std::move(report));
}

}  // namespace

void ServeWeather(DescribedService& service, weather::WeatherService& weather) {
  service.ServeUnary<wire::WeatherRequest, wire::WeatherResponse>(
      "GetWeatherData", Access::kToken,
      [&weather](wire::WeatherRequest request, const CallContext& context) {
        return GetWeatherData(weather, std::move(request), context.deadline());
      });
}

}  // namespace baton::rpc::internal
