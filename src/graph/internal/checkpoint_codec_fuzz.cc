// Whatever a store gives back, decoding it ends in a state or in a status.
//
// Input, by lines: a body, then blobs of the channel "log" with seq 1, 2, … ("BASE_SEQ BYTES"),
// an empty line, then the values of task rows with index -2, -1, 0, 1, ….
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "graph/internal/codec.h"
#include "graph/internal/loading.h"
#include "graph/state_graph.h"
#include "graph/testing/nodes.h"

namespace {

namespace graph = baton::graph;

std::shared_ptr<const graph::CompiledGraph> FuzzedGraph() {
  graph::Channels channels;
  channels["log"].kind = graph::ChannelKind::kAppend;
  channels["sum"].kind = graph::ChannelKind::kSum;
  graph::StateGraph draft(std::move(channels));
  const auto node = [](graph::NodeContext&) { return graph::NodeOutput(); };
  for (const char* name : {"a", "b"}) {
    static_cast<void>(
        draft.AddNode(name, std::make_unique<graph::testing::FunctionNode>(node)).ok());
    static_cast<void>(draft.AddEdge(graph::kStart, name).ok());
  }
  return std::move(draft).Compile().value();
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto compiled = FuzzedGraph();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  graph::ThreadState state(*compiled, true);
  graph::CheckpointRow row{.body = std::string(TakeLine(text))};
  if (!DecodeBody(row.body, state).ok()) return 0;
  std::vector<graph::ChannelBlob> blobs;
  for (std::string_view line = TakeLine(text); !line.empty(); line = TakeLine(text)) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return 0;
    blobs.push_back({"log", static_cast<std::int64_t>(blobs.size()) + 1,
                     std::atoll(std::string(line.substr(0, space)).c_str()),
                     std::string(line.substr(space + 1))});
  }
  if (!DecodeBlobs(blobs, state).ok()) return 0;
  std::vector<graph::Task> tasks = PlanTasks(state, row, "");
  std::vector<graph::TaskWrite> rows;
  for (int index = -2; !text.empty(); ++index) {
    const std::string id = index == -2 || tasks.empty() ? "" : tasks.front().id;
    rows.push_back({id, index, "log", std::string(TakeLine(text))});
  }
  static_cast<void>(graph::DecodeAnswers(rows).has_value());
  if (!RestoreTasks(*compiled, rows, tasks).ok()) return 0;
  // What could be read can be written.
  static_cast<void>(EncodeBody(state));
  return 0;
}
