#include "main/route_command.h"

#include <iostream>
#include <sstream>

#include "base/read_file.h"
#include "json/json.h"
#include "main/routing.h"
#include "main/terminal.h"
#include "runs/routing/evaluation.h"
#include "runs/routing/offline_router.h"

namespace baton::app {
namespace {

using runs::routing::RoutedExample;

// Calls `visit` with each row; reports the lines that are none and yields how many they are.
template <typename Visit>
int ReadRows(std::istream& in, const std::string& name, const Visit& visit) {
  int wrong = 0;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto row = runs::routing::ParseExample(line);
    if (row) {
      visit(*row);
      continue;
    }
    ++wrong;
    ReportError(Status(row.error()).Annotate(fmt::format("{}:{}", name, number)));
  }
  return wrong;
}

int EvaluateFile(const std::vector<agents::AgentSpec>& agents,
                 const runs::routing::Knowledge& knowledge, const AgentsCommand& command) {
  const std::filesystem::path& file = command.evaluate;
  const Result<std::string> text = ReadFile(file);
  if (!text) return ReportError(text.error());
  std::istringstream in(*text);
  std::vector<RoutedExample> rows;
  const int wrong = ReadRows(in, file.string(), [&](const RoutedExample& row) {
    if (!row.agent.empty()) rows.push_back(row);
  });
  Terminal out(stdout);
  out.Write(runs::routing::Evaluate(agents, knowledge, rows, command.folds).report);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int RouteMessages(const Settings& settings, const agents::AgentsByName& agents,
                  const AgentsCommand& command) {
  const auto knowledge = LoadRoutingKnowledge(settings);
  if (!knowledge) return ReportError(knowledge.error());
  std::vector<agents::AgentSpec> specs;
  for (const auto& [name, agent] : agents) specs.push_back(agent->spec);
  if (specs.empty()) return ReportError(Status(Code::kNotFound, "no agent file is right"));
  if (!command.evaluate.empty()) return EvaluateFile(specs, *knowledge, command);
  const auto router = runs::routing::OfflineRouter::Learn(std::move(specs), *knowledge);
  Terminal out(stdout);
  const int wrong = ReadRows(std::cin, "standard input", [&](const RoutedExample& row) {
    const runs::routing::Decision decision = router.Decide(row.situation);
    out.WriteLine(json::Serialize(json::Object{{"id", row.id},
                                               {"agent", decision.agent},
                                               {"confidence", decision.confidence},
                                               {"reason", decision.reason}}));
  });
  return wrong == 0 ? 0 : 1;
}

}  // namespace baton::app
