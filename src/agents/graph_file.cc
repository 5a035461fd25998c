#include "agents/graph_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/graph_file/checker.h"
#include "agents/internal/graph_file/description.h"
#include "agents/internal/graph_file/nodes.h"
#include "agents/internal/graph_file/reader.h"
#include "agents/internal/mistakes.h"
#include "agents/internal/model_call.h"
#include "agents/internal/readable_text.h"
#include "graph/state_graph.h"

namespace baton::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxGraphFileBytes = std::size_t{256} << 10U;
constexpr std::size_t kMaxSubgraphDepth = 8;
constexpr std::size_t kMaxSubgraphFiles = 32;

using CompiledGraphPtr = std::shared_ptr<const graph::CompiledGraph>;

// Loads a file with its subgraphs.
class GraphFileLoader {
 public:
  explicit GraphFileLoader(const GraphFileOptions& options) : options_(options) {}

  Result<GraphFile> Load(std::string_view text, const fs::path& file) {
    open_.push_back(file.lexically_normal());
    Result<GraphFile> loaded = LoadOpen(text, file);
    open_.pop_back();
    return loaded;
  }

 private:
  // The subgraphs of one file, by node.
  using Subgraphs = std::map<std::string, CompiledGraphPtr>;

  Result<GraphFile> LoadOpen(std::string_view text, const fs::path& file) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    Mistakes mistakes(text);
    GraphDescription graph;
    if (IsReadable(text, kMaxGraphFileBytes, mistakes)) graph = ReadGraphText(text, mistakes);
    // Names are only checked where all of them could be read: the rest would be echoes.
    if (mistakes.empty()) CheckGraph(graph, options_.models, options_.tools, mistakes);
    Subgraphs subgraphs;
    Status inner;
    if (mistakes.empty()) inner = LoadSubgraphs(graph, file, subgraphs, mistakes);
    BATON_TRY(mistakes.ToStatus(file.string()));
    BATON_TRY(inner);
    Result<CompiledGraphPtr> compiled = Compile(graph, subgraphs);
    if (!compiled) {
      mistakes.Add(graph.edges_place, compiled.error().message());
      return Fail(mistakes.ToStatus(file.string()));
    }
    GraphFile loaded{.name = graph.name, .description = graph.description, .file = file.string()};
    if (graph.output) loaded.output = graph.output->path;
    NoteTools(graph);
    loaded.tools.assign(tools_.begin(), tools_.end());
    loaded.graph = std::move(*compiled);
    return loaded;
  }

  Status LoadSubgraphs(const GraphDescription& graph, const fs::path& file, Subgraphs& subgraphs,
                       Mistakes& mistakes) {
    Status inner;
    for (const NodeDescription& node : graph.nodes) {
      const auto* step = std::get_if<SubgraphStep>(&node.step);
      if (step == nullptr) continue;
      const Result<std::string> text = ReadSubgraph(step->file.name, file);
      if (!text) {
        mistakes.Add(step->file.place, text.error().message());
        continue;
      }
      const fs::path path = file.parent_path() / step->file.name;
      Result<GraphFile> loaded = Load(*text, path);
      if (!loaded) {
        // The places are of another file, so they stand for themselves.
        if (inner.ok()) inner = std::move(loaded).error();
        continue;
      }
      if (!SharesChannel(graph, *loaded->graph)) {
        mistakes.Add(step->file.place,
                     fmt::format("'{}' shares no channel with this graph", step->file.name));
      }
      subgraphs[node.name.name] = loaded->graph;
    }
    return inner;
  }

  Result<std::string> ReadSubgraph(const std::string& name, const fs::path& file) {
    const fs::path relative(name);
    const fs::path path = (file.parent_path() / relative).lexically_normal();
    if (relative.is_absolute() ||
        std::ranges::any_of(relative, [](const fs::path& part) { return part == ".."; })) {
      return Fail(Code::kInvalidArgument, "subgraph '{}': must lie below this file's folder", name);
    }
    if (std::ranges::find(open_, path) != open_.end()) {
      return Fail(Code::kInvalidArgument, "subgraph '{}' holds itself", name);
    }
    if (open_.size() > kMaxSubgraphDepth) {
      return Fail(Code::kInvalidArgument, "subgraphs nested deeper than {} levels",
                  kMaxSubgraphDepth);
    }
    if (++files_ > kMaxSubgraphFiles) {
      return Fail(Code::kInvalidArgument, "more than {} subgraphs in all", kMaxSubgraphFiles);
    }
    if (!options_.read) return Fail(Code::kInvalidArgument, "subgraph '{}': cannot be read", name);
    return options_.read(path);
  }

  static bool SharesChannel(const GraphDescription& outer, const graph::CompiledGraph& inner) {
    return std::ranges::any_of(inner.channels(), [&](const graph::ChannelEntry& channel) {
      return outer.channels.contains(channel.name);
    });
  }

  void NoteTools(const GraphDescription& graph) {
    for (const NodeDescription& node : graph.nodes) {
      if (const auto* step = std::get_if<ToolStep>(&node.step)) tools_.insert(step->tool.name);
    }
  }

  static graph::NodeOptions OptionsOf(const NodeDescription& node) {
    graph::NodeOptions options;
    if (std::holds_alternative<ModelStep>(node.step)) options = ModelNodeOptions();
    if (node.attempts) {
      options.retry = graph::RetryPolicy();
      options.retry.max_attempts = *node.attempts;
    }
    options.timeout.run = node.timeout;
    options.deferred = node.deferred;
    for (const NameUse& target : node.targets) options.destinations.push_back(target.name);
    return options;
  }

  static Result<CompiledGraphPtr> Compile(const GraphDescription& description,
                                          const Subgraphs& subgraphs) {
    graph::Channels channels;
    for (const auto& [name, kind] : description.channels) channels[name].kind = kind;
    graph::StateGraph graph(std::move(channels));
    for (const NodeDescription& node : description.nodes) {
      const std::string& name = node.name.name;
      if (const auto inner = subgraphs.find(name); inner != subgraphs.end()) {
        BATON_TRY(graph.AddSubgraph(name, inner->second, OptionsOf(node)));
      } else {
        BATON_TRY(graph.AddNode(name, MakeNode(node), OptionsOf(node)));
      }
    }
    for (const EdgeDescription& edge : description.edges) {
      if (edge.from.size() == 1) {
        BATON_TRY(graph.AddEdge(edge.from[0].name, edge.to.name));
        continue;
      }
      std::vector<std::string> from;
      from.reserve(edge.from.size());
      for (const NameUse& source : edge.from) from.push_back(source.name);
      BATON_TRY(graph.AddJoin(std::move(from), edge.to.name));
    }
    return std::move(graph).Compile({.recursion_limit = description.max_steps});
  }

  const GraphFileOptions& options_;
  std::vector<fs::path> open_;  // from the outermost file to the one being read
  std::size_t files_ = 0;
  std::set<std::string> tools_;
};

Result<std::string> ReadGraphFile(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || fs::is_directory(file)) {
    return Fail(Code::kNotFound, "{}: cannot be read: {}", file.string(),
                fs::is_directory(file) ? "Is a directory" : std::strerror(errno));
  }
  // A byte above the limit is enough to tell.
  std::string text(kMaxGraphFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

Result<GraphFile> ParseGraphFile(std::string_view text, const fs::path& file,
                                 const GraphFileOptions& options) {
  return GraphFileLoader(options).Load(text, file);
}

Result<GraphFile> OpenGraphFile(const fs::path& file, GraphFileOptions options) {
  const Result<std::string> text = ReadGraphFile(file);
  if (!text) return Fail(text.error());
  if (!options.read) options.read = ReadGraphFile;
  return ParseGraphFile(*text, file, options);
}

}  // namespace baton::agents
