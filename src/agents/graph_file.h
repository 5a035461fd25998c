// A graph written as YAML.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/compiled_graph.h"
#include "graph/node.h"
#include "json/pointer.h"
#include "llm/model_catalog.h"
#include "tools/effect_journal.h"
#include "tools/tool.h"

namespace baton::agents {

// What docs/graph-files.md describes, checked and compiled.
//
// Threads: immutable.
struct GraphFile {
  std::string name;
  std::string description;
  std::string file;
  std::optional<json::Pointer> output;  // the result within the final state; empty: all of it
  std::vector<std::string> tools;       // that its nodes and its subgraphs' call, sorted
  std::shared_ptr<const graph::CompiledGraph> graph;
};

struct GraphFileOptions {
  // Reads the text of a subgraph's file. Empty: a subgraph is a mistake.
  std::function<Result<std::string>(const std::filesystem::path& file)> read;
  // What the file may name; null: not checked.
  const llm::ModelCatalog* models = nullptr;
  const tools::ToolRegistry* tools = nullptr;
};

// kInvalidArgument lists every mistake of the file, one a line, or those of a subgraph's file:
// "refund.yaml:9:13: unknown node 'aprove': did you mean 'approve'?".
Result<GraphFile> ParseGraphFile(std::string_view text, const std::filesystem::path& file,
                                 const GraphFileOptions& options);

// ParseGraphFile() of a file on disk, with its subgraphs. kNotFound if it cannot be read.
Result<GraphFile> OpenGraphFile(const std::filesystem::path& file, GraphFileOptions options = {});

// What a run of a graph file needs. Its nodes give to the custom stream:
//   {"kind": "text", "text"}                    a model's words, as they come
//   {"kind": "tool_call", "tool", "arguments"}  before the call
// A question's payload is {"kind": "question", "text", "choices"}, or, about a tool call that
// changes the world and was cut off, as docs/effects.md describes it.
//
// Lifetime: one run. Everything it points to outlives the run.
struct GraphScope final : graph::RunScope {
  const llm::ModelCatalog* models = nullptr;
  const tools::ToolRegistry* tools = nullptr;
  tools::EffectJournal* effects = nullptr;  // of the thread; without it no tool changes anything
  tools::ToolContext tool_context;          // the caller; idempotency_key is set per call
};

}  // namespace baton::agents
