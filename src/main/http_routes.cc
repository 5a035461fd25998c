#include "main/http_routes.h"

#include "base/check.h"
#include "base/service_token.h"
#include "json/json.h"

namespace baton::app {
namespace {

// A load balancer asks every few seconds and gives up after about as long.
constexpr auto kHealthPatience = std::chrono::seconds(5);

}  // namespace

HttpRoutes::HttpRoutes(MetricsRegistry& metrics, runs::Orchestrator* orchestrator,
                       std::string service_token)
    : metrics_(metrics), orchestrator_(orchestrator), service_token_(std::move(service_token)) {
  using http::PathParameters;
  using http::ResponseWriter;
  using http::ServerRequest;
  const auto add = [this](const char* path, auto method) {
    const Status added = router_.Add(
        "GET", path,
        [this, method](const ServerRequest& request, const PathParameters&,
                       ResponseWriter& writer) { return (this->*method)(request, writer); });
    BATON_CHECK(added.ok(), added.ToString());
  };
  add("/health", &HttpRoutes::Health);
  add("/metrics", &HttpRoutes::Metrics);
}

async::Task<void> HttpRoutes::Health(const http::ServerRequest& request,
                                     http::ResponseWriter& writer) const {
  runs::Health health{.status = "healthy", .details = {}};
  if (orchestrator_ != nullptr) {
    health = co_await orchestrator_->CheckHealth(Deadline::In(kHealthPatience));
  }
  json::Object body{{"status", health.status}};
  if (ShowsToken(request.headers.Get("authorization"), service_token_)) {
    json::Object details;
    for (const auto& [key, value] : health.details) details[key] = value;
    body["details"] = std::move(details);
  }
  static_cast<void>(co_await writer.Send(health.status == "unhealthy" ? 503 : 200,
                                         {{"Content-Type", "application/json"}},
                                         json::Serialize(body) + "\n"));
}

async::Task<void> HttpRoutes::Metrics(const http::ServerRequest& /*request*/,
                                      http::ResponseWriter& writer) const {
  static_cast<void>(co_await writer.Send(
      200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, metrics_.Render()));
}

}  // namespace baton::app
