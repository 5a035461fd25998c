#include "runs/stored_chunk.h"

#include "json/json.h"

namespace baton::runs {
namespace {

json::Object ChunkToJson(const StoredChunk& stored) {
  const Chunk& chunk = stored.chunk;
  json::Object line{{"seq", chunk.seq}, {"type", chunk.type}};
  if (!chunk.message.empty()) line["message"] = chunk.message;
  line["timestamp"] = chunk.timestamp;
  line["agent_name"] = chunk.agent_name;
  if (!chunk.tools_used.empty()) {
    line["tools_used"] = json::Array(chunk.tools_used.begin(), chunk.tools_used.end());
  }
  if (chunk.supersedes_seq != 0) line["supersedes_seq"] = chunk.supersedes_seq;
  if (!chunk.metadata.empty()) {
    json::Object metadata;
    for (const auto& [key, value] : chunk.metadata) metadata[key] = value;
    line["metadata"] = std::move(metadata);
  }
  if (!stored.task_id.empty()) {
    line["task_id"] = stored.task_id;
    line["epoch"] = stored.epoch;
    line["attempt"] = stored.attempt;
  }
  return line;
}

Result<StoredChunk> ChunkFromJson(std::string_view run_id, const json::Value& line) {
  StoredChunk stored;
  Chunk& chunk = stored.chunk;
  chunk.run_id = run_id;
  chunk.seq = json::GetInt(line, "seq");
  chunk.type = json::GetString(line, "type");
  if (chunk.seq < 1 || chunk.type.empty()) {
    return Fail(Code::kDataLoss, "stream log of run {}: a line without seq or type", run_id);
  }
  chunk.message = json::GetString(line, "message");
  chunk.timestamp = json::GetString(line, "timestamp");
  chunk.agent_name = json::GetString(line, "agent_name");
  chunk.supersedes_seq = json::GetInt(line, "supersedes_seq");
  if (const json::Value* tools = json::Find(line, "tools_used"); tools && tools->is_array()) {
    for (const json::Value& tool : tools->get_array()) {
      if (tool.is_string()) chunk.tools_used.emplace_back(json::ToStringView(tool.get_string()));
    }
  }
  if (const json::Value* metadata = json::Find(line, "metadata");
      metadata && metadata->is_object()) {
    for (const auto& [key, value] : metadata->get_object()) {
      if (value.is_string()) chunk.metadata[key] = json::ToStringView(value.get_string());
    }
  }
  stored.task_id = json::GetString(line, "task_id");
  stored.epoch = json::GetInt(line, "epoch");
  stored.attempt = static_cast<int>(json::GetInt(line, "attempt"));
  return stored;
}

}  // namespace

std::string EncodeChunks(const std::vector<StoredChunk>& chunks) {
  std::string lines;
  for (const StoredChunk& chunk : chunks) {
    lines += json::Serialize(ChunkToJson(chunk));
    lines += '\n';
  }
  return lines;
}

Status DecodeChunks(std::string_view run_id, std::string_view lines,
                    std::vector<StoredChunk>& out) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) {
      return Fail(Code::kDataLoss, "stream log of run {}: a line is cut off", run_id);
    }
    const Result<json::Value> line = json::Parse(lines.substr(0, end));
    if (!line) {
      return Fail(Code::kDataLoss, "stream log of run {}: {}", run_id, line.error().message());
    }
    Result<StoredChunk> chunk = ChunkFromJson(run_id, *line);
    if (!chunk) return std::move(chunk).error();
    out.push_back(*std::move(chunk));
    lines.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace baton::runs
