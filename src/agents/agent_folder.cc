#include "agents/agent_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "agents/internal/agent_file.h"
#include "agents/internal/agent_links.h"
#include "agents/internal/hand_over.h"
#include "agents/internal/output_schemas.h"

namespace baton::agents {
namespace {

// What callers of an agent may put behind its name.
constexpr std::string_view kAgentSuffix = "_agent";

// Editors keep hidden and backup files beside what is edited; a README explains the folder.
bool IsAgentFile(const std::filesystem::path& path) {
  return path.extension() == ".md" && !path.filename().string().starts_with('.') &&
         path.stem() != "README";
}

// The folder's agent files by name.
Result<std::vector<std::filesystem::path>> ListAgentFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  while (!error && entries != std::filesystem::directory_iterator()) {
    std::error_code ignored;  // a file that is gone by now is no agent
    if (IsAgentFile(entries->path()) && entries->is_regular_file(ignored)) {
      files.push_back(entries->path());
    }
    entries.increment(error);
  }
  if (error) {
    return Fail(Code::kNotFound, "agent folder '{}': {}", folder.string(), error.message());
  }
  if (files.empty()) {
    return Fail(Code::kNotFound, "agent folder '{}': no agent files (*.md)", folder.string());
  }
  std::ranges::sort(files);
  return files;
}

// At most a byte more than an agent file may have; what is longer is refused by the parser.
Result<std::string> ReadAgentFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxAgentFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.is_open()) {
    return Fail(Code::kUnavailable, "{}:1:1: the file cannot be read: {}", path.string(),
                std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<std::shared_ptr<const Agent>> CompileAgentFile(const std::filesystem::path& path,
                                                      const KnownNames& known) {
  const Result<std::string> text = ReadAgentFile(path);
  if (!text) return Fail(text.error());
  Result<AgentSpec> spec = ParseAgentFile(*text, path.string(), known);
  if (!spec) return Fail(std::move(spec).error());
  Result<std::shared_ptr<const graph::CompiledGraph>> graph = BuildWorkflow(*spec);
  if (!graph) return Fail(std::move(graph).error().Annotate(path.string() + ":1:1"));
  return std::make_shared<const Agent>(*std::move(spec), *std::move(graph));
}

// `agent` with the graph of the one it hands over to behind its own.
Result<std::shared_ptr<const Agent>> LinkHandOver(const Agent& agent,
                                                  const std::vector<LoadedAgent>& loaded) {
  const std::string& to = agent.spec.hands_over->to;
  for (const LoadedAgent& each : loaded) {
    if (!each.agent || (*each.agent)->spec.name != to) continue;
    auto graph = BuildHandOver(agent, **each.agent);
    if (!graph) return Fail(std::move(graph).error().Annotate(agent.spec.file + ":1:1"));
    return std::make_shared<const Agent>(agent.spec, *std::move(graph), agent.callees);
  }
  return Fail(Code::kInvalidArgument,
              "{}:1:1: agent '{}' hands over to '{}': there is no such agent, or its file is wrong",
              agent.spec.file, agent.spec.name, to);
}

// Each with the other's graph without its own hand-over: hand-overs do not go on and on.
std::vector<LoadedAgent> LinkHandOvers(const std::vector<LoadedAgent>& loaded) {
  std::vector<LoadedAgent> linked = loaded;
  for (LoadedAgent& each : linked) {
    if (each.agent && (*each.agent)->spec.hands_over)
      each.agent = LinkHandOver(**each.agent, loaded);
  }
  return linked;
}

}  // namespace

std::shared_ptr<const Agent> FindAgent(const AgentsByName& agents, std::string_view name) {
  auto found = agents.find(name);
  if (found == agents.end() && name.ends_with(kAgentSuffix)) {
    found = agents.find(name.substr(0, name.size() - kAgentSuffix.size()));
  }
  return found == agents.end() ? nullptr : found->second;
}

LoadedAgent LoadAgentFile(const std::filesystem::path& file, const KnownNames& known) {
  Result<OutputSchemas> outputs = ReadOutputSchemas(file.parent_path());
  if (!outputs) return {file, Fail(std::move(outputs).error())};
  KnownNames there = known;
  there.outputs = *std::move(outputs);
  return {file, CompileAgentFile(file, there)};
}

Result<std::vector<LoadedAgent>> LoadAgentFolder(const std::filesystem::path& folder,
                                                 const KnownNames& known) {
  const Result<std::vector<std::filesystem::path>> files = ListAgentFiles(folder);
  if (!files) return Fail(files.error());
  Result<OutputSchemas> outputs = ReadOutputSchemas(folder);
  if (!outputs) return Fail(std::move(outputs).error());
  KnownNames there = known;
  there.outputs = *std::move(outputs);
  std::vector<LoadedAgent> loaded;
  for (const std::filesystem::path& file : *files) {
    loaded.push_back({file, CompileAgentFile(file, there)});
  }
  return LinkHandOvers(LinkCallees(loaded));
}

}  // namespace baton::agents
