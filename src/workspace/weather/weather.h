// What a weather service knows of a place.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "workspace/weather/date_words.h"

namespace baton::workspace::weather {

struct Place {
  std::string name;
  std::string region;  // may be empty, like the next two
  std::string country;
  std::string country_code;  // "DE"
  double latitude = 0;
  double longitude = 0;
};

// Metric throughout: °C, km/h, mm, hPa. What a service leaves out is absent.
struct Conditions {
  std::string time;  // "14:45", at the place
  std::string sky;   // "light rain"
  std::optional<double> temperature;
  std::optional<double> feels_like;
  std::optional<double> humidity;  // per cent
  std::optional<double> pressure;
  std::optional<double> cloud_cover;    // per cent
  std::optional<double> precipitation;  // of the last hour or less
  std::optional<double> wind;
  std::optional<double> gusts;
  std::optional<double> wind_direction;  // degrees the wind comes from
};

struct DayWeather {
  Day day;
  std::string sky;
  int wmo_code = -1;  // WMO 4677 as Open-Meteo uses it; -1: not known
  std::optional<double> low;
  std::optional<double> high;
  std::optional<double> precipitation;
  std::optional<double> precipitation_chance;  // per cent
  std::optional<double> wind;                  // the strongest
  std::optional<double> gusts;
  std::string sunrise;  // "08:10"; may be empty
  std::string sunset;
};

// An official warning.
struct Alert {
  std::string title;
  std::string text;
  std::string source;
  Day first;
  Day last;
};

struct Forecast {
  std::string timezone;  // "Europe/Berlin", or what the service says
  Day today;             // at the place
  Conditions now;
  std::vector<DayWeather> days;              // from some days ago, as far as the service sees
  std::optional<std::vector<Alert>> alerts;  // absent: the service gives none
};

// A weather service.
//
// Threads: safe.
// Errors:  kNotFound if no place has that name, kFailedPrecondition for what the operator has to
//          set right or the service does not offer, kResourceExhausted when asked too often,
//          kUnavailable, kDeadlineExceeded. Messages name the service and never its key.
class WeatherProvider {
 public:
  virtual ~WeatherProvider() = default;
  virtual std::string_view name() const = 0;  // "Open-Meteo"

  // Places of that name or postal code, the most likely first. Never empty.
  virtual async::Task<Result<std::vector<Place>>> Locate(std::string name, Deadline deadline) = 0;
  virtual async::Task<Result<Forecast>> FetchForecast(Place place, Deadline deadline) = 0;
  // Days that are over.
  virtual async::Task<Result<std::vector<DayWeather>>> FetchPast(Place place, DayRange range,
                                                                 Deadline deadline) = 0;
};

}  // namespace baton::workspace::weather
