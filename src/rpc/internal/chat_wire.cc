#include "rpc/internal/chat_wire.h"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

// Keys of ChatRequest.metadata and ChatChunk.metadata that the contract gives a meaning.
constexpr std::string_view kResumeKey = "resume";
constexpr std::string_view kCancelKey = "cancel";
constexpr std::string_view kFromSeqKey = "from_seq";
constexpr std::string_view kRunIdKey = "run_id";
constexpr std::string_view kOnBusyKey = "on_busy";
constexpr std::string_view kIdempotencyKey = "idempotency_key";
constexpr std::string_view kEditMessageKey = "edit_message_id";
constexpr std::string_view kRegenerateKey = "regenerate";
constexpr std::string_view kPageKey = "page";
constexpr std::string_view kLockedAgentKey = "locked_agent";
constexpr std::string_view kUnlockAgentKey = "unlock_agent";
constexpr std::string_view kAgentKey = "agent";        // of an earlier message
constexpr std::string_view kAnswerPrefix = "answer.";  // answer.<question id>
constexpr std::string_view kSeqKey = "seq";
constexpr std::string_view kSupersedesSeqKey = "supersedes_seq";

using WireMap = google::protobuf::Map<std::string, std::string>;

// The value is moved out; empty if there is none.
std::string TakeValue(WireMap& map, std::string_view key) {
  const auto found = map.find(std::string(key));
  if (found == map.end()) return {};
  std::string value = std::move(found->second);
  map.erase(found);
  return value;
}

Result<std::int64_t> ParseSeq(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return Fail(Code::kInvalidArgument,
                "ChatRequest.metadata[from_seq]: '{}' is not a sequence number", text);
  }
  return value;
}

// Chunks come from our own servers; a number that is none is not worth losing the chunk for.
std::int64_t SeqOrZero(std::string_view text) { return ParseSeq(text).value_or(0); }

Status TakeFlag(WireMap& metadata, std::string_view key, bool& flag) {
  const std::string text = TakeValue(metadata, key);
  if (!text.empty() && text != "true" && text != "false") {
    return Fail(Code::kInvalidArgument,
                "ChatRequest.metadata[{}]: '{}' is neither 'true' nor 'false'", key, text);
  }
  flag = text == "true";
  return {};
}

Status DecodeJoin(WireMap& metadata, runs::TurnRequest& turn) {
  BATON_TRY(TakeFlag(metadata, kResumeKey, turn.resume));
  BATON_TRY(TakeFlag(metadata, kCancelKey, turn.cancel));
  turn.run_id = TakeValue(metadata, kRunIdKey);
  if (const std::string from = TakeValue(metadata, kFromSeqKey); !from.empty()) {
    const Result<std::int64_t> seq = ParseSeq(from);
    if (!seq) return seq.error();
    turn.from_seq = *seq;
  }
  for (auto& [key, value] : metadata) {
    if (!key.starts_with(kAnswerPrefix)) continue;
    turn.answers.emplace(key.substr(kAnswerPrefix.size()), std::move(value));
  }
  return {};
}

// Where the message was written, what it takes the place of, and whom the conversation is kept for.
Status DecodeRouting(WireMap& metadata, runs::TurnRequest& turn) {
  turn.edit_message_id = TakeValue(metadata, kEditMessageKey);
  BATON_TRY(TakeFlag(metadata, kRegenerateKey, turn.regenerate));
  turn.page = TakeValue(metadata, kPageKey);
  turn.on_busy = TakeValue(metadata, kOnBusyKey);
  turn.idempotency_key = TakeValue(metadata, kIdempotencyKey);
  std::string locked = TakeValue(metadata, kLockedAgentKey);
  if (turn.locked_agent.empty()) turn.locked_agent = std::move(locked);
  return TakeFlag(metadata, kUnlockAgentKey, turn.unlock_agent);
}

std::optional<runs::ActiveEditor> DecodeEditor(orchestrator::ActiveEditor&& wire) {
  // The user has told the editor to keep out of this conversation.
  if (wire.editor_preference() == "ignore") return std::nullopt;
  return runs::ActiveEditor{
      .is_editable = wire.is_editable(),
      .filename = std::move(*wire.mutable_filename()),
      .language = std::move(*wire.mutable_language()),
      .content = std::move(*wire.mutable_content()),
      .type = wire.frontmatter().type(),
      .title = wire.frontmatter().title(),
      .document_id = wire.document_id(),
      .cursor = wire.has_cursor_offset() ? wire.cursor_offset() : -1,
      .selection_start = wire.has_selection_start() ? wire.selection_start() : -1,
      .selection_end = wire.has_selection_end() ? wire.selection_end() : -1,
  };
}

