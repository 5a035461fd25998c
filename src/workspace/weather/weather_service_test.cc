// The weather, from answers as Open-Meteo and OpenWeatherMap document them.
#include "workspace/weather/weather_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "testing/manual_clock.h"
#include "workspace/testing/loopback_site.h"

namespace baton::workspace::weather {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using testing::LoopbackSite;

// geocoding-api.open-meteo.com/v1/search?name=Berlin, cut to what is read.
constexpr char kBerlin[] = R"({"results": [
  {"id": 2950159, "name": "Berlin", "latitude": 52.52437, "longitude": 13.41053,
   "elevation": 74.0, "feature_code": "PPLC", "country_code": "DE", "timezone": "Europe/Berlin",
   "population": 3426354, "country": "Germany", "admin1": "Land Berlin"},
  {"id": 5083330, "name": "Berlin", "latitude": 44.46867, "longitude": -71.18508,
   "country_code": "US", "timezone": "America/New_York", "country": "United States",
   "admin1": "New Hampshire"}], "generationtime_ms": 0.8})";

// api.open-meteo.com/v1/forecast: yesterday to the day after tomorrow of 2026-01-01.
constexpr char kForecast[] = R"({"latitude": 52.52, "longitude": 13.42,
  "generationtime_ms": 0.2, "utc_offset_seconds": 3600, "timezone": "Europe/Berlin",
  "timezone_abbreviation": "GMT+1", "elevation": 38.0,
  "current_units": {"time": "iso8601", "temperature_2m": "°C"},
  "current": {"time": "2026-01-01T14:45", "interval": 900, "temperature_2m": 3.1,
    "relative_humidity_2m": 81, "apparent_temperature": -0.3, "precipitation": 0.0,
    "weather_code": 61, "cloud_cover": 100, "pressure_msl": 1012.4, "wind_speed_10m": 14.4,
    "wind_direction_10m": 315, "wind_gusts_10m": 30.2},
  "daily_units": {"time": "iso8601"},
  "daily": {"time": ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03"],
    "weather_code": [3, 61, 95, 71],
    "temperature_2m_max": [4.4, 5.2, 7.0, -1.2], "temperature_2m_min": [0.2, 1.6, 2.4, -16.0],
    "precipitation_sum": [0.0, 3.4, 32.0, null],
    "precipitation_probability_max": [null, 60, 95, 20],
    "wind_speed_10m_max": [12.0, 25.4, 60.2, 10.0],
    "wind_gusts_10m_max": [20.0, 41.0, 96.5, 18.0],
    "sunrise": ["2025-12-31T08:17", "2026-01-01T08:17", "2026-01-02T08:16", "2026-01-03T08:16"],
    "sunset": ["2025-12-31T16:02", "2026-01-01T16:03", "2026-01-02T16:04", "2026-01-03T16:05"]}})";

// archive-api.open-meteo.com/v1/archive
constexpr char kArchive[] = R"({"timezone": "Europe/Berlin", "daily": {
  "time": ["2025-07-01", "2025-07-02"], "weather_code": [0, null],
  "temperature_2m_max": [36.4, null], "temperature_2m_min": [21.0, null],
  "precipitation_sum": [0.0, null], "wind_speed_10m_max": [12.0, null],
  "wind_gusts_10m_max": [30.0, null], "sunrise": ["2025-07-01T04:47", ""],
  "sunset": ["2025-07-01T21:32", ""]}})";

class WeatherTest : public ::testing::Test {
 protected:
  ~WeatherTest() override { site_.Stop(); }

  void Json(const std::string& path, const std::string& body, int status = 200) {
    site_.Set(path, {.body = body, .content_type = "application/json", .status = status});
  }
  void Start(WeatherOptions options) {
    options.base_url = site_.Url("");
    service_ =
        std::make_unique<WeatherService>(*MakeWeatherProvider(options), options.units, clock_);
  }
  Result<WeatherReport> Ask(WeatherQuery query) {
    return async::BlockOn(runtime_.At(1), service_->Report(std::move(query), Deadline::In(20s)));
  }
  WeatherReport Get(WeatherQuery query) {
    auto report = Ask(std::move(query));
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *std::move(report) : WeatherReport();
  }

