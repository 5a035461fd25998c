// The gRPC service that tools call.
#pragma once

#include <memory>

#include "async/runtime.h"
#include "base/deadline.h"
#include "base/metrics.h"
#include "base/status.h"
#include "rpc/server_options.h"
#include "workspace/document_store.h"

namespace baton::workspace::edits {
class EditService;
}
namespace baton::workspace::entities {
class EntityStore;
}
namespace baton::workspace::feeds {
class FeedService;
}
namespace baton::workspace::images {
class ImageService;
}
namespace baton::workspace::jobs {
class Jobs;
}
namespace baton::workspace::org {
class OrgStore;
}
namespace baton::workspace::weather {
class WeatherService;
}
namespace baton::workspace::web {
class WebService;
}
namespace baton::runs {
class ConversationStore;
}
namespace grpc {
class Channel;
}

namespace baton::rpc {

// What there is to serve. Areas that are null answer UNIMPLEMENTED.
struct ToolAreas {
  workspace::DocumentStore& documents;
  workspace::org::OrgStore* org = nullptr;
  workspace::weather::WeatherService* weather = nullptr;
  workspace::web::WebService* web = nullptr;
  workspace::feeds::FeedService* feeds = nullptr;
  workspace::edits::EditService* edits = nullptr;
  workspace::entities::EntityStore* entities = nullptr;
  workspace::images::ImageService* images = nullptr;
  workspace::jobs::Jobs* jobs = nullptr;
  runs::ConversationStore* conversations = nullptr;  // of the orchestrators on this database
};

// Serves the workspace as tool_service.ToolService, with grpc.health.v1 and reflection beside
// it: the areas given; every other method answers UNIMPLEMENTED with its name. What a call
// reads belongs to the user_id of its message, which the service token vouches for.
//
// Lifetime: runtime, areas and metrics outlive it. The destructor shuts down at once.
// Threads:  start and shut down on a thread that is none of the Runtime's.
// Errors:   as StartOrchestratorServer's.
class ToolServer {
 public:
  ~ToolServer();
  ToolServer(const ToolServer&) = delete;
  ToolServer& operator=(const ToolServer&) = delete;

  int port() const;

  // A channel to this server that does not touch the network: for tools of the same process,
  // which take the same path as those of another.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // As OrchestratorServer::Shutdown.
  void Shutdown(Deadline deadline);

 private:
  friend Result<std::unique_ptr<ToolServer>> StartToolServer(async::Runtime& runtime,
                                                             ToolAreas areas, ServerOptions options,
                                                             MetricsRegistry& metrics);
  struct State;
  explicit ToolServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

Result<std::unique_ptr<ToolServer>> StartToolServer(async::Runtime& runtime, ToolAreas areas,
                                                    ServerOptions options,
                                                    MetricsRegistry& metrics);

}  // namespace baton::rpc
