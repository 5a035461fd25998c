// A running Baton: its parts, built in order and stopped in reverse.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "llm/model_catalog.h"
#include "main/command_line.h"
#include "main/settings.h"
#include "runs/orchestrator.h"

namespace baton::app {

// A detail of Service::Start()'s failure.
inline constexpr const char* kPortFlagDetail = "port_flag";

// What a service stands on beside its settings. `clock` outlives it.
struct ServiceOptions {
  const Clock* clock = &SystemClock();
  std::optional<llm::ModelCatalog> models;  // none: those of the settings
};

// The parts of a role, wired. The same parts in every role; a role leaves some out:
//   kAll           store, documents, ToolService, orchestrator, gRPC, HTTP
//   kOrchestrator  store, orchestrator (tools at `tools.target`), gRPC, HTTP
//   kBackend       store, documents, ToolService, HTTP
//
// Lifetime: Stop() or the destructor; both join everything.
// Threads:  started and stopped on one thread that is none of its own.
// Errors:   Start() says which part failed and what to do about it. Where a port is not to be
//           had, the detail kPortFlagDetail is the flag that names another.
class Service {
 public:
  static Result<std::unique_ptr<Service>> Start(const Settings& settings, ServeCommand::Role role,
                                                ServiceOptions options = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // 0 for what the role does not serve.
  struct Ports {
    int grpc = 0;
    int tools = 0;
    int http = 0;
  };
  Ports ports() const;

  // What stands behind the alias `default`; empty in the backend role.
  std::string model_name() const;

  // Not in the backend role. Lives as long as the service; its streams end before it.
  runs::Orchestrator& orchestrator() const;

  // Ends runs so that the next start resumes them, and answers what is under way.
  void Stop();

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace baton::app
