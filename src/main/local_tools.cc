#include "main/local_tools.h"

#include <utility>

#include "async/block_on.h"
#include "base/clock.h"
#include "rpc/tool_server.h"
#include "tools/remote/document_tools.h"
#include "tools/remote/tool_service_client.h"
#include "workspace/document_store.h"

namespace baton::app {
namespace {

constexpr auto kToolsPatience = std::chrono::seconds(2);

}  // namespace

struct LocalTools::Parts {
  std::unique_ptr<workspace::DocumentStore> documents;
  std::unique_ptr<rpc::ToolServer> server;
  tools::ToolRegistry registry;
};

LocalTools::LocalTools(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

LocalTools::~LocalTools() {
  parts_->registry = {};
  parts_->server->Shutdown(Deadline::In(kToolsPatience));
}

const tools::ToolRegistry& LocalTools::registry() const { return parts_->registry; }

Result<std::unique_ptr<LocalTools>> LocalTools::Start(storage::Database& database,
                                                      async::Runtime& runtime, IdGenerator& ids,
                                                      MetricsRegistry& metrics) {
  auto parts = std::make_unique<Parts>();
  auto documents =
      async::BlockOn(runtime.Pick(), workspace::DocumentStore::Open(database, SystemClock(), ids));
  if (!documents) return Fail(std::move(documents).error().Annotate("document store"));
  parts->documents = std::move(*documents);
  rpc::ServerOptions options;
  options.address = "127.0.0.1:0";
  options.service_token = ids.New("token");  // nobody else on this machine is to call it
  auto server = rpc::StartToolServer(runtime, {.documents = *parts->documents}, options, metrics);
  if (!server) return Fail(std::move(server).error().Annotate("ToolService"));
  parts->server = std::move(*server);
  auto client = tools::remote::ToolServiceClient::On(
      parts->server->InProcessChannel(), "ToolService of this process", options.service_token);
  if (!client) return Fail(std::move(client).error().Annotate("ToolService client"));
  BATON_TRY(tools::remote::RegisterDocumentTools(parts->registry, std::move(*client)));
  return std::unique_ptr<LocalTools>(new LocalTools(std::move(parts)));
}

Result<tools::ToolRegistry> DescribeTools(const Settings& settings) {
  // Connects when it is called, which these tools are not.
  auto client = tools::remote::ToolServiceClient::Connect(settings.Text("tools.target"), "");
  if (!client) return Fail(std::move(client).error());
  tools::ToolRegistry registry;
  BATON_TRY(tools::remote::RegisterDocumentTools(registry, std::move(*client)));
  return registry;
}

}  // namespace baton::app