void EncodeEditor(runs::ActiveEditor&& editor, orchestrator::ActiveEditor& wire) {
  wire.set_is_editable(editor.is_editable);
  wire.set_filename(WireText(std::move(editor.filename)));
  wire.set_language(WireText(std::move(editor.language)));
  wire.set_content(WireText(std::move(editor.content)));
  wire.mutable_frontmatter()->set_type(WireText(std::move(editor.type)));
  wire.mutable_frontmatter()->set_title(WireText(std::move(editor.title)));
  if (!editor.document_id.empty()) wire.set_document_id(WireText(std::move(editor.document_id)));
  if (editor.cursor >= 0) wire.set_cursor_offset(static_cast<std::int32_t>(editor.cursor));
  if (editor.selection_start >= 0 && editor.selection_end >= 0) {
    wire.set_selection_start(static_cast<std::int32_t>(editor.selection_start));
    wire.set_selection_end(static_cast<std::int32_t>(editor.selection_end));
  }
}

// By the names that permissions know (docs/permissions.md).
std::vector<std::string> DecodeGrants(const orchestrator::PermissionGrants& wire) {
  std::vector<std::string> granted;
  if (wire.web_search_permission()) granted.emplace_back("web_search");
  if (wire.web_crawl_permission()) granted.emplace_back("web_crawl");
  if (wire.file_write_permission()) granted.emplace_back("file_write");
  if (wire.external_api_permission()) granted.emplace_back("external_api");
  for (const auto& [name, given] : wire.custom_permissions()) {
    if (given) granted.push_back(name);
  }
  return granted;
}

Status CheckTurn(const runs::TurnRequest& turn) {
  if (turn.user_id.empty()) return {Code::kInvalidArgument, "ChatRequest.user_id is empty"};
  if (turn.conversation_id.empty()) {
    return {Code::kInvalidArgument, "ChatRequest.conversation_id is empty"};
  }
  if (turn.query.empty() && !turn.resume && !turn.regenerate) {
    return {Code::kInvalidArgument, "ChatRequest.query is empty"};
  }
  return {};
}

}  // namespace

Result<runs::TurnRequest> DecodeTurn(orchestrator::ChatRequest&& wire) {
  runs::TurnRequest turn;
  turn.user_id = std::move(*wire.mutable_user_id());
  turn.conversation_id = std::move(*wire.mutable_conversation_id());
  turn.session_id = std::move(*wire.mutable_session_id());
  turn.query = std::move(*wire.mutable_query());
  turn.agent_type = std::move(*wire.mutable_agent_type());
  turn.locked_agent = std::move(*wire.mutable_locked_agent());
  turn.base_message_id = std::move(*wire.mutable_base_checkpoint_id());
  for (auto& message : *wire.mutable_conversation_history()) {
    turn.history.push_back({.role = std::move(*message.mutable_role()),
                            .content = std::move(*message.mutable_content()),
                            .timestamp = std::move(*message.mutable_timestamp()),
                            .agent = TakeValue(*message.mutable_metadata(), kAgentKey)});
  }
  turn.persona = {.ai_name = wire.persona().ai_name(),
                  .style = wire.persona().persona_style(),
                  .timezone = wire.persona().timezone()};
  if (wire.has_active_editor()) {
    turn.editor = DecodeEditor(std::move(*wire.mutable_active_editor()));
  }
  turn.granted = DecodeGrants(wire.permission_grants());
  BATON_TRY(DecodeRouting(*wire.mutable_metadata(), turn));
  BATON_TRY(DecodeJoin(*wire.mutable_metadata(), turn));
  BATON_TRY(CheckTurn(turn));
  return turn;
}

