#include "main/routing.h"

#include "main/agents_folder.h"

namespace baton::app {

Result<runs::routing::Knowledge> LoadRoutingKnowledge(const Settings& settings) {
  const auto folder = FindAgentsFolder(settings);
  if (!folder) return Fail(folder.error());
  return runs::routing::LoadKnowledge(*folder / "routing");
}

Result<runs::RouterOptions> BuildRouterOptions(const Settings& settings) {
  const std::string& by = settings.Text("routing");
  if (by != "model" && by != "offline") {
    return Fail(Code::kInvalidArgument, "setting routing: '{}' is neither model nor offline", by);
  }
  auto knowledge = LoadRoutingKnowledge(settings);
  if (!knowledge) return Fail(std::move(knowledge).error());
  runs::RouterOptions options;
  options.knowledge = *std::move(knowledge);
  options.ask_model = by == "model";
  return options;
}

}  // namespace baton::app
