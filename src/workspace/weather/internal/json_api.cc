#include "workspace/weather/internal/json_api.h"

#include <utility>

namespace baton::workspace::weather::internal {
namespace {

constexpr std::chrono::seconds kAnswerTime(15);
constexpr std::size_t kMaxAnswerBytes = std::size_t{4} << 20U;

// Open-Meteo: {"error": true, "reason": "…"}; OpenWeatherMap: {"cod": 401, "message": "…"}.
std::string ReasonOf(const Result<json::Value>& body) {
  if (!body) return {};
  for (const std::string_view key : {"reason", "message"}) {
    if (const auto text = json::GetString(*body, key); !text.empty())
      return ": " + std::string(text);
  }
  return {};
}

Code CodeOfStatus(int status) {
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 401:
    case 403:
      return Code::kFailedPrecondition;
    case 404:
      return Code::kNotFound;
    case 429:
      return Code::kResourceExhausted;
    default:
      return Code::kUnavailable;
  }
}

std::optional<double> ToNumber(const json::Value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

const json::Value* ElementAt(const json::Value& object, std::string_view key, std::size_t index) {
  const json::Array* array = ArrayAt(object, key);
  return array == nullptr ? nullptr : array->if_contains(index);
}

}  // namespace

async::Task<Result<json::Value>> JsonApi::Get(std::string url, Deadline deadline) const {
  http::RequestOptions options;
  options.deadline = deadline.Earlier(Deadline::In(kAnswerTime));
  options.max_body_bytes = kMaxAnswerBytes;
  auto response = co_await client_.Fetch({.url = std::move(url)}, options);
  if (!response) co_return Fail(std::move(response).error().Annotate(service_));
  auto body = json::Parse(response->body);
  if (response->status != 200) {
    co_return Fail(CodeOfStatus(response->status), "{} answered {}{}", service_, response->status,
                   ReasonOf(body));
  }
  if (!body) co_return Fail(Code::kUnavailable, "{}: the answer is not JSON", service_);
  co_return body;
}

const json::Array* ArrayAt(const json::Value& object, std::string_view key) {
  const json::Value* member = json::Find(object, key);
  return member == nullptr ? nullptr : member->if_array();
}

std::optional<double> NumberAt(const json::Value& object, std::string_view key) {
  return ToNumber(json::Find(object, key));
}

std::optional<double> NumberAt(const json::Value& object, std::string_view key, std::size_t index) {
  return ToNumber(ElementAt(object, key, index));
}

std::string_view TextAt(const json::Value& object, std::string_view key, std::size_t index) {
  const json::Value* value = ElementAt(object, key, index);
  return value == nullptr || !value->is_string() ? std::string_view()
                                                 : json::ToStringView(value->get_string());
}

}  // namespace baton::workspace::weather::internal