orchestrator::ChatRequest EncodeTurn(runs::TurnRequest&& turn) {
  orchestrator::ChatRequest wire;
  wire.set_user_id(WireText(std::move(turn.user_id)));
  wire.set_conversation_id(WireText(std::move(turn.conversation_id)));
  wire.set_session_id(WireText(std::move(turn.session_id)));
  wire.set_query(WireText(std::move(turn.query)));
  wire.set_agent_type(WireText(std::move(turn.agent_type)));
  wire.set_locked_agent(WireText(std::move(turn.locked_agent)));
  wire.set_base_checkpoint_id(WireText(std::move(turn.base_message_id)));
  for (runs::HistoryMessage& message : turn.history) {
    auto& out = *wire.add_conversation_history();
    out.set_role(WireText(std::move(message.role)));
    out.set_content(WireText(std::move(message.content)));
    out.set_timestamp(WireText(std::move(message.timestamp)));
    if (!message.agent.empty()) {
      (*out.mutable_metadata())[std::string(kAgentKey)] = WireText(std::move(message.agent));
    }
  }
  wire.mutable_persona()->set_ai_name(WireText(std::move(turn.persona.ai_name)));
  wire.mutable_persona()->set_persona_style(WireText(std::move(turn.persona.style)));
  wire.mutable_persona()->set_timezone(WireText(std::move(turn.persona.timezone)));
  if (turn.editor) EncodeEditor(*std::move(turn.editor), *wire.mutable_active_editor());
  for (const std::string& name : turn.granted) {
    (*wire.mutable_permission_grants()->mutable_custom_permissions())[WireText(name)] = true;
  }
  WireMap& metadata = *wire.mutable_metadata();
  if (!turn.edit_message_id.empty()) {
    metadata[std::string(kEditMessageKey)] = WireText(std::move(turn.edit_message_id));
  }
  if (turn.regenerate) metadata[std::string(kRegenerateKey)] = "true";
  if (!turn.page.empty()) metadata[std::string(kPageKey)] = WireText(std::move(turn.page));
  if (!turn.on_busy.empty()) metadata[std::string(kOnBusyKey)] = WireText(std::move(turn.on_busy));
  if (!turn.idempotency_key.empty()) {
    metadata[std::string(kIdempotencyKey)] = WireText(std::move(turn.idempotency_key));
  }
  if (turn.unlock_agent) metadata[std::string(kUnlockAgentKey)] = "true";
  if (turn.resume) metadata[std::string(kResumeKey)] = "true";
  if (turn.cancel) metadata[std::string(kCancelKey)] = "true";
  if (turn.from_seq > 0) metadata[std::string(kFromSeqKey)] = std::to_string(turn.from_seq);
  if (!turn.run_id.empty()) metadata[std::string(kRunIdKey)] = WireText(std::move(turn.run_id));
  for (auto& [question, answer] : turn.answers) {
    metadata[WireText(std::string(kAnswerPrefix) + question)] = WireText(std::move(answer));
  }
  return wire;
}

orchestrator::ChatChunk EncodeChunk(runs::Chunk&& chunk) {
  orchestrator::ChatChunk wire;
  wire.set_type(std::move(chunk.type));
  wire.set_message(WireText(std::move(chunk.message)));
  wire.set_timestamp(std::move(chunk.timestamp));
  wire.set_agent_name(WireText(std::move(chunk.agent_name)));
  for (std::string& tool : chunk.tools_used) wire.add_tools_used(WireText(std::move(tool)));
  WireMap& metadata = *wire.mutable_metadata();
  for (auto& [key, value] : chunk.metadata) metadata[WireText(key)] = WireText(std::move(value));
  if (chunk.seq > 0) metadata[std::string(kSeqKey)] = std::to_string(chunk.seq);
  if (!chunk.run_id.empty()) metadata[std::string(kRunIdKey)] = std::move(chunk.run_id);
  if (chunk.supersedes_seq > 0) {
    metadata[std::string(kSupersedesSeqKey)] = std::to_string(chunk.supersedes_seq);
  }
  return wire;
}

std::string RunIdOf(const orchestrator::ChatChunk& wire) {
  const auto found = wire.metadata().find(std::string(kRunIdKey));
  return found == wire.metadata().end() ? std::string() : found->second;
}

runs::Chunk DecodeChunk(orchestrator::ChatChunk&& wire) {
  runs::Chunk chunk;
  chunk.type = std::move(*wire.mutable_type());
  chunk.message = std::move(*wire.mutable_message());
  chunk.timestamp = std::move(*wire.mutable_timestamp());
  chunk.agent_name = std::move(*wire.mutable_agent_name());
  for (std::string& tool : *wire.mutable_tools_used()) chunk.tools_used.push_back(std::move(tool));
  WireMap& metadata = *wire.mutable_metadata();
  chunk.seq = SeqOrZero(TakeValue(metadata, kSeqKey));
  chunk.run_id = TakeValue(metadata, kRunIdKey);
  chunk.supersedes_seq = SeqOrZero(TakeValue(metadata, kSupersedesSeqKey));
  for (auto& [key, value] : metadata) chunk.metadata.emplace(key, std::move(value));
  return chunk;
}

}  // namespace baton::rpc::internal
