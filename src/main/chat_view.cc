#include "main/chat_view.h"

#include "json/json.h"

namespace baton::app {
namespace {

json::Array TextArray(const std::vector<std::string>& texts) {
  json::Array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

std::string ChunkAsJson(const runs::Chunk& chunk) {
  json::Object object{{"seq", chunk.seq},          {"type", chunk.type},
                      {"agent", chunk.agent_name}, {"message", chunk.message},
                      {"run_id", chunk.run_id},    {"timestamp", chunk.timestamp}};
  if (chunk.supersedes_seq != 0) object["supersedes_seq"] = chunk.supersedes_seq;
  if (!chunk.tools_used.empty()) object["tools_used"] = TextArray(chunk.tools_used);
  if (!chunk.metadata.empty()) {
    json::Object metadata;
    for (const auto& [key, value] : chunk.metadata) metadata[key] = value;
    object["metadata"] = std::move(metadata);
  }
  return json::Serialize(object);
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined;
}

// The array in metadata member `key`; empty if there is none.
json::Array ArrayIn(const runs::Chunk& chunk, const std::string& key) {
  const auto found = chunk.metadata.find(key);
  if (found == chunk.metadata.end()) return {};
  auto value = json::Parse(found->second);
  return value && value->is_array() ? std::move(value->get_array()) : json::Array();
}

}  // namespace

ChatView::ChatView(bool json) : json_(json), out_(stdout), err_(stderr) {}

void ChatView::Show(const runs::Chunk& chunk) {
  if (json_) {
    out_.WriteLine(ChunkAsJson(chunk));
    return;
  }
  if (chunk.supersedes_seq != 0) {
    EndLine();
    out_.WriteLine("[part of the answer above is void; what follows replaces it]", Style::kYellow);
  }
  if (chunk.type == "content") {
    ShowContent(chunk);
  } else if (chunk.type == "tool_call") {
    ShowToolCall(chunk);
  } else if (chunk.type == "complete") {
    ShowComplete(chunk);
  } else if (chunk.type == "error") {
    EndLine();
    ReportError(Status(Code::kUnknown, chunk.message));
  } else if (!chunk.message.empty()) {
    Note(chunk.message);
  }
}

void ChatView::ShowContent(const runs::Chunk& chunk) {
  if (chunk.agent_name != agent_) {
    agent_ = chunk.agent_name;
    Note(agent_ + ":");
  }
  out_.Write(chunk.message);
  if (!chunk.message.empty()) in_line_ = chunk.message.back() != '\n';
}

void ChatView::ShowToolCall(const runs::Chunk& chunk) {
  const auto event = json::Parse(chunk.message);
  if (!event) return;
  const std::string tool(json::GetString(*event, "tool", "tool"));
  const std::string_view phase = json::GetString(*event, "phase");
  if (phase == "start") {
    const json::Value* arguments = json::Find(*event, "arguments");
    Note(fmt::format("→ {} {}", tool, arguments ? json::Serialize(*arguments) : ""));
  } else {
    Note(fmt::format("{} {} {}", phase == "error" ? "✗" : "←", tool,
                     json::GetString(*event, "summary")));
  }
}

void ChatView::ShowComplete(const runs::Chunk& chunk) {
  EndLine();
  const json::Array sources = ArrayIn(chunk, "sources");
  if (!sources.empty()) out_.WriteLine("");
  for (const json::Value& source : sources) {
    out_.WriteLine(
        fmt::format("[{}] {} — {}", json::GetInt(source, "number"),
                    json::GetString(source, "title"), json::GetString(source, "locator")),
        Style::kDim);
  }
  if (!chunk.tools_used.empty()) Note("tools used: " + Join(chunk.tools_used));
}

void ChatView::EndLine() {
  if (in_line_) out_.Write("\n");
  in_line_ = false;
}

void ChatView::Note(const std::string& text) {
  EndLine();
  err_.WriteLine(text, Style::kDim);
}

std::string ChatView::KindOf(const std::string& question_json) {
  const auto question = json::Parse(question_json);
  const json::Value* payload = question ? json::Find(*question, "payload") : nullptr;
  return payload == nullptr ? "" : std::string(json::GetString(*payload, "kind"));
}

std::string ChatView::DescribeQuestion(const std::string& question_json) {
  const auto question = json::Parse(question_json);
  const json::Value* payload = question ? json::Find(*question, "payload") : nullptr;
  if (payload == nullptr) return question_json;
  if (json::GetString(*payload, "reason").empty()) return json::Serialize(*payload);
  const json::Value* arguments = json::Find(*payload, "arguments");
  return fmt::format("{}\n{} ({}) {}", json::GetString(*payload, "reason"),
                     json::GetString(*payload, "tool"), json::GetString(*payload, "effect"),
                     arguments == nullptr ? "" : json::Serialize(*arguments));
}

}  // namespace baton::app
