#include "main/service.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "agents/agent_catalog.h"
#include "async/block_on.h"
#include "async/runtime.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "checkpoint/sql_long_term_store.h"
#include "embedding/hashing_embedder.h"
#include "http/server.h"
#include "main/agents_folder.h"
#include "main/database_address.h"
#include "main/database_lock.h"
#include "main/http_routes.h"
#include "main/jobs.h"
#include "main/message_file.h"
#include "main/models.h"
#include "main/outside.h"
#include "main/permission_file.h"
#include "main/routing.h"
#include "main/tools.h"
#include "main/vectors.h"
#include "main/version.h"
#include "rpc/orchestrator_server.h"
#include "rpc/tool_server.h"
#include "runs/local_orchestrator.h"
#include "runs/memory/memory_book.h"
#include "runs/run_store.h"
#include "runs/tasks/task_queue.h"
#include "storage/open.h"
#include "tools/remote/tool_service_client.h"
#include "workspace/document_store.h"
#include "workspace/edits/edit_service.h"
#include "workspace/entities/entity_store.h"
#include "workspace/feeds/feed_service.h"
#include "workspace/org/org_store.h"

namespace baton::app {
namespace {

using Role = ServeCommand::Role;

// How long answers that are under way may take to end when the service stops.
constexpr auto kStopPatience = std::chrono::seconds(10);

std::size_t ThreadsOf(const Settings& settings) {
  const auto given = static_cast<std::size_t>(settings.Number("threads"));
  return given != 0 ? given : std::max(1U, std::thread::hardware_concurrency());
}

rpc::ServerOptions GrpcOptions(const Settings& settings, const std::string& part) {
  rpc::ServerOptions options;
  options.address = settings.Text(part + ".address") + ":" + settings.Text(part + ".port");
  options.service_token = settings.Text("service_token");
  return options;
}

// "ann, bob"
std::set<std::string> UsersOf(std::string_view list) {
  std::set<std::string> users;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view user = list.substr(0, end);
    while (user.starts_with(' ')) user.remove_prefix(1);
    while (user.ends_with(' ')) user.remove_suffix(1);
    if (!user.empty()) users.emplace(user);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return users;
}

Status ReadTurnLimits(const Settings& settings, runs::TurnLimits& limits) {
  for (const char* key : {"runs.message_bytes", "runs.history_messages", "runs.history_bytes",
                          "runs.tool_result_bytes", "runs.tokens", "runs.seconds"}) {
    if (settings.Number(key) > 0) continue;
    return Fail(Code::kInvalidArgument, "setting '{}': 1 is the least", key);
  }
  limits = {
      .message_bytes = static_cast<std::size_t>(settings.Number("runs.message_bytes")),
      .history = {.messages = settings.Number("runs.history_messages"),
                  .bytes = settings.Number("runs.history_bytes")},
      .tokens = settings.Number("runs.tokens"),
      .time = std::chrono::seconds(settings.Number("runs.seconds")),
      .tool_result_bytes = static_cast<std::size_t>(settings.Number("runs.tool_result_bytes"))};
  return {};
}

// Why a server does not listen, and how it could.
Status ListenFailure(Status status, std::string_view part, std::string flag) {
  const bool port_is_at_fault = status.code() == Code::kUnavailable;
  status = std::move(status).Annotate(part);
  return port_is_at_fault ? std::move(status).With(kPortFlagDetail, std::move(flag)) : status;
}

async::Task<bool> EndTasks(runs::tasks::TaskQueue& tasks) {
  co_await tasks.Shutdown();
  co_return true;
}

async::Task<bool> EndRuns(runs::LocalOrchestrator& orchestrator) {
  co_await orchestrator.Shutdown();
  co_return true;
}

}  // namespace

// In the order of their making; destroyed in reverse.
struct Service::Parts {
  Parts(const Settings& s, Role r, ServiceOptions options)
      : settings(s),
        role(r),
        clock(*options.clock),
        given_models(std::move(options.models)),
        runtime(ThreadsOf(s)) {}