  baton::testing::ManualClock clock_;
  async::Runtime runtime_{2};
  LoopbackSite site_{runtime_};
  std::unique_ptr<WeatherService> service_;
};

class OpenMeteoTest : public WeatherTest {
 protected:
  void SetUp() override {
    Json("/v1/search", kBerlin);
    Json("/v1/forecast", kForecast);
    Json("/v1/archive", kArchive);
    Start({});
  }
};

TEST_F(OpenMeteoTest, DescribesNowAndTheDaysToCome) {
  const WeatherReport report = Get({.location = " Berlin "});
  EXPECT_EQ(report.location, "Berlin, Land Berlin, Germany");
  EXPECT_EQ(report.current,
            "3 °C, light rain; feels like 0 °C; humidity 81 %; wind 14 km/h from NW, gusts "
            "30 km/h; 1012 hPa; at 14:45");
  ASSERT_EQ(report.days.size(), 3U);
  EXPECT_EQ(report.days[0],
            "Thu 2026-01-01: light rain; 2 to 5 °C; precipitation 3.4 mm (60 %); wind up to "
            "25 km/h, gusts 41 km/h; sun 08:17 to 16:03");
  EXPECT_EQ(report.days[2],
            "Sat 2026-01-03: light snow; -16 to -1 °C; wind up to 10 km/h, gusts 18 km/h; sun "
            "08:16 to 16:05");
  EXPECT_THAT(report.alerts,
              ElementsAre("Fri 2026-01-02: thunderstorm; gusts of 96 km/h; 32.0 mm of "
                          "precipitation (from the forecast, not an official warning)",
                          "Sat 2026-01-03: frost of -16 °C (from the forecast, not an official "
                          "warning)"));
  EXPECT_EQ(report.metadata.at("provider"), "Open-Meteo");
  EXPECT_EQ(report.metadata.at("units"), "metric");
  EXPECT_EQ(report.metadata.at("timezone"), "Europe/Berlin");
  EXPECT_EQ(report.metadata.at("today"), "2026-01-01");
  EXPECT_EQ(report.metadata.at("other_places"), "Berlin, New Hampshire, United States");
  const auto asked = site_.last("/v1/forecast");
  EXPECT_EQ(asked.query.at("latitude"), "52.5244");
  EXPECT_EQ(asked.query.at("forecast_days"), "16");
  EXPECT_EQ(asked.query.at("timezone"), "auto");
  EXPECT_FALSE(asked.query.contains("apikey"));
  EXPECT_EQ(site_.last("/v1/search").query.at("name"), "Berlin");
}

TEST_F(OpenMeteoTest, TellsOfTheDaysThatWereNamed) {
  const WeatherReport tomorrow = Get({.location = "Berlin", .when = "tomorrow"});
  EXPECT_EQ(tomorrow.current, "");
  ASSERT_THAT(tomorrow.days, SizeIs(1));
  EXPECT_THAT(tomorrow.days[0], StartsWith("Fri 2026-01-02: thunderstorm"));
  EXPECT_THAT(tomorrow.alerts, SizeIs(1));
  EXPECT_THAT(Get({.location = "Berlin", .when = "am Samstag"}).days[0], StartsWith("Sat"));
  const WeatherReport yesterday = Get({.location = "Berlin", .when = "hier"});
  EXPECT_THAT(yesterday.days[0], StartsWith("Wed 2025-12-31: overcast"));
  EXPECT_THAT(yesterday.alerts, IsEmpty()) << "it is over";
  const WeatherReport more = Get({.location = "Berlin", .when = "next 5 days"});
  EXPECT_THAT(more.days, SizeIs(3));
  EXPECT_EQ(more.metadata.at("not_available"), "2026-01-04 to 2026-01-05");
  EXPECT_THAT(site_.paths(), ElementsAre("/v1/search", "/v1/forecast")) << "all from one answer";
}

