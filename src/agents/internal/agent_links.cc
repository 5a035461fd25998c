#include "agents/internal/agent_links.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/ranges.h>

namespace baton::agents {
namespace {

// The others change the open document, or keep a game: neither is a result.
constexpr std::array<std::string_view, 4> kCallable = {"conversation", "automation", "research",
                                                       "transform"};

using Built = Result<std::shared_ptr<const Agent>>;

class CalleeLinker {
 public:
  explicit CalleeLinker(const std::vector<LoadedAgent>& loaded) : loaded_(loaded) {}

  // `path`: who calls it, the first one first.
  Built Link(const std::shared_ptr<const Agent>& agent, std::vector<std::string_view> path) const {
    const AgentSpec& spec = agent->spec;
    if (std::ranges::find(path, spec.name) != path.end()) {
      path.emplace_back(spec.name);
      return Fail(Code::kInvalidArgument, "agents call each other in a circle: {}",
                  fmt::join(path, " → "));
    }
    path.emplace_back(spec.name);
    if (path.size() > kMaxAgentDepth) {
      return Fail(Code::kInvalidArgument, "agents call each other more than {} deep: {}",
                  kMaxAgentDepth, fmt::join(path, " → "));
    }
    // Of a callee only the text is wanted, and nobody waits for more.
    const bool without_output = path.size() > 1 && spec.output.has_value();
    if (spec.agents.empty() && !without_output) return agent;
    Callees callees;
    for (const std::string& name : spec.agents) {
      Built callee = LinkCallee(spec, name, path);
      if (!callee) return callee;
      callees.push_back(*std::move(callee));
    }
    AgentSpec built = spec;
    if (without_output) built.output.reset();
    auto graph = BuildWorkflow(built, callees);
    if (!graph) return Fail(std::move(graph).error());
    return std::make_shared<const Agent>(std::move(built), *std::move(graph), std::move(callees));
  }

 private:
  Built LinkCallee(const AgentSpec& caller, std::string_view name,
                   const std::vector<std::string_view>& path) const {
    const auto found = std::ranges::find_if(loaded_, [name](const LoadedAgent& each) {
      return each.agent && (*each.agent)->spec.name == name;
    });
    if (found == loaded_.end()) {
      return Fail(Code::kInvalidArgument,
                  "agent '{}' calls '{}': there is no such agent, or its file is wrong",
                  caller.name, name);
    }
    const std::string& workflow = (*found->agent)->spec.workflow;
    if (std::ranges::find(kCallable, workflow) == kCallable.end()) {
      return Fail(Code::kInvalidArgument,
                  "agent '{}' calls '{}', whose workflow '{}' cannot be called: {} can",
                  caller.name, name, workflow, fmt::join(kCallable, ", "));
    }
    return Link(*found->agent, path);
  }

  const std::vector<LoadedAgent>& loaded_;
};

}  // namespace

std::vector<LoadedAgent> LinkCallees(const std::vector<LoadedAgent>& loaded) {
  const CalleeLinker linker(loaded);
  std::vector<LoadedAgent> linked = loaded;
  for (LoadedAgent& each : linked) {
    if (!each.agent || (*each.agent)->spec.agents.empty()) continue;
    Built built = linker.Link(*each.agent, {});
    if (!built) {
      built = Fail(std::move(built).error().Annotate((*each.agent)->spec.file + ":1:1"));
    }
    each.agent = std::move(built);
  }
  return linked;
}

}  // namespace baton::agents
