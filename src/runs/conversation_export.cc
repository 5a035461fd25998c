#include "runs/conversation_export.h"

#include <cctype>
#include <utility>

#include "json/json.h"
#include "runs/limits.h"

namespace baton::runs {
namespace {

std::string SpeakerOf(const ConversationMessage& message) {
  if (message.role == "user") return "You";
  if (message.role == "assistant") return message.agent.empty() ? "Assistant" : message.agent;
  return "System";
}

void AppendSources(const ConversationMessage& message, std::string& out) {
  const Result<json::Value> sources = json::Parse(message.sources);
  if (!sources || !sources->is_array() || sources->get_array().empty()) return;
  out += "\nSources:\n";
  for (const json::Value& source : sources->get_array()) {
    const std::string title(json::GetString(source, "title"));
    const std::string locator(json::GetString(source, "locator"));
    out += fmt::format("- {}{}\n", title.empty() ? locator : title,
                       title.empty() || locator.empty() ? "" : " (" + locator + ")");
  }
}

void AppendMarkdown(const PlacedMessage& placed, std::string& out) {
  const ConversationMessage& message = placed.message;
  out += fmt::format("\n## {} · {}\n\n{}\n", SpeakerOf(message), message.created, message.content);
  AppendSources(message, out);
}

json::Object ToJson(const PlacedMessage& placed) {
  const ConversationMessage& message = placed.message;
  const Result<json::Value> sources = json::Parse(message.sources);
  return {{"position", placed.position},
          {"message_id", message.message_id},
          {"run_id", message.run_id},
          {"role", message.role},
          {"content", message.content},
          {"agent", message.agent},
          {"sources", sources ? *sources : json::Value(json::Array())},
          {"created_at", message.created}};
}

json::Object ToJson(const Conversation& conversation) {
  return {{"conversation_id", conversation.conversation_id},
          {"title", conversation.title},
          {"pinned", conversation.pinned},
          {"archived", conversation.archived},
          {"parent_conversation_id", conversation.parent_conversation_id},
          {"parent_message_id", conversation.parent_message_id},
          {"created_at", conversation.created},
          {"updated_at", conversation.updated}};
}

// A file name that every system takes: letters and digits of the title, dashes between them.
std::string FilenameFor(const Conversation& conversation, std::string_view extension) {
  std::string name;
  for (const char c : conversation.title) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  if (name.empty()) name = "conversation";
  return name + std::string(extension);
}

}  // namespace

Result<ExportFormat> ParseExportFormat(std::string_view name) {
  if (name.empty() || name == "markdown") return ExportFormat::kMarkdown;
  if (name == "json") return ExportFormat::kJson;
  return Fail(Code::kInvalidArgument, "format '{}': markdown and json are possible", name);
}

async::Task<Result<ExportedConversation>> ExportConversation(ConversationStore& store,
                                                             std::string user_id,
                                                             std::string conversation_id,
                                                             ExportFormat format) {
  const Result<Conversation> conversation = co_await store.Get(user_id, conversation_id);
  if (!conversation) co_return Fail(conversation.error());
  std::string markdown = fmt::format("# {}\n", conversation->title);
  json::Array messages;
  std::size_t bytes = 0;
  std::int64_t position = 0;
  for (;;) {
    const auto page = co_await store.ReadMessages(user_id, conversation_id, position);
    if (!page) co_return Fail(page.error());
    if (page->empty()) break;
    position = page->back().position;
    for (const PlacedMessage& message : *page) {
      bytes += message.message.content.size() + message.message.sources.size();
      if (bytes > kMaxExportBytes) {
        co_return Fail(Code::kResourceExhausted,
                       "conversation '{}' is larger than an export may be ({} bytes): read it in "
                       "pages",
                       conversation_id, kMaxExportBytes);
      }
      if (format == ExportFormat::kJson) {
        messages.emplace_back(ToJson(message));
      } else {
        AppendMarkdown(message, markdown);
      }
    }
  }
  if (format == ExportFormat::kMarkdown) {
    co_return ExportedConversation{std::move(markdown), "text/markdown",
                                   FilenameFor(*conversation, ".md")};
  }
  json::Object object = ToJson(*conversation);
  object["messages"] = std::move(messages);
  co_return ExportedConversation{json::SerializePretty(object), "application/json",
                                 FilenameFor(*conversation, ".json")};
}

}  // namespace baton::runs