TEST_F(OpenMeteoTest, ThePastComesFromTheArchive) {
  const WeatherReport july = Get({.location = "Berlin", .when = "2025-07"});
  ASSERT_THAT(july.days, SizeIs(1)) << "days of which nothing is known are left out";
  EXPECT_EQ(july.days[0],
            "Tue 2025-07-01: clear sky; 21 to 36 °C; precipitation 0.0 mm; wind up to 12 km/h, "
            "gusts 30 km/h; sun 04:47 to 21:32");
  const auto asked = site_.last("/v1/archive");
  EXPECT_EQ(asked.query.at("start_date"), "2025-07-01");
  EXPECT_EQ(asked.query.at("end_date"), "2025-07-31");
}

TEST_F(OpenMeteoTest, FillsTheAskedPartsOnly) {
  const WeatherReport now = Get({.location = "Berlin", .forecast = false, .alerts = false});
  EXPECT_THAT(now.current, Not(IsEmpty()));
  EXPECT_THAT(now.days, IsEmpty());
  EXPECT_THAT(now.alerts, IsEmpty());
}

TEST_F(OpenMeteoTest, ChoosesThePlaceThatIsMeantAndItsUnits) {
  const WeatherReport report = Get({.location = "Berlin, New Hampshire, USA", .when = "tomorrow"});
  EXPECT_EQ(report.location, "Berlin, New Hampshire, United States");
  EXPECT_EQ(report.days[0],
            "Fri 2026-01-02: thunderstorm; 36 to 45 °F; precipitation 1.26 in (95 %); wind up to "
            "37 mph, gusts 60 mph; sun 08:16 to 16:04");
  EXPECT_EQ(site_.last("/v1/search").query.at("name"), "Berlin");
  EXPECT_EQ(Ask({.location = "Berlin, Spain"}).error().code(), Code::kNotFound);
  const WeatherReport there = Get({.location = "52.5, 13.4"});
  EXPECT_EQ(there.location, "52.5000, 13.4000");
  Start({.units = Units::kImperial});
  EXPECT_EQ(Get({.location = "Berlin"}).metadata.at("units"), "imperial");
}

TEST_F(OpenMeteoTest, KeepsAnswersForAWhile) {
  Get({.location = "Berlin"});
  Get({.location = "Berlin"});
  EXPECT_THAT(site_.paths(), SizeIs(2));
  clock_.Advance(11min);
  Get({.location = "Berlin"});
  EXPECT_THAT(site_.paths(), ElementsAre("/v1/search", "/v1/forecast", "/v1/forecast"));
  clock_.Advance(25h);
  Get({.location = "Berlin"});
  EXPECT_THAT(site_.paths(), SizeIs(5));
}

TEST_F(OpenMeteoTest, SaysWhatIsWrong) {
  EXPECT_EQ(Ask({.location = "  "}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Ask({.location = "Berlin", .when = "soon"}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Ask({.location = "Berlin", .when = "2020-01-01 to 2021-01-01"}).error().code(),
            Code::kInvalidArgument);
  const auto far = Ask({.location = "Berlin", .when = "in 30 days"});
  EXPECT_EQ(far.error(), Status(Code::kOutOfRange,
                                "Open-Meteo sees no further than 2026-01-03: nothing is known of "
                                "2026-01-31"));
  Json("/v1/search", R"({"generationtime_ms": 0.5})");
  EXPECT_EQ(Ask({.location = "Nowhere"}).error(),
            Status(Code::kNotFound, "no place is called 'Nowhere'"));
  clock_.Advance(25h);
  Json("/v1/search", kBerlin);
  Json("/v1/forecast", R"({"error": true, "reason": "Daily API request limit exceeded."})", 429);
  EXPECT_EQ(Ask({.location = "Berlin"}).error(),
            Status(Code::kResourceExhausted,
                   "Open-Meteo answered 429: Daily API request limit exceeded."));
  Json("/v1/forecast", "<html>");
  EXPECT_EQ(Ask({.location = "Berlin"}).error().code(), Code::kUnavailable);
  Json("/v1/forecast", R"({"current": {"time": "2026-01-01T14:45"}, "daily": {"time": ["x"]}})");
  EXPECT_EQ(Ask({.location = "Berlin"}).error().code(), Code::kUnavailable);
}

// api.openweathermap.org/geo/1.0/direct
constexpr char kLondon[] = R"([{"name": "London", "local_names": {"fr": "Londres"},
  "lat": 51.5073, "lon": -0.1276, "country": "GB", "state": "England"}])";

