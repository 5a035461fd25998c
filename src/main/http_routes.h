// What Baton answers over HTTP.
#pragma once

#include <string>

#include "base/metrics.h"
#include "http/router.h"
#include "http/server.h"
#include "runs/orchestrator.h"

namespace baton::app {

// GET /health    {"status", "details"}; 200 while the service can do its work, 503 when it is
//                unhealthy. Where a service token is set, details are for who sends it as
//                `Authorization: Bearer <token>`.
// GET /metrics   Prometheus text
//
// Lifetime: metrics and orchestrator (null in the backend role) outlive it; it outlives the
//           server it is given to.
class HttpRoutes {
 public:
  HttpRoutes(MetricsRegistry& metrics, runs::Orchestrator* orchestrator, std::string service_token);
  http::Handler AsHandler() const { return router_.AsHandler(); }

 private:
  async::Task<void> Health(const http::ServerRequest& request, http::ResponseWriter& writer) const;
  async::Task<void> Metrics(const http::ServerRequest& request, http::ResponseWriter& writer) const;

  MetricsRegistry& metrics_;
  runs::Orchestrator* orchestrator_;
  const std::string service_token_;
  http::Router router_;
};

}  // namespace baton::app
