// Weather in words and numbers that people read.
#pragma once

#include <string>
#include <vector>

#include "workspace/weather/weather.h"
#include "workspace/weather/weather_options.h"

namespace baton::workspace::weather::internal {

// "3 °C, light rain; feels like 0 °C; humidity 81 %; wind 14 km/h from NW, gusts 30 km/h; at 14:45"
std::string DescribeNow(const Conditions& now, Units units);

// "Sat 2026-01-17: light rain; 2 to 7 °C; precipitation 3.4 mm (60 %); wind up to 25 km/h; sun
// 08:10 to 16:20"
std::string DescribeDay(const DayWeather& day, Units units);

// "Berlin, Land Berlin, Germany"
std::string DescribePlace(const Place& place);

std::string DescribeAlert(const Alert& alert);

// What in a forecast gives reason to take care: storms, heavy rain or snow, ice, heat, frost.
std::vector<std::string> FindHazards(const std::vector<DayWeather>& days, Units units);

// Units for a place: those given, or those of its country.
Units UnitsFor(const Place& place, Units given);

}  // namespace baton::workspace::weather::internal