// api.openweathermap.org/data/3.0/onecall; 1767268800 is 2026-01-01T12:00Z.
constexpr char kOneCall[] = R"({"lat": 51.5073, "lon": -0.1276, "timezone": "Europe/London",
  "timezone_offset": 0, "current": {"dt": 1767268800, "sunrise": 1767254760,
    "sunset": 1767283260, "temp": 6.4, "feels_like": 3.2, "pressure": 1015, "humidity": 87,
    "clouds": 90, "visibility": 10000, "wind_speed": 5.0, "wind_deg": 200, "wind_gust": 10.0,
    "weather": [{"id": 500, "main": "Rain", "description": "light rain", "icon": "10d"}],
    "rain": {"1h": 0.4}},
  "daily": [
    {"dt": 1767268800, "sunrise": 1767254760, "sunset": 1767283260,
     "temp": {"day": 6.0, "min": 3.6, "max": 7.5}, "wind_speed": 8.0, "wind_gust": 15.0,
     "weather": [{"id": 500, "main": "Rain", "description": "light rain"}], "pop": 0.8,
     "rain": 2.5},
    {"dt": 1767355200, "sunrise": 1767341160, "sunset": 1767369720,
     "temp": {"min": -1.0, "max": 2.0}, "wind_speed": 3.0,
     "weather": [{"description": "snow"}], "pop": 0.3, "snow": 1.0}],
  "alerts": [{"sender_name": "UK Met Office", "event": "Yellow Wind Warning",
    "start": 1767268800, "end": 1767290400, "description": "Strong winds.", "tags": ["Wind"]}]})";

class OpenWeatherMapTest : public WeatherTest {
 protected:
  void SetUp() override {
    Json("/geo/1.0/direct", kLondon);
    Json("/data/3.0/onecall", kOneCall);
    Start({.api_key = "k/ey"});
  }
};

TEST_F(OpenWeatherMapTest, DescribesOneCallsAnswerWithItsAlerts) {
  const WeatherReport report = Get({.location = "London"});
  EXPECT_EQ(report.location, "London, England, GB");
  EXPECT_EQ(report.current,
            "6 °C, light rain; feels like 3 °C; humidity 87 %; precipitation 0.4 mm; wind 18 km/h "
            "from S, gusts 36 km/h; 1015 hPa; at 12:00");
  EXPECT_THAT(report.days,
              ElementsAre("Thu 2026-01-01: light rain; 4 to 8 °C; precipitation 2.5 mm (80 %); "
                          "wind up to 29 km/h, gusts 54 km/h; sun 08:06 to 16:01",
                          "Fri 2026-01-02: snow; -1 to 2 °C; precipitation 1.0 mm (30 %); wind up "
                          "to 11 km/h; sun 08:06 to 16:02"));
  EXPECT_THAT(report.alerts, ElementsAre("Yellow Wind Warning (2026-01-01 to 2026-01-01, UK Met "
                                         "Office): Strong winds."));
  EXPECT_EQ(report.metadata.at("alerts_from"), "OpenWeatherMap");
  const auto asked = site_.last("/data/3.0/onecall");
  EXPECT_EQ(asked.query.at("appid"), "k/ey");
  EXPECT_EQ(asked.query.at("units"), "metric");
  EXPECT_THAT(Get({.location = "London", .when = "tomorrow"}).alerts, IsEmpty());
}

