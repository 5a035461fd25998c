#include "rpc/tool_server.h"

#include <utility>

#include "base/clock.h"
#include "proto/tool_service.pb.h"
#include "rpc/internal/conversation_tool_calls.h"
#include "rpc/internal/document_calls.h"
#include "rpc/internal/edit_calls.h"
#include "rpc/internal/entity_calls.h"
#include "rpc/internal/feed_calls.h"
#include "rpc/internal/grpc_server.h"
#include "rpc/internal/image_calls.h"
#include "rpc/internal/job_calls.h"
#include "rpc/internal/org_calls.h"
#include "rpc/internal/text_calls.h"
#include "rpc/internal/weather_calls.h"
#include "rpc/internal/web_calls.h"

namespace baton::rpc {

struct ToolServer::State {
  State(async::Runtime& runtime, const ToolAreas& areas, ServerOptions options,
        MetricsRegistry& metrics)
      : server(runtime, std::move(options),
               *tool_service::SearchRequest::descriptor()->file()->FindServiceByName("ToolService"),
               metrics) {
    internal::ServeDocuments(server.service(), areas.documents);
    internal::ServeText(server.service());
    if (areas.org != nullptr) internal::ServeOrg(server.service(), *areas.org);
    if (areas.weather != nullptr) internal::ServeWeather(server.service(), *areas.weather);
    if (areas.web != nullptr) internal::ServeWeb(server.service(), *areas.web);
    if (areas.feeds != nullptr) internal::ServeFeeds(server.service(), *areas.feeds);
    if (areas.edits != nullptr) internal::ServeEdits(server.service(), *areas.edits);
    if (areas.entities != nullptr) internal::ServeEntities(server.service(), *areas.entities);
    if (areas.images != nullptr) internal::ServeImages(server.service(), *areas.images);
    if (areas.jobs != nullptr) internal::ServeJobs(server.service(), *areas.jobs);
    if (areas.conversations != nullptr) {
      internal::ServeConversationTools(server.service(), *areas.conversations, SystemClock());
    }
  }

  internal::GrpcServer server;
};

ToolServer::ToolServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ToolServer::~ToolServer() = default;

int ToolServer::port() const { return state_->server.port(); }

std::shared_ptr<grpc::Channel> ToolServer::InProcessChannel() {
  return state_->server.InProcessChannel();
}

void ToolServer::Shutdown(Deadline deadline) { state_->server.Shutdown(deadline); }

Result<std::unique_ptr<ToolServer>> StartToolServer(async::Runtime& runtime, ToolAreas areas,
                                                    ServerOptions options,
                                                    MetricsRegistry& metrics) {
  auto state = std::make_unique<ToolServer::State>(runtime, areas, std::move(options), metrics);
  BATON_TRY(state->server.Start());
  return std::unique_ptr<ToolServer>(new ToolServer(std::move(state)));
}

}  // namespace baton::rpc
