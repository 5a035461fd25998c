#include "runs/turn_check.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "runs/double_text.h"
#include "runs/rewind.h"

namespace baton::runs {
namespace {

Status CheckText(std::string_view field, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Fail(Code::kResourceExhausted, "{}: {} bytes, the limit is {}", field, text.size(),
                max_bytes);
  }
  if (const std::size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "{}: byte {} is not UTF-8", field, bad);
  }
  // PostgreSQL keeps no such text.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "{}: byte {} is NUL", field, nul);
  }
  return {};
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Status CheckId(std::string_view field, std::string_view id) {
  if (id.empty()) return Fail(Code::kInvalidArgument, "{} is missing", field);
  if (id.size() > kMaxIdBytes) {
    return Fail(Code::kInvalidArgument, "{}: {} bytes, the limit is {}", field, id.size(),
                kMaxIdBytes);
  }
  BATON_TRY(CheckText(field, id, kMaxIdBytes));
  if (std::ranges::any_of(id, IsControl)) {
    return Fail(Code::kInvalidArgument, "{} contains a control character", field);
  }
  return {};
}

Status CheckQuery(const TurnRequest& request, std::size_t max_bytes) {
  if (request.query.size() > max_bytes) {
    return Fail(Code::kResourceExhausted,
                "query: {} bytes, the limit is {} (runs.message_bytes): longer texts are imported "
                "as documents",
                request.query.size(), max_bytes);
  }
  BATON_TRY(CheckText("query", request.query, max_bytes));
  const bool blank = request.query.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank && !request.resume && !request.regenerate) {
    return Fail(Code::kInvalidArgument, "query is empty");
  }
  return {};
}

Status CheckHistory(const std::vector<HistoryMessage>& history, std::size_t max_bytes) {
  if (history.size() > kMaxHistoryMessages) {
    return Fail(Code::kResourceExhausted, "conversation_history: {} messages, the limit is {}",
                history.size(), kMaxHistoryMessages);
  }
  for (const HistoryMessage& message : history) {
    if (message.role != "user" && message.role != "assistant" && message.role != "system") {
      return Fail(Code::kInvalidArgument,
                  "conversation_history: role '{}' is not one of user, assistant, system",
                  ReplaceInvalidUtf8(message.role));
    }
    BATON_TRY(CheckText("conversation_history", message.content, max_bytes));
    BATON_TRY(CheckText("conversation_history timestamp", message.timestamp, kMaxFieldBytes));
    BATON_TRY(CheckText("conversation_history agent", message.agent, kMaxFieldBytes));
  }
  return {};
}

Status CheckEditor(const ActiveEditor& editor) {
  BATON_TRY(CheckText("active_editor.content", editor.content, kMaxEditorBytes));
  BATON_TRY(CheckText("active_editor.filename", editor.filename, kMaxFieldBytes));
  BATON_TRY(CheckText("active_editor.language", editor.language, kMaxFieldBytes));
  BATON_TRY(CheckText("active_editor.type", editor.type, kMaxFieldBytes));
  return CheckText("active_editor.title", editor.title, kMaxFieldBytes);
}

Status CheckAnswers(const TurnRequest& request) {
  if (request.answers.empty()) return {};
  if (!request.resume) {
    return Fail(Code::kInvalidArgument, "answers without resume: which run do they continue?");
  }
  if (request.cancel) {
    return Fail(Code::kInvalidArgument, "cancel with answers: does the run end or go on?");
  }
  if (request.answers.size() > kMaxAnswers) {
    return Fail(Code::kResourceExhausted, "answers: {}, the limit is {}", request.answers.size(),
                kMaxAnswers);
  }
  for (const auto& [id, text] : request.answers) {
    BATON_TRY(CheckText("answer id", id, kMaxIdBytes));
    BATON_TRY(CheckText("answer", text, kMaxAnswerBytes));
  }
  return {};
}

}  // namespace

Status CheckTurn(const TurnRequest& request, const TurnLimits& limits) {
  BATON_TRY(CheckUserId(request.user_id));
  // A run is named by its id alone as well.
  const bool by_run = request.resume && !request.run_id.empty() && request.conversation_id.empty();
  if (!by_run) BATON_TRY(CheckConversationId(request.conversation_id));
  if (!request.run_id.empty()) BATON_TRY(CheckId("run_id", request.run_id));
  BATON_TRY(CheckQuery(request, limits.message_bytes));
  BATON_TRY(CheckText("session_id", request.session_id, kMaxFieldBytes));
  BATON_TRY(CheckText("agent_type", request.agent_type, kMaxFieldBytes));
  BATON_TRY(CheckText("locked_agent", request.locked_agent, kMaxFieldBytes));
  if (!request.on_busy.empty()) BATON_TRY(ParseBusyPolicy(request.on_busy));
  if (!request.idempotency_key.empty()) {
    BATON_TRY(CheckId("idempotency_key", request.idempotency_key));
  }
  for (const std::string* message : {&request.base_message_id, &request.edit_message_id}) {
    if (!message->empty()) BATON_TRY(CheckId("message_id", *message));
  }
  BATON_TRY(CheckRewind(request));
  BATON_TRY(CheckText("page", request.page, kMaxFieldBytes));
  BATON_TRY(CheckText("persona.ai_name", request.persona.ai_name, kMaxFieldBytes));
  BATON_TRY(CheckText("persona.persona_style", request.persona.style, kMaxFieldBytes));
  BATON_TRY(CheckText("persona.timezone", request.persona.timezone, kMaxFieldBytes));
  BATON_TRY(CheckHistory(request.history, limits.message_bytes));
  if (request.editor) BATON_TRY(CheckEditor(*request.editor));
  if (request.granted.size() > kMaxGranted) {
    return Fail(Code::kResourceExhausted, "permission_grants: {}, the limit is {}",
                request.granted.size(), kMaxGranted);
  }
  for (const std::string& name : request.granted) {
    BATON_TRY(CheckText("permission_grants", name, kMaxIdBytes));
  }
  if (request.from_seq < 0 || request.from_seq == std::numeric_limits<std::int64_t>::max()) {
    return Fail(Code::kInvalidArgument, "from_seq {} is no sequence number", request.from_seq);
  }
  if (request.cancel && !request.resume) {
    return Fail(Code::kInvalidArgument, "cancel without resume: which run is meant?");
  }
  return CheckAnswers(request);
}

Status CheckUserId(std::string_view user_id) {
  BATON_TRY(CheckId("user_id", user_id));
  // To the workspace it is who administers what belongs to everybody.
  if (user_id == "system") return Fail(Code::kInvalidArgument, "user_id 'system' names no user");
  if (user_id.contains(':')) {
    return Fail(Code::kInvalidArgument, "user_id '{}' contains ':'", user_id);
  }
  return {};
}

Status CheckConversationId(std::string_view conversation_id) {
  return CheckId("conversation_id", conversation_id);
}

std::string ThreadId(std::string_view user_id, std::string_view conversation_id) {
  return fmt::format("{}:{}", user_id, conversation_id);
}

}  // namespace baton::runs