// data/2.5/weather and data/2.5/forecast, an hour east of Greenwich.
constexpr char kFreeNow[] = R"({"weather": [{"id": 800, "description": "clear sky"}],
  "main": {"temp": 9.6, "feels_like": 8.0, "pressure": 1020, "humidity": 60},
  "wind": {"speed": 2.0, "deg": 90}, "dt": 1767268800, "timezone": 3600, "name": "London"})";
constexpr char kFreeSteps[] = R"({"cnt": 3, "list": [
  {"dt": 1767301200, "main": {"temp_min": 4.0, "temp_max": 6.0}, "wind": {"speed": 3.0},
   "weather": [{"description": "few clouds"}], "pop": 0.1},
  {"dt": 1767312000, "main": {"temp_min": 2.0, "temp_max": 3.0}, "wind": {"speed": 5.0},
   "weather": [{"description": "rain"}], "pop": 0.7, "rain": {"3h": 1.5}},
  {"dt": 1767322800, "main": {"temp_min": 3.0, "temp_max": 8.0}, "wind": {"speed": 4.0},
   "weather": [{"description": "rain"}], "pop": 0.5, "rain": {"3h": 0.5}}],
  "city": {"timezone": 3600}})";

TEST_F(OpenWeatherMapTest, AFreeKeyGivesFiveDaysInSteps) {
  Json("/data/3.0/onecall", R"({"cod": 401, "message": "needs a separate subscription"})", 401);
  Json("/data/2.5/weather", kFreeNow);
  Json("/data/2.5/forecast", kFreeSteps);
  const WeatherReport report = Get({.location = "London"});
  EXPECT_THAT(report.current, StartsWith("10 °C, clear sky; feels like 8 °C"));
  EXPECT_EQ(report.metadata.at("timezone"), "UTC+1");
  EXPECT_THAT(report.days, ElementsAre("Thu 2026-01-01: few clouds; 4 to 6 °C; precipitation "
                                       "0.0 mm (10 %); wind up to 11 km/h",
                                       "Fri 2026-01-02: rain; 2 to 8 °C; precipitation 2.0 mm "
                                       "(70 %); wind up to 18 km/h"));
}

TEST_F(OpenWeatherMapTest, SaysWhatIsWrongWithoutItsKey) {
  Json("/geo/1.0/zip", R"({"cod": "404", "message": "not found"})", 404);
  EXPECT_EQ(Ask({.location = "00000"}).error().code(), Code::kNotFound);
  Json("/geo/1.0/direct", R"({"cod": 401, "message": "Invalid API key."})", 401);
  const auto refused = Ask({.location = "Paris"});
  EXPECT_EQ(refused.error(),
            Status(Code::kFailedPrecondition, "OpenWeatherMap answered 401: Invalid API key."));
  Json("/geo/1.0/direct", kLondon);
  const auto past = Ask({.location = "London", .when = "2020-05-01"});
  EXPECT_EQ(past.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(past.error().message(), HasSubstr("open-meteo"));
  site_.Stop();
  const auto gone = Ask({.location = "Rome"});
  EXPECT_EQ(gone.error().code(), Code::kUnavailable);
  EXPECT_THAT(gone.error().message(), Not(HasSubstr("appid")));
}

TEST(WeatherProvider, IsChosenByWhatIsSet) {
  EXPECT_EQ((*MakeWeatherProvider({}))->name(), "Open-Meteo");
  EXPECT_EQ((*MakeWeatherProvider({.api_key = "k"}))->name(), "OpenWeatherMap");
  EXPECT_EQ((*MakeWeatherProvider({.provider = "open-meteo", .api_key = "k"}))->name(),
            "Open-Meteo");
  const auto keyless = MakeWeatherProvider({.provider = "openweathermap"});
  ASSERT_FALSE(keyless);
  EXPECT_THAT(keyless.error().message(), HasSubstr("OPENWEATHERMAP_API_KEY"));
  EXPECT_FALSE(MakeWeatherProvider({.provider = "tea-leaves"}));
  EXPECT_EQ(*ParseUnits(""), Units::kAuto);
  EXPECT_FALSE(ParseUnits("kelvin"));
}

}  // namespace
}  // namespace baton::workspace::weather