  bool has_backend() const { return role != Role::kOrchestrator; }
  bool has_orchestrator() const { return role != Role::kBackend; }

  Status OpenStore();
  Status OpenConversations();
  Status StartBackend();
  Status OpenMemory();
  Status ConnectTools();
  Status StartOrchestrator();
  Status StartRuns();
  Status StartTasks();
  Status StartHttp();
  void Stop();

  template <typename T>
  T Await(async::Task<T> task) {
    return async::BlockOn(runtime.Pick(), std::move(task));
  }

  const Settings settings;
  const Role role;
  const Clock& clock;
  std::optional<llm::ModelCatalog> given_models;
  MetricsRegistry metrics;
  IdGenerator ids{clock};
  async::Runtime runtime;
  std::optional<DatabaseLock> database_lock;
  std::unique_ptr<storage::Database> database;
  // A backend searches and names the conversations of the orchestrators that share its database.
  std::unique_ptr<graph::CheckpointStore> checkpoints;
  std::optional<runs::ConversationStore> conversations;
  // backend
  std::unique_ptr<workspace::DocumentStore> documents;
  std::unique_ptr<VectorParts> vectors;  // null: off
  std::unique_ptr<workspace::org::OrgStore> org;
  std::unique_ptr<workspace::weather::WeatherService> weather;
  std::unique_ptr<workspace::web::WebService> web;
  std::unique_ptr<workspace::edits::EditService> edits;
  std::unique_ptr<workspace::entities::EntityStore> entities;
  std::unique_ptr<workspace::feeds::FeedStore> feed_store;
  std::unique_ptr<workspace::feeds::FeedService> feeds;
  std::unique_ptr<workspace::images::ImageService> images;
  std::unique_ptr<JobParts> jobs;
  std::unique_ptr<rpc::ToolServer> tool_server;
  // orchestrator
  embedding::HashingEmbedder embedder;
  std::unique_ptr<graph::LongTermStore> long_term;
  std::optional<runs::memory::MemoryBook> memories;
  std::shared_ptr<tools::remote::ToolServiceClient> tool_client;
  tools::ToolRegistry tool_registry;
  llm::ModelCatalog models;
  std::unique_ptr<agents::AgentCatalog> agent_catalog;
  std::optional<runs::CatalogAgents> agent_source;
  std::unique_ptr<runs::LocalOrchestrator> orchestrator;
  std::unique_ptr<runs::tasks::TaskQueue> tasks;
  std::unique_ptr<rpc::OrchestratorServer> grpc_server;
  std::unique_ptr<HttpRoutes> http_routes;
  std::unique_ptr<http::Server> http_server;
};

Status Service::Parts::OpenStore() {
  // Two services of one machine may share the file; two orchestrators may not. A database server
  // is shared by other rules: its runs' owners tell each other that they live.
  const auto file = SqliteFile(settings);
  if (has_orchestrator() && file) {
    auto lock = DatabaseLock::Take(*file);
    if (!lock) return lock.error();
    database_lock.emplace(std::move(*lock));
  }
  auto opened = storage::OpenDatabase(DatabaseAddress(settings), metrics, PostgresLimits(settings));
  if (!opened) return std::move(opened).error().Annotate("database");
  database = std::move(*opened);
  return {};
}

Status Service::Parts::OpenConversations() {
  auto store = Await(checkpoint::SqlCheckpointStore::Open(*database));
  if (!store) return std::move(store).error().Annotate("checkpoint store");
  checkpoints = std::move(*store);
  runs::RunStore run_store(*database, clock);
  BATON_TRY(Await(run_store.Migrate()).Annotate("conversations"));
  conversations.emplace(*database, *checkpoints, clock, ids);
  return {};
}

Status Service::Parts::StartBackend() {
  auto store = Await(workspace::DocumentStore::Open(*database, clock, ids));
  if (!store) return std::move(store).error().Annotate("document store");
  documents = std::move(*store);
  auto started_vectors = VectorParts::Start(settings, *database, *documents, clock, metrics);
  if (!started_vectors) return std::move(started_vectors).error();
  vectors = *std::move(started_vectors);
  auto zone = workspace::org::TimeZone::Find(settings.Text("timezone"));
  if (!zone) return std::move(zone).error().Annotate("setting 'timezone'");
  auto org_store = Await(workspace::org::OrgStore::Open(*database, clock, ids, *std::move(zone)));
  if (!org_store) return std::move(org_store).error().Annotate("org store");
  org = std::move(*org_store);
  auto built_weather = BuildWeather(settings, clock);
  if (!built_weather) return std::move(built_weather).error();
  weather = *std::move(built_weather);
  auto built_web = BuildWeb(settings, clock, ids, metrics);
  if (!built_web) return std::move(built_web).error();
  web = *std::move(built_web);
  auto opened_edits = Await(workspace::edits::EditService::Open(*database, *documents, clock, ids));
  if (!opened_edits) return std::move(opened_edits).error().Annotate("edit store");
  edits = *std::move(opened_edits);
  entities = std::make_unique<workspace::entities::EntityStore>(*database);
  auto opened_feeds = Await(
      workspace::feeds::FeedStore::Open(*database, clock, ids, UsersOf(settings.Text("admins"))));
  if (!opened_feeds) return std::move(opened_feeds).error().Annotate("feed store");
  feed_store = *std::move(opened_feeds);
  feeds = std::make_unique<workspace::feeds::FeedService>(*feed_store, *documents, *web, clock,
                                                          workspace::feeds::PollPace{});
  feeds->StartPolling(runtime.Pick());
  images = BuildImages(settings, *documents, ids);
  auto opened_jobs = Await(JobParts::Open(
      settings,
      {.database = *database, .documents = *documents, .org = *org, .web = *web, .feeds = *feeds},
      clock, ids));
  if (!opened_jobs) return std::move(opened_jobs).error().Annotate("job store");
  jobs = *std::move(opened_jobs);
  jobs->queue().StartWorking(runtime.Pick());
  const rpc::ToolAreas areas{.documents = *documents,
                             .org = org.get(),
                             .weather = weather.get(),
                             .web = web.get(),
                             .feeds = feeds.get(),
                             .edits = edits.get(),
                             .entities = entities.get(),
                             .images = images.get(),
                             .jobs = &jobs->queue(),
                             .conversations = &*conversations};
  auto server = rpc::StartToolServer(runtime, areas, GrpcOptions(settings, "tools"), metrics);
  if (!server) return ListenFailure(std::move(server).error(), "ToolService", "--tools");
  tool_server = std::move(*server);
  return {};
}

Status Service::Parts::ConnectTools() {
  const std::string& token = settings.Text("service_token");
  auto client =
      tool_server != nullptr
          ? tools::remote::ToolServiceClient::On(tool_server->InProcessChannel(),
                                                 "ToolService of this process", token)
          : tools::remote::ToolServiceClient::Connect(settings.Text("tools.target"), token);
  if (!client) return std::move(client).error().Annotate("ToolService client");
  tool_client = std::move(*client);
  auto directory = LoadMessageFile(settings);
  if (!directory) return std::move(directory).error();
  auto messages = std::make_shared<tools::DirectoryGateway>(*std::move(directory), clock);
  BATON_TRY(RegisterTools(tool_registry, tool_client, std::move(messages), &*memories));
  return tool_server == nullptr ? Status() : WithdrawUnusableTools(tool_registry, settings);
}

Status Service::Parts::StartOrchestrator() {
  BATON_TRY(OpenMemory());
  BATON_TRY(ConnectTools());
  auto built = given_models ? Result<llm::ModelCatalog>(*given_models) : BuildModels(settings);
  if (!built) return built.error();
  models = std::move(*built);
  const auto folder = FindAgentsFolder(settings);
  if (!folder) return folder.error();
  auto catalog = agents::AgentCatalog::Open(*folder, &tool_registry, &models);
  if (!catalog) return catalog.error();
  agent_catalog = std::move(*catalog);
  BATON_TRY(agent_catalog->Watch());
  agent_source.emplace(*agent_catalog);
  BATON_TRY(StartRuns());
  BATON_TRY(StartTasks());
  auto server = rpc::StartOrchestratorServer(runtime,
                                             {.orchestrator = *orchestrator,
                                              .tasks = tasks.get(),
                                              .permissions = &orchestrator->permissions(),
                                              .conversations = &*conversations,
                                              .memories = &*memories},
                                             GrpcOptions(settings, "grpc"), metrics);
  if (!server) return ListenFailure(std::move(server).error(), "gRPC", "--grpc");
  grpc_server = std::move(*server);
  return {};
}

Status Service::Parts::OpenMemory() {
  auto store = Await(checkpoint::SqlLongTermStore::Open(*database, clock, {.embedder = &embedder}));
  if (!store) return std::move(store).error().Annotate("long-term store");
  long_term = std::move(*store);
  runs::memory::MemoryBookOptions options;
  options.per_user = static_cast<std::size_t>(settings.Number("memory.per_user"));
  memories.emplace(*long_term, clock, ids, options);
  return {};
}

Status Service::Parts::StartRuns() {
  const auto model = models.Get("default");
  if (!model) return model.error();
  runs::LocalOrchestratorOptions options;
  // Only the lock on the database says that no other process runs these runs.
  options.sole_owner = database_lock.has_value();
  BATON_TRY(ReadTurnLimits(settings, options.limits));
  options.max_runs = static_cast<std::size_t>(settings.Number("runs.limit"));
  options.max_runs_per_user = static_cast<std::size_t>(settings.Number("runs.per_user"));
  const std::string& titles = settings.Text("titles");
  if (titles != "model" && titles != "words") {
    return Fail(Code::kInvalidArgument, "setting 'titles': '{}' is neither model nor words",
                titles);
  }
  options.model_titles = titles == "model";
  options.memories_per_turn = static_cast<std::size_t>(settings.Number("memory.per_turn"));
  options.dependencies = {
      {.name = "tool_service",
       .check = [client = tool_client](Deadline d) { return client->CheckHealth(d); }},
      {.name = "model", .check = [m = *model](Deadline d) { return m->CheckHealth(d); }}};
  options.health_details["version"] = kVersion;
  options.on_busy = settings.Text("runs.on_busy");
  if (const auto policy = runs::ParseBusyPolicy(options.on_busy); !policy) {
    return Status(policy.error()).Annotate("setting 'runs.on_busy'");
  }
  auto routing = BuildRouterOptions(settings);
  if (!routing) return routing.error();
  options.routing = std::move(*routing);
  auto policy = LoadPermissionPolicy(settings);
  if (!policy) return std::move(policy).error();
  options.policy = *std::move(policy);
  options.answer_within = std::chrono::seconds(settings.Number("permissions.answer_seconds"));
  // A century is for ever; more would overflow.
  options.audit_kept =
      std::chrono::days(std::min<std::int64_t>(settings.Number("permissions.audit_days"), 36'500));
  orchestrator = std::make_unique<runs::LocalOrchestrator>(
      runs::LocalOrchestratorParts{.runtime = runtime,
                                   .database = *database,
                                   .checkpoints = *checkpoints,
                                   .agents = *agent_source,
                                   .models = models,
                                   .tools = tool_registry,
                                   .clock = clock,
                                   .ids = ids,
                                   .metrics = metrics,
                                   .long_term = long_term.get(),
                                   .memories = &*memories},
      std::move(options));
  return Await(orchestrator->Start()).Annotate("runs");
}

Status Service::Parts::StartTasks() {
  runs::tasks::TaskQueueOptions options;
  options.workers = static_cast<std::size_t>(settings.Number("tasks.workers"));
  options.limits = {.running_per_user = settings.Number("tasks.per_user"),
                    .queued_per_user = settings.Number("tasks.queue_per_user"),
                    .queued = settings.Number("tasks.queue")};
  BATON_TRY(ReadTurnLimits(settings, options.turn_limits));
  options.sole_owner = database_lock.has_value();
  if (const std::string& secret = settings.Text("tasks.webhook_secret"); !secret.empty()) {
    auto key = runs::tasks::WebhookKey::Parse(secret);
    if (!key) return std::move(key).error().Annotate("setting 'tasks.webhook_secret'");
    options.webhooks.key = *std::move(key);
  }
  auto addresses = http::AddressPolicy::Parse(settings.Text("tasks.webhook_addresses"));
  if (!addresses) {
    return std::move(addresses).error().Annotate("setting 'tasks.webhook_addresses'");
  }
  options.webhooks.addresses = *std::move(addresses);
  tasks = std::make_unique<runs::tasks::TaskQueue>(
      runs::tasks::TaskQueueParts{.runtime = runtime,
                                  .database = *database,
                                  .orchestrator = *orchestrator,
                                  .agents = *agent_source,
                                  .clock = clock,
                                  .ids = ids,
                                  .metrics = metrics},
      std::move(options));
  return Await(tasks->Open()).Annotate("tasks");
}

Status Service::Parts::StartHttp() {
  http::ServerOptions options;
  options.address = settings.Text("http.address");
  options.port = settings.Port(role == Role::kAll ? "http.port" : "metrics.port");
  http_routes =
      std::make_unique<HttpRoutes>(metrics, orchestrator.get(), settings.Text("service_token"));
  auto server = http::StartServer(runtime, options, http_routes->AsHandler());
  if (!server) {
    return ListenFailure(std::move(server).error(), "HTTP",
                         role == Role::kAll ? "--http" : "--metrics");
  }
  http_server = std::move(*server);
  return {};
}

void Service::Parts::Stop() {
  if (http_server != nullptr) http_server->Stop();
  if (tasks != nullptr) Await(EndTasks(*tasks));
  // Runs end first, so that their streams say why; then the servers have nothing left to do.
  if (orchestrator != nullptr) Await(EndRuns(*orchestrator));
  if (grpc_server != nullptr) grpc_server->Shutdown(Deadline::In(kStopPatience));
  if (tool_server != nullptr) tool_server->Shutdown(Deadline::In(kStopPatience));
  if (jobs != nullptr) jobs->queue().StopWorking();
  if (feeds != nullptr) feeds->StopPolling();
  if (vectors != nullptr) vectors->Stop();
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Service::~Service() { Stop(); }

Result<std::unique_ptr<Service>> Service::Start(const Settings& settings, Role role,
                                                ServiceOptions options) {
  std::unique_ptr<Service> service(
      new Service(std::make_unique<Parts>(settings, role, std::move(options))));
  Parts& parts = *service->parts_;
  async::YieldToLanes();  // the lanes are there; gRPC's threads, timers and readers come now
  BATON_TRY(parts.OpenStore());
  BATON_TRY(parts.OpenConversations());
  if (parts.has_backend()) BATON_TRY(parts.StartBackend());
  if (parts.has_orchestrator()) BATON_TRY(parts.StartOrchestrator());
  BATON_TRY(parts.StartHttp());
  return service;
}

Service::Ports Service::ports() const {
  Ports ports;
  if (parts_->grpc_server != nullptr) ports.grpc = parts_->grpc_server->port();
  if (parts_->tool_server != nullptr) ports.tools = parts_->tool_server->port();
  if (parts_->http_server != nullptr) ports.http = parts_->http_server->port();
  return ports;
}

std::string Service::model_name() const {
  const auto model = parts_->models.Get("default");
  return model ? std::string((*model)->name()) : std::string();
}

runs::Orchestrator& Service::orchestrator() const { return *parts_->orchestrator; }

void Service::Stop() { parts_->Stop(); }

}  // namespace baton::app
